"""What a user may choose about an emulator before it starts."""

from __future__ import annotations

from dataclasses import dataclass

OWNER_POLICY = "provisioningserviceowner"
RIGHTS = frozenset(
    {
        "ServiceConfig",
        "EnrollmentRead",
        "EnrollmentWrite",
        "RegistrationStatusRead",
        "RegistrationStatusWrite",
    }
)


@dataclass(frozen=True)
class Limits:
    """Say where the service stops (docs/service.md#c); a test may want to reach the end sooner."""

    x509_groups: int = 100
    symmetric_key_groups: int = 100
    ca_certificates: int = 25
    linked_hubs: int = 50
    bulk_items: int = 10
    message_bytes: int = 96 << 10
    body_bytes: int = 1 << 20


@dataclass(frozen=True)
class EmulatorSettings:
    """Describe an emulator: where it listens, what it keeps, which hubs it knows.

    A port of 0 means a free one, and without an *mqtt_port* there is no MQTT; *db* is a file or
    `:memory:`, *hubs* are (host name, weight) pairs, *latencies* are (hub's host name,
    milliseconds) pairs for `geoLatency`, *retry_after_seconds* is how long devices are told to wait
    before they ask for their operation, *cas* are (name, PEM file) pairs, *policies* are (name,
    rights) pairs beside the owner's, *access_tokens* are (token, rights) pairs of who signed in,
    *certificate_policies* are as `--policy` takes them (any will do without them),
    *dps_name* is the service's only name (any will do unless given), *disable_local_auth* is
    whether tokens alone open the service API, *faults* are as `--fault` takes them, *idle_seconds*
    is how long a connection may be silent before it is closed, and with *store_defaults* a record
    that leaves out what has a default is stored with it.
    """

    host: str = "127.0.0.1"
    port: int = 0
    mqtt_port: int | None = None
    db: str = ":memory:"
    tls: bool = True
    hubs: tuple[tuple[str, int], ...] = ()
    latencies: tuple[tuple[str, float], ...] = ()
    retry_after_seconds: int = 3
    cas: tuple[tuple[str, str], ...] = ()
    sans: tuple[str, ...] = ()
    allow_remote: bool = False
    page_size: int = 100
    policies: tuple[tuple[str, frozenset[str]], ...] = ()
    access_tokens: tuple[tuple[str, frozenset[str]], ...] = ()
    certificate_policies: tuple[str, ...] = ()
    dps_name: str | None = None
    disable_local_auth: bool = False
    limits: Limits = Limits()
    faults: tuple[str, ...] = ()
    idle_seconds: float = 75.0
    store_defaults: bool = False

"""Options of the emulator: where it listens, what it holds, which service it plays."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from dpsctl.options import kinds
from dpsctl.options.declaring import option_group

DEFAULT_HUB = "emulated-hub.azure-devices.net"


@option_group
class Listening:
    """Where clients find the emulator."""

    host: Annotated[
        str, Option("--host", metavar="ADDRESS", help="Address to listen on.", show_default=True)
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Option("--port", metavar="PORT", min=0, max=65535, help="Port for HTTPS; 0 is a free one."),
    ] = 0
    mqtt_port: Annotated[
        int | None,
        Option(
            "--mqtt-port",
            metavar="PORT",
            min=0,
            max=65535,
            help="Port for MQTT, which only some devices speak; 0 is a free one.",
        ),
    ] = None
    san: Annotated[
        list[str] | None,
        kinds.several(
            Option, "--san", metavar="NAME...", help="Further names for the server's certificate."
        ),
    ] = None
    no_tls: Annotated[bool, Option("--no-tls", help="Speak plain HTTP.")] = False
    allow_remote: Annotated[
        bool, Option("--allow-remote", help="Listen beyond this machine; --san names it.")
    ] = False


@option_group
class Watching:
    """How a person sees what is asked of the emulator."""

    log: Annotated[
        bool, Option("--log", help="Print a line on stderr for each request, and why it failed.")
    ] = False
    open_page: Annotated[bool, Option("--open", help="Show the emulator's page in a browser.")] = (
        False
    )


@option_group
class Contents:
    """What the emulator holds when it starts."""

    db: Annotated[
        str,
        kinds.file(Option, "--db", help="Keep records, CA and policy key in this SQLite file."),
    ] = ":memory:"
    seed: Annotated[
        str | None,
        kinds.file(
            Option,
            "--seed",
            help="Write these records first (JSON or YAML: enrollmentGroups, enrollments, "
            "registrations, centralDevices, centralDeviceGroups, centralEnrollmentGroups; or "
            "what 'list' prints, -o json or jsonl; - is standard input).",
        ),
    ] = None
    dps_name: Annotated[
        str | None,
        Option(
            "--dps-name",
            metavar="NAME",
            help="The service's name; any other is not found (any will do unless given).",
        ),
    ] = None
    hub: Annotated[
        list[str] | None,
        kinds.several(
            Option,
            "--hub",
            metavar="NAME[=WEIGHT]...",
            help=f"Hubs that are linked to the service (default: {DEFAULT_HUB}).",
        ),
    ] = None
    ca: Annotated[
        list[str] | None,
        kinds.several(
            Option, "--ca", metavar="NAME=FILE...", help="CA certificates that the service holds."
        ),
    ] = None
    policy: Annotated[
        list[str] | None,
        kinds.several(
            Option,
            "--policy",
            metavar="NAMESPACE/CA/POLICY[=DAYS]...",
            help="Certificate policies that there are (any, of 30 days, unless given).",
        ),
    ] = None


@option_group
class Behaviour:
    """How the emulated service behaves where a tester may want it otherwise."""

    fault: Annotated[
        list[str] | None,
        kinds.several(
            Option,
            "--fault",
            metavar="TEXT...",
            help="What shall go wrong: '429 after 3, Retry-After 1', '503 twice', "
            "'latency 200ms', 'reset once on PUT', 'cut', 'skew -1h', 'throttle 1000'.",
        ),
    ] = None
    latency: Annotated[
        list[str] | None,
        kinds.several(
            Option,
            "--latency",
            metavar="HUB=MILLISECONDS...",
            help="How far hubs are from every device, for the policy geoLatency.",
        ),
    ] = None
    disable_local_auth: Annotated[
        bool,
        Option(
            "--disable-local-auth",
            help="Let no policy key open the service, but access tokens alone.",
        ),
    ] = False
    limit: Annotated[
        list[str] | None,
        kinds.several(
            Option,
            "--limit",
            metavar="NAME=NUMBER...",
            help="Where the service stops: x509-groups, symmetric-key-groups, ca-certificates, "
            "linked-hubs, bulk-items, message-bytes (of a device), body-bytes.",
        ),
    ] = None
    page_size: Annotated[
        int,
        Option(
            "--page-size",
            metavar="NUMBER",
            min=1,
            help="Most records in a page of a query.",
            show_default=True,
        ),
    ] = 100
    retry_after: Annotated[
        int,
        Option(
            "--retry-after",
            metavar="SECONDS",
            min=0,
            help="How long devices are told to wait before they ask for their assignment.",
            show_default=True,
        ),
    ] = 3
    store_defaults: Annotated[
        bool,
        Option(
            "--store-defaults",
            help="Store provisioningStatus and iotEdge with records that leave them out.",
        ),
    ] = False

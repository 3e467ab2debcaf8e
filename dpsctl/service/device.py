"""What a device does: it proves who it is, registers, and asks until it has a hub."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dpsctl import keys
from dpsctl.errors import (
    BadAnswer,
    NotFound,
    RegistrationDisabled,
    RegistrationFailed,
    Unreachable,
    UsageError,
)
from dpsctl.options.connection import Transport
from dpsctl.options.device import Proof
from dpsctl.payloads.registration_failures import failure_hint
from dpsctl.run import Run
from dpsctl.service.auth import is_host
from dpsctl.service.calls import Answer, Request, Target
from dpsctl.service.hints import device_hint_for
from dpsctl.service.shape import OPERATION, as_object

if TYPE_CHECKING:
    from dpsctl.service.http import Http

Json = dict[str, Any]
API_VERSION = "2021-10-01"
_TOKEN_LIFETIME = 600
# The service takes five polls in ten seconds of a device (docs/service.md#c), and says when itself.
_POLL_SECONDS = 2.0
_SHORTEST_POLL = 0.1
# A derived key is an HMAC-SHA256; a group's keys, unless somebody gave shorter ones, have 64 bytes.
_DERIVED_SIZE = 32
_IS_DERIVED = "--group-key has 32 bytes, as a derived key has: is it the device's own, for --key?"
_GOING_ON = frozenset({"assigning", "registering", "unassigned"})


@dataclass(frozen=True)
class Identity:
    """Who a device is; *flag* is the option that said so, *key* is its own symmetric key.

    *doubts* are what is odd of it, and *advice* what to look at besides, if it is not let in.
    *api_version* is the one in which it asks.
    """

    id_scope: str
    registration_id: str
    flag: str
    key: str | None = field(default=None, repr=False)
    certificate: tuple[str, str] | None = None
    doubts: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    api_version: str = API_VERSION

    def authorization(self) -> str:
        """Sign a token for the next ten minutes; nothing where a certificate speaks instead."""
        if self.key is None:
            return ""
        resource = f"{self.id_scope}/registrations/{self.registration_id}"
        expires_at = int(time.time()) + _TOKEN_LIFETIME
        return keys.sas_token(resource, self.key, expires_at, "registration")

    def connection_string(self, registration: Json) -> str:
        """Write what a hub's SDK takes, for the hub that *registration* names."""
        hub, device_id = registration.get("assignedHub"), registration.get("deviceId")
        has_key = self.key and not registration.get("issuedCertificateChain")
        ending = f"SharedAccessKey={self.key}" if has_key else "x509=true"
        return f"HostName={hub};DeviceId={device_id};{ending}"


def way_of(proof: Proof) -> str:
    """Return the flag that says how the device proves who it is.

    Raises UsageError unless there is exactly one.
    """
    given = {
        "--key": proof.key,
        "--group-key": proof.group_key,
        "--certificate-path": proof.certificate_path or proof.key_path,
    }
    flags = [flag for flag, value in given.items() if value is not None]
    if len(flags) != 1:
        raise UsageError(
            f"{flags[0]} and {flags[1]} exclude each other"
            if flags
            else "--key, --group-key or --certificate-path is missing",
            "Give one of --key, --group-key, or --certificate-path with --key-path.",
        )
    return flags[0]


def identity_by_key(id_scope: str, registration_id: str, proof: Proof) -> Identity:
    """Say who the device is that has a key of its own, or its group's."""
    if proof.group_key is None:
        return Identity(id_scope, registration_id, "--key", key=proof.key)
    derived = keys.derive_device_key(proof.group_key, registration_id)
    is_short = len(keys.decode_key(proof.group_key)) == _DERIVED_SIZE
    return Identity(
        id_scope,
        registration_id,
        "--group-key",
        key=derived,
        advice=(_IS_DERIVED,) if is_short else (),
    )


def connect_device(
    identity: Identity, host: str, transport: Transport, run: Run, *, dry_run: bool
) -> Http:
    """Make a session with the device API at *host*; nothing is sent yet."""
    from dpsctl.service.endpoints import manner_of, url_of
    from dpsctl.service.http import Http
    from dpsctl.service.settings import settle_transport

    transport, _ = settle_transport(transport, run)
    if identity.key:
        run.masker.add(identity.key)
    bare = host.removeprefix("https://").rstrip("/")
    if not is_host(bare):
        raise UsageError(f"--host {host}: that is no host name", "Write it without a path.")
    target = Target(
        url=url_of(bare, "DPSCTL_DEVICE_ENDPOINT_URL", run),
        api_version=identity.api_version,
        **manner_of(transport, run),
        dry_run=dry_run,
        certificate=identity.certificate,
        hint=device_hint_for(
            identity.flag,
            (*identity.doubts, *identity.advice),
            version=None if identity.api_version == API_VERSION else identity.api_version,
        ),
    )
    return Http(target, identity.authorization, run)


def register(http: Http, identity: Identity, said: Json, wait: float) -> Json:
    """Register the device and return the operation once it is over, however it ended.

    *said* is what the device says beside its id: `payload` and `csr`. Polls as often as the service
    asks, for *wait* seconds at most. Raises Unreachable when the time is over, and whatever the
    service refuses.
    """
    body = {"registrationId": identity.registration_id, **said}
    request = Request("PUT", f"{_path_of(identity)}/register", body)
    if http.dry_run:
        return http.planned(request)
    answer = _final(
        http.send(request),
        lambda operation: http.send(_asking_for(operation, identity)),
        lambda seconds: http.wait(seconds, "a hub is being chosen"),
        wait,
        said,
    )
    return dict(answer.body)


def status_of(http: Http, identity: Identity, operation_id: str) -> Json:
    """Return the operation as it is now. Raises whatever the service refuses."""
    try:
        return as_object(http.send(_asking_for(operation_id, identity)).body, OPERATION)
    except NotFound as missing:
        missing.hint = "Is --operation-id as 'create' showed it for this device and --id-scope?"
        raise


def _path_of(identity: Identity) -> str:
    scope, device = quote(identity.id_scope, safe=""), quote(identity.registration_id, safe="")
    return f"/{scope}/registrations/{device}"


def _asking_for(operation_id: str, identity: Identity) -> Request:
    operation = quote(operation_id, safe="", errors="replace")
    return Request("GET", f"{_path_of(identity)}/operations/{operation}")


def _late_hint(said: Json, answer: Answer) -> str:
    """Say what can be done after the time is over."""
    longer = "Wait longer (--wait; of 'registration create' --timeout), or"
    if "csr" in said:
        return f"{longer} register again: a certificate is issued with each registration."
    status = "dpsctl device registration operation-status --operation-id"
    return f"{longer} take it up again: '{status} {answer.body.get('operationId')}'."


def _final(
    answer: Answer,
    ask: Callable[[str], Answer],
    rest: Callable[[float], None],
    wait: float,
    said: Json,
) -> Answer:
    """Ask until the operation is over, and *rest* in between."""
    end = time.monotonic() + wait
    while _status_of(answer) in _GOING_ON:
        asked = answer.headers.get("Retry-After", "")
        is_number = asked.isascii() and asked.isdecimal()
        pause = max(_SHORTEST_POLL, float(asked[:10])) if is_number else _POLL_SECONDS
        if time.monotonic() + pause > end:
            raise Unreachable(
                f"The device was not assigned to a hub within {wait:g} seconds",
                _late_hint(said, answer),
            )
        rest(pause)
        answer = ask(str(answer.body.get("operationId")))
    return answer


def _status_of(answer: Answer) -> str:
    status = as_object(answer.body, OPERATION).get("status")
    if status is None:
        raise BadAnswer(
            "The answer to the registration has no status",
            "Is this the host where devices ask? --debug shows the answer.",
        )
    return str(status).lower()


def registration_in(operation: Json) -> Json:
    """Return the registration of a device that has its hub; raise what else became of it.

    Raises RegistrationFailed or RegistrationDisabled.
    """
    registration = operation.get("registrationState") or {}
    status = operation["status"].lower()
    code, said = registration.get("errorCode"), registration.get("errorMessage")
    because = "".join((f": {said}" if said else "", f" ({code})" if code else ""))
    if status == "assigned":
        return {"status": status, **registration}
    if status == "disabled":
        raise RegistrationDisabled(
            f"The device's enrollment is disabled{because}",
            "'update --provisioning-status enabled' on its enrollment or enrollment group lets "
            "it in.",
        )
    raise RegistrationFailed(
        f"The registration ended as '{status}'{because}",
        failure_hint(code, said) or "'registration show' has what the service keeps of it.",
    )

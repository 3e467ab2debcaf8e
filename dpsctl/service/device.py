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
    RegistrationDisabled,
    RegistrationFailed,
    Unreachable,
    UsageError,
)
from dpsctl.options.connection import Transport
from dpsctl.options.device import Proof
from dpsctl.run import Run
from dpsctl.service.calls import Answer, Request, Target
from dpsctl.service.hints import device_hint_for, failure_hint

if TYPE_CHECKING:
    from dpsctl.service.http import Http

Json = dict[str, Any]
_API_VERSION = "2021-10-01"
_TOKEN_LIFETIME = 600
# The service takes five polls in ten seconds of a device (docs/service.md#c), and says when itself.
_POLL_SECONDS = 2.0
_SHORTEST_POLL = 0.1
_GOING_ON = frozenset({"assigning", "registering", "unassigned"})


@dataclass(frozen=True)
class Identity:
    """Who a device is; *flag* is the option that said so, *key* is its own symmetric key."""

    id_scope: str
    registration_id: str
    flag: str
    key: str | None = field(default=None, repr=False)
    certificate: tuple[str, str] | None = None

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
        ending = f"SharedAccessKey={self.key}" if self.key else "x509=true"
        return f"HostName={hub};DeviceId={device_id};{ending}"


def identity_of(id_scope: str, registration_id: str, proof: Proof) -> Identity:
    """Read how the device proves who it is. Raises UsageError unless there is exactly one way."""
    given = {
        "--key": proof.key,
        "--group-key": proof.group_key,
        "--certificate-path": proof.certificate_path or proof.key_path,
    }
    flags = [flag for flag, value in given.items() if value is not None]
    if len(flags) != 1:
        raise UsageError(
            f"{flags[0]} and {flags[1]} exclude each other" if flags else "No proof of who it is",
            "Give one of --key, --group-key, or --certificate-path with --key-path.",
        )
    if proof.group_key is not None:
        derived = keys.derive_device_key(proof.group_key, registration_id)
        return Identity(id_scope, registration_id, flags[0], key=derived)
    if proof.key is not None:
        return Identity(id_scope, registration_id, flags[0], key=proof.key)
    pair = _checked_pair(proof.certificate_path, proof.key_path)
    return Identity(id_scope, registration_id, flags[0], certificate=pair)


def connect_device(
    identity: Identity, host: str, transport: Transport, run: Run, *, dry_run: bool
) -> Http:
    """Make a session with the device API at *host*; nothing is sent yet."""
    from dpsctl.service.endpoints import trusted, url_of
    from dpsctl.service.http import Http

    if identity.key:
        run.masker.add(identity.key)
    target = Target(
        url=url_of(host, "DPSCTL_DEVICE_ENDPOINT_URL", run),
        api_version=_API_VERSION,
        verify=trusted(transport, run),
        timeout=transport.timeout,
        retries=transport.retries,
        dry_run=dry_run,
        certificate=identity.certificate,
        hint=device_hint_for(identity.flag),
    )
    return Http(target, identity.authorization, run)


def register(http: Http, identity: Identity, payload: Json | None, wait: float) -> Json:
    """Register the device and return its registration once it is assigned to a hub.

    Polls as often as the service asks, for *wait* seconds at most. Raises RegistrationFailed,
    RegistrationDisabled, Unreachable when the time is over, and whatever the service refuses.
    """
    device = f"/{quote(identity.id_scope, safe='')}/registrations/" + quote(
        identity.registration_id, safe=""
    )
    body = {"registrationId": identity.registration_id}
    request = Request(
        "PUT", f"{device}/register", body if payload is None else {**body, "payload": payload}
    )
    if http.dry_run:
        return http.planned(request)
    answer = _final(
        http.send(request),
        lambda operation: http.send(
            Request("GET", f"{device}/operations/{quote(operation, safe='')}")
        ),
        wait,
    )
    return _judged(answer.body)


def _final(answer: Answer, ask: Callable[[str], Answer], wait: float) -> Answer:
    """Ask until the operation is over."""
    end = time.monotonic() + wait
    while _status_of(answer) in _GOING_ON:
        asked = answer.headers.get("Retry-After", "")
        pause = max(_SHORTEST_POLL, float(asked)) if asked.isdigit() else _POLL_SECONDS
        if time.monotonic() + pause > end:
            raise Unreachable(
                f"The device was not assigned to a hub within {wait:g} seconds",
                "--wait SECONDS waits longer; 'registration show' tells how it went on.",
            )
        time.sleep(pause)
        answer = ask(str(answer.body.get("operationId")))
    return answer


def _status_of(answer: Answer) -> str:
    if not isinstance(answer.body, dict) or not isinstance(answer.body.get("status"), str):
        raise BadAnswer(
            "The answer to the registration has no status",
            "Is this the host where devices ask? --debug shows the answer.",
        )
    return str(answer.body["status"]).lower()


def _judged(body: Json) -> Json:
    """Return the registration of a device that has its hub; raise what else became of it."""
    registration = body.get("registrationState") or {}
    status = body["status"].lower()
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
        failure_hint(code) or "'registration show' has what the service keeps of it.",
    )


def _checked_pair(certificate: str | None, key: str | None) -> tuple[str, str]:
    """Check that both files can be used for TLS and belong together. Raises UsageError."""
    import ssl

    if certificate is None or key is None:
        missing = "--certificate-path" if certificate is None else "--key-path"
        raise UsageError(f"{missing} is missing", "A certificate goes with its private key.")
    for flag, path in (("--certificate-path", certificate), ("--key-path", key)):
        try:
            with open(path, "rb"):  # noqa: PTH123 - pathlib: 12 ms
                pass
        except (OSError, ValueError) as error:
            problem = getattr(error, "strerror", None) or str(error)
            raise UsageError(f"{flag} {path}: cannot read the file: {problem}") from None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, _no_password)
    except ssl.SSLError as error:
        raise UsageError(
            f"--certificate-path {certificate}, --key-path {key}: "
            f"no usable pair of PEM files: {error.reason or error}",
            "'openssl x509 -in FILE -pubkey' and 'openssl pkey -in FILE -pubout' print the same "
            "key if they belong together.",
        ) from None
    return certificate, key


def _no_password() -> str:
    raise UsageError(
        "--key-path: the private key is encrypted",
        "'openssl pkey -in FILE -out PLAIN' takes the password off.",
    )

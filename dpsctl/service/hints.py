"""What to do about an error: a hint for each code the service gives (docs/service.md#b6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

# Those of the service API that are known (docs/service.md#a1).
API_VERSIONS = (
    "2018-09-01-preview",
    "2018-11-01",
    "2019-03-31",
    "2021-06-01",
    "2021-10-01",
    "2021-11-01-preview",
    "2025-07-01-preview",
    "2026-04-01",
    "2026-07-01-preview",
    "2026-11-01",
    "2026-11-02-preview",
)
Hint = Callable[[int, object, Mapping[str, str]], str | None]
DOCTOR = "'dpsctl doctor' finds what is in the way."
ODD_ANSWER = f"A proxy may have answered in the service's place; --debug shows what came. {DOCTOR}"
_KEY_REFUSED = (
    "Check the policy's name and key, and this machine's clock; a service that forbids local "
    "authentication refuses every key: use --dps-name with --auth-type login."
)
_EXISTS = "Use 'update' to change it, or 'create --if-exists update'."
_HINTS = {
    400: "An attestation is missing or empty, such as the certificate that a file did not hold.",
    400000: "The service could not read the request; --debug shows it.",
    400004: (
        "The service found the request invalid; --dry-run shows what was sent. It takes an etag "
        "as 'show' prints it, not as a webhook is shown it."
    ),
    404201: "There is no such enrollment or registration; 'list' shows what there is.",
    404202: "There is no such enrollment group; 'dpsctl enrollment-group list' shows them.",
    409201: _EXISTS,
    409202: _EXISTS,
    409203: "Another request has changed it at the same moment; try again.",
}
_BY_STATUS = {
    400: "--debug shows the request and the answer.",
    401: _KEY_REFUSED,
    403: "The policy lacks a right: reading needs EnrollmentRead, writing EnrollmentWrite.",
    404: "'list' shows what there is.",
    405: "Is this the host of a provisioning service, and --service-api-version one it knows?",
    409: _EXISTS,
    412: "It has changed since it was read: read it again, or use --etag '*' to write over it.",
    413: "The record is too large: a twin's tags may take 8 KB, its desired properties 32 KB.",
    415: "Something on the way has changed the request, which is JSON; --debug shows it.",
    429: "The service allows 1,000 operations a minute; try again later or raise --retries.",
}
_READER, _CONTRIBUTOR = (
    f"'Device Provisioning Service Data {role}'" for role in ("Reader", "Contributor")
)
# Owner and Contributor are roles for ARM: they open no data plane (docs/service.md#b7).
_ROLES = {
    401: "The token was not accepted: has it run out, and is it of the service's tenant? 'az "
    f"login' again; who signs in needs the role {_READER} or {_CONTRIBUTOR} at the service.",
    403: f"Who signed in needs a role at the service: {_READER} to read, {_CONTRIBUTOR} to write.",
}
_SPELLING = "Is the registration id spelled as it was for the key, upper case included?"
# What to look at when a device is not let in, by how it proves who it is.
_DEVICE_401 = {
    "--key": "Is this the device's own key? A group's key goes with --group-key. " + _SPELLING,
    "--group-key": "Is this the primary or secondary key of the device's own group? " + _SPELLING,
    "--certificate-path": (
        "Is there an enrollment that trusts this certificate or its issuer, and is the "
        "certificate's CN the registration id?"
    ),
}
_DEVICE = {
    404: "Is --id-scope the service's, and is the device enrolled?",
    409: "The device may be registering elsewhere at this moment; try again.",
    429: "The service allows 1,000 registrations a minute; try again later or raise --retries.",
}
_ISSUING = (
    "The certificate request was not taken, or the service does not know api-version {version}, in "
    "which certificates are issued."
)
_SCOPE = "Is --id-scope the service's? 'dpsctl show' prints it as idScope."
_CENTRAL = {
    400: "--debug shows the request and the answer.",
    401: "Is --token an API token of this application, whole and not expired?",
    403: "The token's role does not allow this: an API token has the rights of its role.",
    404: "'list' shows what there is.",
    412: "It has changed since it was read: read it again, or leave --etag out.",
    422: "The application found the body invalid; --dry-run shows what was sent.",
    429: "An application allows 20 requests a second; try again later or raise --retries.",
}
_SERVER = "The service failed; try again later, and quote the tracking id to Azure support."
_SKEW = 300


def hint_for(status: int, error_code: object, headers: Mapping[str, str]) -> str | None:
    """Say what to do about an answer's *status* and the *error_code* of its body."""
    if status == 401 and (late := _clock_hint(headers)):
        return late
    if isinstance(error_code, int) and error_code in _HINTS:
        return _HINTS[error_code]
    if 300 <= status < 400:
        return "Redirections are not followed: the token is for one host only."
    return _SERVER if status >= 500 else _BY_STATUS.get(status)


def version_hint(version: str, hint: Hint) -> Hint:
    """Return *hint*, or what to say of a bad request in a *version* that nobody knows."""
    if version in API_VERSIONS:
        return hint

    def asked(status: int, error_code: object, headers: Mapping[str, str]) -> str | None:
        if status != 400:
            return hint(status, error_code, headers)
        return (
            f"Is --service-api-version {version} one that the service knows? There are "
            f"{', '.join(API_VERSIONS)}."
        )

    return asked


def token_hint(status: int, error_code: object, headers: Mapping[str, str]) -> str | None:
    """Say what to do about a refusal, where an access token says who is asking."""
    if status in {401, 403}:
        return _clock_hint(headers) or _ROLES[status]
    return hint_for(status, error_code, headers)


def device_hint_for(proof: str, seen: Iterable[str] = (), *, version: str | None = None) -> Hint:
    """Return the hints for a device that proves who it is by *proof*, a flag.

    What was *seen* to be odd of it comes first. *version* is the one in which it asks for a
    certificate, if it does.
    """

    def hint(status: int, error_code: object, headers: Mapping[str, str]) -> str | None:
        if status in {401, 403}:
            asked = [f"{text.rstrip('.?')}{text[-1] if text[-1] in '.?' else '.'}" for text in seen]
            return _clock_hint(headers) or " ".join([*asked, _DEVICE_401[proof], _SCOPE])
        if status == 400 and version:
            return _ISSUING.format(version=version)
        return _DEVICE.get(status) or hint_for(status, error_code, headers)

    return hint


def _clock_hint(headers: Mapping[str, str]) -> str | None:
    off = _clock_is_off_by(headers.get("Date", ""))
    if not off:
        return None
    return f"This machine's clock is {off} seconds off the service's: tokens are refused."


def _clock_is_off_by(date: str) -> int:
    """Compare this machine's clock with a Date header; 0 where they agree within 5 minutes."""
    import time
    from email.utils import parsedate_to_datetime

    try:
        off = round(abs(parsedate_to_datetime(date).timestamp() - time.time()))
    except (ValueError, OverflowError):
        return 0
    return off if off > _SKEW else 0


def central_hint_for(status: int, error_code: object, headers: Mapping[str, str]) -> str | None:
    """Say what to do about an answer of IoT Central, whose codes are words (docs/service.md#f4)."""
    if status == 401 and (late := _clock_hint(headers)):
        return late
    del error_code
    return _SERVER if status >= 500 else _CENTRAL.get(status)

"""What to do about an error: a hint for each code the service is known to give (facts.md B6)."""

from __future__ import annotations

from collections.abc import Mapping

_HINTS = {
    400004: "The service found the body invalid; --dry-run shows what was sent.",
    400202: "A symmetric key is base64 of 16 to 64 bytes.",
    400204: "The service could not read the certificate, or does not hold it any more.",
    401002: "Check the policy's name and key, and this machine's clock.",
    404201: "'list' shows what there is; ids are case-sensitive in some API versions.",
    409201: "Use 'update' to change it, or 'create --if-exists update'.",
    409202: "Use 'update' to change it, or 'create --if-exists update'.",
}
_BY_STATUS = {
    400: "--debug shows the request and the answer.",
    401: "Check the policy's name and key, and this machine's clock.",
    403: "The policy lacks a right: reading needs EnrollmentRead, writing EnrollmentWrite.",
    404: "'list' shows what there is.",
    409: "Use 'update' to change it, or 'create --if-exists update'.",
    412: "It has changed since it was read: read it again, or use --etag '*' to write over it.",
    429: "The service allows 1,000 operations a minute; try again later or raise --retries.",
}
_SERVER = "The service failed; try again later, and quote the tracking id to Azure support."
_SKEW = 300


def hint_for(status: int, error_code: object, headers: Mapping[str, str]) -> str | None:
    """Say what to do about an answer's *status* and the *error_code* of its body."""
    if status == 401 and (off := _clock_is_off_by(headers.get("Date", ""))):
        return f"This machine's clock is {off} seconds off the service's: tokens are refused."
    if isinstance(error_code, int) and error_code in _HINTS:
        return _HINTS[error_code]
    return _SERVER if status >= 500 else _BY_STATUS.get(status)


def _clock_is_off_by(date: str) -> int:
    """Compare this machine's clock with a Date header; 0 where they agree within 5 minutes."""
    import time
    from email.utils import parsedate_to_datetime

    try:
        off = round(abs(parsedate_to_datetime(date).timestamp() - time.time()))
    except ValueError:
        return 0
    return off if off > _SKEW else 0

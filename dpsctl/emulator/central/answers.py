"""Refusals in IoT Central's shape, and what its handlers refuse with."""

from __future__ import annotations

from email.utils import formatdate
from uuid import uuid4

from dpsctl.emulator.answers import Answer, Refusal

BAD_REQUEST = 400000
NOT_FOUND = 404000
PRECONDITION_FAILED = 412000
INVALID_BODY = 422000
_PREFIX = "/api/"
# The codes are words; those that nobody has recorded are named after the status
# (docs/service.md#f4).
_CODES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    412: "PreconditionFailed",
    413: "PayloadTooLarge",
    422: "InvalidBody",
    429: "TooManyRequests",
    500: "InternalServerError",
    503: "ServiceUnavailable",
}


def is_central(path: str) -> bool:
    """Say whether *path* is one of IoT Central's."""
    return path.lower().startswith(_PREFIX)


def central_answer(refusal: Refusal, now: float) -> Answer:
    """Return *refusal* as Central writes it (docs/service.md#f4); *now* is seconds since 1970."""
    status = refusal.code // 1000
    code = _CODES.get(status, str(status))
    request_id, time = str(uuid4()), formatdate(now, usegmt=True)
    support = (
        "You can contact support at https://aka.ms/iotcentral-support. Please include the "
        f"following information. Request ID: {request_id}, Time: {time}."
    )
    error = {
        "code": code,
        "message": f"{refusal.message.rstrip('.')}. {support}",
        "requestId": request_id,
        "time": time,
    }
    headers = {**refusal.headers, "x-ms-error-code": code}
    return Answer(status, {"error": error}, headers, refusal.reason)


def bad_request(message: str) -> Refusal:
    """Return the refusal for a query that cannot be answered."""
    return Refusal(BAD_REQUEST, message)


def invalid_body(message: str) -> Refusal:
    """Return the refusal for a body that breaks a rule."""
    return Refusal(INVALID_BODY, message)


def not_found(what: str, record_id: str) -> Refusal:
    """Return the refusal for a record that is not there."""
    return Refusal(NOT_FOUND, f"{what} {record_id!r} could not be found")

"""What a handler returns or raises, and how the service writes its errors."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import uuid4

Json = dict[str, Any]

BAD_REQUEST = 400000
INVALID = 400004
UNAUTHORIZED = 401002
FORBIDDEN = 403000
NOT_FOUND = 404000
METHOD_NOT_ALLOWED = 405000
TOO_LARGE = 413000
FAILED = 500000
UNAVAILABLE = 503000

MAX_DEPTH = 128
_JSON = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True)
class Answer:
    """Carry a status, a body to be written as JSON (None: no body at all) and headers.

    A body of bytes is written as it is, with its own Content-Type; an iterator of bytes as it goes
    on, until it ends or its reader leaves.
    *reason* says to the log of requests, not to the caller, why this is a refusal or a failure.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    reason: str | None = None

    @property
    def status_line(self) -> str:
        """Return the status with its phrase, as WSGI wants it."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"


class Refusal(Exception):
    """Raised when the service would refuse; the status is errorCode / 1000 (docs/service.md#b6).

    The caller is told *message*, as little as the service tells; *reason* is for the log.
    """

    def __init__(
        self,
        code: int,
        message: str,
        headers: dict[str, str] | None = None,
        *,
        reason: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = headers or {}
        self.reason = reason or message

    def answer(self, timestamp: str) -> Answer:
        """Return the refusal in the service's shape."""
        body = {
            "errorCode": self.code,
            "trackingId": str(uuid4()),
            "message": self.message,
            "timestampUtc": timestamp,
        }
        headers = {**self.headers, "x-ms-error-code": str(self.code)}
        return Answer(self.code // 1000, body, headers, self.reason)


def invalid(message: str) -> Refusal:
    """Return the refusal for a body or header that breaks a rule."""
    return Refusal(INVALID, message)


def write_json(value: Any) -> bytes:
    """Write *value* without spaces, in ASCII so that lone surrogates survive."""
    return _JSON.encode(value).encode()


def read_json(text: bytes) -> Any:
    """Read strict JSON: no NaN, nothing that overflows a double, no bottomless nesting.

    Raises Refusal.
    """
    try:
        value = json.loads(
            text.decode("utf-8-sig"), parse_constant=_no_such_number, parse_float=_finite
        )
    except (ValueError, RecursionError):
        raise invalid("The request body is not valid JSON.") from None
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise invalid(f"The request body is nested more than {MAX_DEPTH} levels deep.")
    return value


def _depth(value: Any) -> int:
    """Count levels without recursion, which deep JSON would exhaust."""
    depth, level = 0, [value]
    while level := [inner for outer in level for inner in _inside(outer)]:
        depth += 1
    return depth


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _no_such_number(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number

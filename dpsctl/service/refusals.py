"""What is wrong with an answer, as the error a user sees: a refusal, no JSON."""

from __future__ import annotations

import json
from textwrap import shorten
from typing import Any

from dpsctl.errors import (
    BadAnswer,
    Conflict,
    NotFound,
    ServiceError,
    ServiceFailed,
    Throttled,
    Unauthorized,
)
from dpsctl.service.exchange import Reply
from dpsctl.service.hints import DOCTOR, ODD_ANSWER, Hint
from dpsctl.text.json_text import read_decimal

_ERRORS: dict[int, type[ServiceError]] = {
    401: Unauthorized,
    403: Unauthorized,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    429: Throttled,
}
_LONGEST = 1000  # characters of what a service or a proxy says
_HUB = "This is how an IoT hub answers: is HostName the provisioning service's?"


def refusal(reply: Reply, what: str, hint: Hint) -> ServiceError:
    """Say in the service's words why it refused *what* (a method and a path)."""
    status = reply.status
    details = _details_of(reply)
    code = details.get("errorCode") or details.get("code")
    is_hub = "message" not in details and "ExceptionMessage" in details
    said = details.get("message") or details.get("Message") or reply.reason or "no message"
    numbers = f"HTTP {status}" + (f", {code}" if code else "")
    tracking = f", tracking id {details['trackingId']}" if details.get("trackingId") else ""
    in_short = shorten(str(said), _LONGEST, placeholder=" ...")
    kind = _ERRORS.get(status, ServiceFailed if status >= 500 else ServiceError)
    advice = _HUB if is_hub else hint(status, code, reply.headers)
    if status == 401:
        advice = f"{advice or ''} {DOCTOR}".lstrip()
    return kind(f"{what}: {in_short.rstrip('.')} ({numbers}{tracking})", status, details, advice)


def read_json(reply: Reply, url: str) -> Any:
    """Return the JSON of a good answer. Raises BadAnswer if it is none."""
    try:
        return json.loads(reply.content, parse_float=read_decimal, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        kind = reply.headers.get("Content-Type", "no content type")
        size = len(reply.content)
        raise BadAnswer(
            f"{url.partition('?')[0]}: the answer is not JSON ({kind}, {size} bytes): {error}",
            ODD_ANSWER,
        ) from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")


def _details_of(reply: Reply) -> dict[str, Any]:
    try:
        body = json.loads(reply.content)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(body, dict):
        return {}
    inner = body.get("error")  # ARM and IoT Central wrap theirs (docs/service.md#f4)
    return _renamed(inner) if isinstance(inner, dict) else body


def _renamed(wrapped: dict[str, Any]) -> dict[str, Any]:
    """Return the details of ARM and IoT Central under the names that DPS gives them."""
    names = {"code": "errorCode", "requestId": "trackingId", "time": "timestampUtc"}
    renamed = {names.get(name, name): value for name, value in wrapped.items()}
    # IoT Central repeats what stands beside the message, and how to reach support.
    said = str(renamed.get("message", "")).partition(" You can contact support at ")[0]
    return {**renamed, "message": said}

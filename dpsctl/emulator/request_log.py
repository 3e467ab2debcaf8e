"""The requests that the emulator has seen, for testers to look at; secrets masked."""

from __future__ import annotations

import json
import re
from collections import deque
from typing import Any

from dpsctl.emulator.answers import Answer, Json

_KEPT_REQUESTS = 1000
_KEPT_BODY_BYTES = 16384
_MASK = "***"
_SECRETS = frozenset({"primarykey", "secondarykey", "endorsementkey", "storagerootkey"})
_SIGNATURE = re.compile(r"(?i)(sig=)[^&]*")
_WEBHOOK = "webhookurl"
_QUERY = re.compile(r"\?.*", re.DOTALL)  # a function's key stands there
_HEADERS = (
    "authorization",
    "content-type",
    "if-match",
    "user-agent",
    "x-ms-continuation",
    "x-ms-max-item-count",
)


class RequestLog:
    """Keep the last thousand requests."""

    def __init__(self) -> None:
        self._entries: deque[Json] = deque(maxlen=_KEPT_REQUESTS)

    def add(self, request: Any, answer: Answer, timestamp: str, seconds: float) -> None:
        """Remember a (Werkzeug) request, how it was answered and how long that took."""
        headers = {
            name: _masked_header(request.headers[name])
            for name in _HEADERS
            if name in request.headers
        }
        self._entries.append(
            {
                "timestampUtc": timestamp,
                "method": request.method,
                "path": request.path,
                "query": request.args.to_dict(),
                "headers": headers,
                "body": request.get_data()[:_KEPT_BODY_BYTES],
                "status": answer.status,
                "reason": answer.reason,
                "ms": round(seconds * 1000, 1),
            }
        )

    def clear(self) -> None:
        """Forget all requests."""
        self._entries.clear()

    def entries(self) -> list[Json]:
        """Return the requests, oldest first; JSON bodies as JSON, what is none as null."""
        return [entry | {"body": _masked_body(entry["body"])} for entry in list(self._entries)]


def _masked_header(value: str) -> str:
    if value.lower().startswith("bearer "):
        return f"Bearer {_MASK}"
    return _SIGNATURE.sub(rf"\g<1>{_MASK}", value)


def _masked_body(body: bytes) -> Any:
    try:
        return json.loads(body, object_hook=_masked_object)
    except (ValueError, RecursionError):
        return None


def _masked_object(value: Json) -> Json:
    return {name: _masked_member(name.lower(), inner) for name, inner in value.items()}


def _masked_member(name: str, value: Any) -> Any:
    if name in _SECRETS:
        return None if value is None else _MASK
    if name == _WEBHOOK and isinstance(value, str):
        return _QUERY.sub(f"?{_MASK}", value)
    return value

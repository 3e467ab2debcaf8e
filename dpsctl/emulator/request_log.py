"""The requests that the emulator has seen, for testers to look at; secrets masked."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable
from itertools import takewhile
from secrets import token_hex
from threading import Condition
from typing import Any

from dpsctl.emulator.answers import Answer, Json
from dpsctl.masking import MASK, SECRET_FIELDS, mask_looks

_KEPT_REQUESTS = 1000
_MOST_WATCHERS = 32  # a thread each
_KEPT_BODY_BYTES = 16384
_IN_SHORT = ("number", "timestampUtc", "protocol", "method", "path", "status", "reason", "ms")
_SIGNATURE = re.compile(r"(?i)(sig=)[^&]*")
_SIGNED = "sharedaccesssignature "
_IN_QUERIES = frozenset({"code", *SECRET_FIELDS})
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

_KEYS = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in _HEADERS}
_KEYS["content-type"] = "CONTENT_TYPE"


class RequestLog:
    """Keep the last thousand requests, numbered from 1, for any thread.

    *tell* is called with each as it is remembered. *run* is another one each time, so that who
    watches several emulators, one after the other, does not take their numbers for each other's.
    """

    def __init__(self, tell: Callable[[Json], object] | None = None) -> None:
        self.run = token_hex(4)
        self.is_closed = False
        self._tell = tell
        self._entries: deque[Json] = deque(maxlen=_KEPT_REQUESTS)
        self._changed = Condition()
        self._newest = 0
        self._forgotten = 0
        self._watchers = 0

    def add(self, request: Any, answer: Answer, timestamp: str, seconds: float) -> None:
        """Remember a (Werkzeug) request, how it was answered and how long that took."""
        environ = request.environ
        headers = {name: environ.get(key) for name, key in _KEYS.items()}
        entry = {
            "timestampUtc": timestamp,
            "protocol": environ.get("dpsctl.protocol", "HTTP"),
            "method": request.method,
            "path": request.path,
            "query": request.args.to_dict(),
            "headers": headers,
            "body": request.get_data()[:_KEPT_BODY_BYTES] if request.content_length else b"",
            "status": answer.status,
            "reason": answer.reason,
            "ms": round(seconds * 1000, 1),
        }
        with self._changed:
            self._newest += 1
            entry["number"] = self._newest
            self._entries.append(entry)
            self._changed.notify_all()
        if self._tell:
            self._tell(entry)

    def clear(self) -> None:
        """Forget all requests."""
        with self._changed:
            self._entries.clear()
            self._forgotten = self._newest
            self._changed.notify_all()

    def admit(self) -> bool:
        """Say whether one more may watch for requests, each of whom `dismiss` lets go again."""
        with self._changed:
            is_room = self._watchers < _MOST_WATCHERS
            self._watchers += is_room
        return is_room

    def dismiss(self) -> None:
        """Let one go who was admitted."""
        with self._changed:
            self._watchers -= 1

    def close(self) -> None:
        """Let nobody wait for requests any more."""
        with self._changed:
            self.is_closed = True
            self._changed.notify_all()

    @property
    def forgotten(self) -> int:
        """Return the number of the last request before the log was cleared, 0 if it never was."""
        return self._forgotten

    def wait(self, after: int, seconds: float) -> None:
        """Wait for a request numbered above *after*, or the end, for *seconds* at most."""
        with self._changed:
            self._changed.wait_for(lambda: self.is_closed or self._newest > after, seconds)

    def newer(self, after: int) -> list[Json]:
        """Return what was asked in requests numbered above *after*: all but headers and bodies."""
        with self._changed:
            found = list(takewhile(lambda one: one["number"] > after, reversed(self._entries)))
        return [
            {name: entry[name] for name in _IN_SHORT} | {"path": mask_looks(entry["path"])}
            for entry in reversed(found)
        ]

    def find(self, number: int) -> Json | None:
        """Return the request with this number, None if it is not kept."""
        with self._changed:
            kept = [one for one in self._entries if one["number"] == number]
        return _masked(kept[0]) if kept else None

    def entries(self) -> list[Json]:
        """Return the requests, oldest first; JSON bodies as JSON, what is none as null."""
        with self._changed:
            kept = list(self._entries)
        return [_masked(entry) for entry in kept]


def masked(record: Any) -> Any:
    """Return a copy of a JSON value without what its name or look shows to be secret."""
    return json.loads(json.dumps(record), object_hook=_masked_object)


def _masked(entry: Json) -> Json:
    headers = {name: _masked_header(name, value) for name, value in entry["headers"].items()}
    query = {
        name: MASK if name.lower() in _IN_QUERIES else mask_looks(value)
        for name, value in entry["query"].items()
    }
    return entry | {
        "path": mask_looks(entry["path"]),
        "query": query,
        "headers": {name: value for name, value in headers.items() if value},
        "body": _masked_body(entry["body"]),
    }


def _masked_header(name: str, value: str | None) -> str | None:
    """Mask a header; of how a caller proved itself, all but the kind and what a token is for."""
    if name != "authorization" or not value or value.lower().startswith(_SIGNED):
        return value and mask_looks(_SIGNATURE.sub(rf"\g<1>{MASK}", value))
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {MASK}" if space else MASK


def _masked_body(body: bytes) -> Any:
    try:
        return _masked_value(json.loads(body, object_hook=_masked_object))
    except (ValueError, RecursionError):
        return None


def _masked_object(value: Json) -> Json:
    return {name: _masked_member(name.lower(), inner) for name, inner in value.items()}


def _masked_member(name: str, value: Any) -> Any:
    if name in SECRET_FIELDS:
        return MASK if value else value
    if name == _WEBHOOK and isinstance(value, str):
        return _QUERY.sub(f"?{MASK}", value)
    return _masked_value(value)


def _masked_value(value: Any) -> Any:
    """Mask texts and those in lists; objects have been seen to already."""
    if isinstance(value, list):
        return [_masked_value(each) for each in value]
    return mask_looks(value) if isinstance(value, str) else value

"""Server-sent events: requests as they come, and how the emulator stands whenever that changes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any, Self

from dpsctl.emulator.answers import Answer, Json, Refusal, write_json
from dpsctl.emulator.call import Call, Service
from dpsctl.emulator.page.state import state_of

_TICK = 0.5  # seconds, in which a watcher that left, and what no request changed, are noticed
_PACE = 0.1  # seconds from one piece to the next, however many requests come
_SILENCE = 15.0  # seconds, after which a word keeps the connection up
_TOO_MANY = 503000
_PLACE = re.compile(r"([0-9a-f]{8})-([0-9]{1,18})")


def watch(call: Call) -> Answer:
    """Answer with events until the watcher leaves or the emulator stops.

    `requests` are lists of what the log says of each in short; who names the last it has seen
    (Last-Event-ID, or `after`) is told of those after it. `state` is how the emulator stands.
    """
    if not call.service.log.admit():
        raise Refusal(_TOO_MANY, "Too many pages watch already.", {"Retry-After": "5"})
    place = call.header("Last-Event-ID") or call.request.args.get("after", "")
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    return Answer(body=Events(call.service, place), headers=headers)


class Events(Iterator[bytes]):
    """Give one watcher's events, piece by piece; an empty piece when there was nothing to say.

    A watcher who reads slowly misses requests that the log has dropped meanwhile, and holds up
    nobody.
    """

    def __init__(self, service: Service, place: str) -> None:
        self._service = service
        self._seen = _number_of(place, service.log.run)
        self._state: Json | None = None
        self._signs: Any = None
        self._told = 0.0
        self._is_open = True

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        """Wait for something to say, a tick at most. Raises StopIteration at the end."""
        log = self._service.log
        if self._state is not None:
            time.sleep(max(0.0, min(_PACE, self._told + _PACE - time.monotonic())))
            log.wait(self._seen, _TICK)
        if log.is_closed or not self._is_open:
            raise StopIteration
        said = self._new_state() + self._new_requests()
        if not said and time.monotonic() - self._told > _SILENCE:
            said = b": still here\n\n"
        if said:
            self._told = time.monotonic()
        return said

    def close(self) -> None:
        """Make room for another watcher."""
        if self._is_open:
            self._is_open = False
            self._service.log.dismiss()

    def _new_state(self) -> bytes:
        service = self._service
        signs = (
            service.store.revision,
            service.log.forgotten,
            service.faults.states(),
            service.local_auth.is_disabled,
        )
        if signs == self._signs:
            return b""
        self._signs = signs
        self._state = state_of(service)
        return b"retry: 1000\nevent: state\ndata: " + write_json(self._state) + b"\n\n"

    def _new_requests(self) -> bytes:
        found = self._service.log.newer(self._seen)
        if not found:
            return b""
        self._seen = found[-1]["number"]
        place = f"id: {self._service.log.run}-{self._seen}\nevent: requests\ndata: ".encode()
        return place + write_json(found) + b"\n\n"


def _number_of(place: str, run: str) -> int:
    """Return the number that *place* names, 0 if it is another emulator's or none."""
    found = _PLACE.fullmatch(place)
    return int(found[2]) if found and found[1] == run else 0

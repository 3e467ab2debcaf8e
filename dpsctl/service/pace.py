"""How fast the service lets us ask: learned from its refusals, for all threads together."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from threading import Lock

_LONGEST_WAIT = 60.0
_WINDOW = 60.0  # the service counts by the minute (docs/service.md#c)
_WAITS = (0.5, 1.0, 2.0, 4.0)  # without a Retry-After; then one request alone finds out
_SOMEWHAT_MORE = 1.05  # so that a rate that was learned too low is left again
_PATIENCE = 600.0  # so long nobody has been let through: that will not change
_LOOK_AGAIN = 0.05  # while another one's request finds out whether we are let through


class Pace:
    """Spaces requests out once the service has refused one with 429; until then it does nothing.

    Times are those of a monotonic clock. May be used from any thread.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._began: float | None = None
        self._answers: deque[float] = deque()
        self._not_before = 0.0
        self._next_start = 0.0
        self._gap = 0.0
        self._refusals = 0
        self._is_probing = False
        self._probe_is_out = False
        self._last_success = 0.0

    def wait(self, tell: Callable[[float], None]) -> None:
        """Sleep until the next request may be sent, and *tell* how long that will be."""
        while seconds := self.seconds_to_wait(time.monotonic()):
            tell(seconds)
            time.sleep(seconds)

    def seconds_to_wait(self, now: float) -> float:
        """Return how long to wait before asking again; after a 0 a request has to be sent."""
        with self._lock:
            if self._began is None:
                self._began = self._last_success = now
            if self._is_probing and self._probe_is_out:
                return _LOOK_AGAIN
            start = max(self._not_before, self._next_start)
            if now < start:
                return start - now
            self._probe_is_out = self._is_probing
            self._next_start = max(self._next_start, now - self._gap) + self._gap
            return 0.0

    def answered(self, now: float, *, is_success: bool = True) -> None:
        """Take note of an answer, or (if it is no *is_success*) of a request that was lost."""
        with self._lock:
            self._probe_is_out = False
            if not is_success:
                return
            self._is_probing = False
            self._refusals = 0
            self._last_success = now
            self._answers.append(now)
            self._forget(now)

    def refused(self, now: float, retry_after: float | None) -> bool:
        """Take note of a 429, and tell whether asking again makes sense."""
        with self._lock:
            self._probe_is_out = False
            if retry_after is not None:
                self._not_before = max(self._not_before, now + min(retry_after, _LONGEST_WAIT))
            elif now >= self._not_before:  # else it was sent before the others stopped
                self._learn(now)
                wait = _WAITS[min(self._refusals, len(_WAITS) - 1)]
                self._refusals += 1
                self._not_before = now + wait
                self._is_probing = True
            return now - self._last_success < _PATIENCE

    def _learn(self, now: float) -> None:
        """Take the rate at which answers came as the one that is allowed."""
        self._forget(now)
        seconds = min(_WINDOW, now - self._began) if self._began is not None else 0.0
        if self._answers and seconds:
            self._gap = seconds / (_SOMEWHAT_MORE * len(self._answers))

    def _forget(self, now: float) -> None:
        while self._answers and self._answers[0] < now - _WINDOW:
            self._answers.popleft()

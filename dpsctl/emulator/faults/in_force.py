"""The faults in force: which one meets the next request, and how often each has struck."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Event, Lock
from typing import Any

from dpsctl.emulator.answers import Refusal
from dpsctl.emulator.clock import Clock
from dpsctl.emulator.faults.wording import Fault, parse_fault

_MINUTE = 60.0
_POLLING = re.compile(r"(?i)/[^/]+/registrations/[^/]+/operations/[^/]+")
_THROTTLED = 429000  # the service's own code for 429 is in no source


@dataclass(frozen=True)
class Trouble:
    """Say what becomes of one request: a wait, a refusal, an answer that is `reset` or `cut`."""

    seconds: float = 0.0
    refusal: Refusal | None = None
    breakage: str | None = None


class ActiveFaults:
    """Keep the faults in force and count requests for them; may be used from any thread.

    *always* are those that come back with `reset`. *monotonic* is a clock in seconds, for the
    throttle's minutes.
    """

    def __init__(
        self,
        clock: Clock,
        always: Iterable[str] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._always = tuple(always)
        self._monotonic = monotonic
        self._lock = Lock()
        self._was_reset = Event()
        self.reset()

    def reset(self) -> None:
        """Go back to the faults that the emulator was started with, and end what `hold` holds."""
        self.replace(self._always)
        self._was_reset.set()
        self._was_reset = Event()

    def hold(self, seconds: float) -> bool:
        """Keep a request waiting; return whether a reset came first, to which it is of the past."""
        return self._was_reset.wait(seconds)

    def replace(self, texts: Iterable[str]) -> None:
        """Put other faults in force, counted from now. Raises UsageError; then nothing changes."""
        faults = [parse_fault(text) for text in texts]
        with self._lock:
            self._counters = [_Counter(fault, self._monotonic) for fault in faults]
            self._clock.skew = sum(fault.seconds for fault in faults if fault.what == "skew")

    def texts(self) -> list[str]:
        """Return the faults in force, as they were written."""
        return [counter.fault.text for counter in self._counters]

    def states(self) -> list[dict[str, Any]]:
        """Return the faults in force, how often each has struck, and which will not again."""
        with self._lock:
            return [counter.state() for counter in self._counters]

    def trouble_for(self, method: str, path: str) -> Trouble:
        """Count a request, and say what becomes of it: all waits, and the first other fault."""
        with self._lock:
            struck = [counter for counter in self._counters if counter.strikes(method, path)]
            for counter in struck:
                counter.hits += 1
        seconds = sum(one.fault.seconds for one in struck if one.fault.what == "latency")
        for counter in struck:
            if counter.fault.what in ("status", "throttle"):
                return Trouble(seconds, refusal=counter.refusal())
            if counter.fault.what in ("reset", "cut"):
                return Trouble(seconds, breakage=counter.fault.what)
        return Trouble(seconds)


class _Counter:
    """Count what one fault has seen and done."""

    def __init__(self, fault: Fault, monotonic: Callable[[], float]) -> None:
        self.fault = fault
        self.hits = 0
        self._monotonic = monotonic
        self._minute_began = monotonic()
        self._seen = 0
        self._struck = 0
        self._saved_up = float(fault.burst or 0)

    def state(self) -> dict[str, Any]:
        is_spent = self.fault.times is not None and self._struck >= self.fault.times
        return {"text": self.fault.text, "struck": self.hits, "isSpent": is_spent}

    def strikes(self, method: str, path: str) -> bool:
        if self.fault.what == "skew" or not self.fault.concerns(method, path):
            return False
        if self.fault.what == "throttle":
            is_over = self._is_over_the_minute if self.fault.burst is None else self._is_used_up
            return not _POLLING.fullmatch(path) and is_over()
        self._seen += 1
        if self._seen <= self.fault.after or self._struck == self.fault.times:
            return False
        self._struck += 1
        return True

    def refusal(self) -> Refusal:
        if self.fault.what == "throttle":
            return _refusal(429, None if self.fault.is_silent else max(1, round(self._left())))
        statuses = self.fault.statuses
        return _refusal(statuses[(self._struck - 1) % len(statuses)], self.fault.retry_after)

    def _is_over_the_minute(self) -> bool:
        """Count as the service does: operations a minute, polling is none (docs/service.md#c)."""
        now = self._monotonic()
        if now - self._minute_began >= _MINUTE:
            self._minute_began, self._seen = now, 0
        self._seen += 1
        return self._seen > self.fault.per_minute

    def _is_used_up(self) -> bool:
        """Count as a bucket does, into which operations drip evenly."""
        now = self._monotonic()
        drips = (now - self._minute_began) * self.fault.per_minute / _MINUTE
        self._minute_began = now
        self._saved_up = min(float(self.fault.burst or 0), self._saved_up + drips)
        if self._saved_up < 1:
            return True
        self._saved_up -= 1
        return False

    def _left(self) -> float:
        """Return the seconds until an operation is allowed again."""
        if self.fault.burst is not None:
            return (1 - self._saved_up) * _MINUTE / max(self.fault.per_minute, 1)
        return _MINUTE - (self._monotonic() - self._minute_began)


def _refusal(status: int, retry_after: int | None) -> Refusal:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Refusal(status * 1000, f"The emulator was asked for a {status}.", headers)

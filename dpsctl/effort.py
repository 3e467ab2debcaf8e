"""Many writes as one effort: what became of each, and what has brought them to a halt, if any."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from enum import Enum
from threading import Event

from dpsctl.errors import DpsctlError, SomeFailed, Throttled, Unauthorized
from dpsctl.machine.process import Taken
from dpsctl.run import OutOfTime, Run

_BY_SIGNAL = 128
_PATIENCE = 0.2  # seconds, in which a signal is the same one, handed on by who got it too


class Ending(Enum):
    """What became of a record; the value is how it is told."""

    created = "created"
    updated = "updated"
    replaced = "replaced"
    renamed = "renamed"
    deleted = "deleted"
    unchanged = "unchanged"
    conflict = "conflict"
    failed = "failed"
    blocked = "blocked"
    withheld = "withheld"
    not_sent = "not-sent"
    unknown = "unknown"


WRITTEN = frozenset(
    {Ending.created, Ending.updated, Ending.replaced, Ending.renamed, Ending.deleted}
)
GOOD = WRITTEN | {Ending.unchanged}


class Effort:
    """Some work of which nothing new is begun once it *is_halted*. May be used from any thread."""

    def __init__(self, run: Run) -> None:
        self.failure: DpsctlError | None = None
        self._out_of_time: OutOfTime | None = None
        self._interrupted_by: int | None = None
        self._interrupted_at = 0.0
        self.endings: Counter[Ending] = Counter()
        self._run = run
        self._halted = Event()
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._began

    @property
    def has_written(self) -> bool:
        """Whether anything on the service is another than before."""
        return any(self.endings[ending] for ending in WRITTEN)

    @property
    def has_failed(self) -> bool:
        """Whether anything is not as it was wanted."""
        return any(count and ending not in GOOD for ending, count in self.endings.items())

    @property
    def is_halted(self) -> bool:
        """Whether what has not begun yet stays undone."""
        return self._halted.is_set()

    def fail(self, failure: DpsctlError) -> Ending:
        """Halt at a *failure* that the next writes would meet too; return how the write ended."""
        self.failure = self.failure or failure
        self._halted.set()
        is_refused = isinstance(failure, Unauthorized | Throttled)
        return Ending.not_sent if is_refused else Ending.unknown

    def halt(self) -> None:
        """Begin nothing new."""
        self._halted.set()

    def abandon(self, stop: KeyboardInterrupt) -> None:
        """Halt at a *stop* that waits for nothing; `exit_code` raises that of `--deadline`."""
        self._out_of_time = stop if isinstance(stop, OutOfTime) else None
        self._halted.set()

    def interruptible(self) -> Taken:
        """Return the block in which a first signal stops what has not begun, a second one all."""
        return Taken(self._interrupt)

    def _interrupt(self, number: int) -> None:
        now = time.monotonic()
        if self._interrupted_by is not None:
            if now - self._interrupted_at > _PATIENCE:
                raise KeyboardInterrupt
            return
        self._interrupted_by, self._interrupted_at = number, now
        self._halted.set()
        with suppress(RuntimeError):  # it came while something else was being told
            self._run.tell("dpsctl: stopping; what is under way is waited for (again: at once)")

    def summary(self, as_wanted: int = 0) -> str:
        """Count in one line what became of all; *as_wanted* needed no write from the start."""
        counted = ((ending, self.endings[ending]) for ending in Ending)
        parts = [f"{ending.value} {count:,}" for ending, count in counted if count]
        parts += [f"as wanted {as_wanted:,}"] if as_wanted else []
        return f"{', '.join(parts) or 'nothing to do'} in {self.seconds:.1f} s"

    def exit_code(self, hint: str) -> int:
        """Say how it ended; *hint* is what to do after an interrupt.

        Raises what kept everybody out, if nothing had been written by then, and OutOfTime.
        """
        if self._out_of_time is not None:
            raise self._out_of_time
        if self._interrupted_by is not None:
            self._run.tell_of_stop("dpsctl: interrupted", hint)
            return _BY_SIGNAL + self._interrupted_by
        if self.failure and not self.has_written:
            raise self.failure
        if self.failure:
            self._run.report(self.failure.message)
        return SomeFailed.exit_code if self.has_failed else 0

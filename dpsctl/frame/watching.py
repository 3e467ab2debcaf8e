"""`--watch`: a result looked at again and again, as a table redrawn or a JSON line a change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from dpsctl.errors import BadAnswer, NotFound, ServiceFailed, Throttled, Unreachable, UsageError
from dpsctl.frame.showing import View, seen
from dpsctl.machine.streams import left_within
from dpsctl.run import Run

if TYPE_CHECKING:
    from dpsctl.errors import DpsctlError
    from dpsctl.output.formats import Style

_PASSING = (BadAnswer, ServiceFailed, Throttled, Unreachable)
_LONGEST_WAIT = 60.0
# Of the service's 1,000 calls a minute (docs/service.md#c) others need the most.
_CALL = 60 / 250


class _Display(Protocol):
    """Where what was seen is shown."""

    def take(self, result: Any, columns: Mapping[str, str] | None, caption: str) -> None:
        """Show what was seen just now."""

    def tell(self, trouble: str) -> None:
        """Say that nothing could be seen, and what is done about it."""


def watch(look: Callable[[], Any], view: View, every: float, run: Run) -> int:
    """Show what *look* returns, then look again *every* so many seconds until somebody ends it.

    A look that fails later than the first is made again; what is not found any more was removed.
    """
    run.told = set()
    run.waiting.close()  # the table, and in a pipe the changes, stand in its place
    with _display(view, run) as display:
        wait, failures, is_first = every, 0, True
        while True:
            began = run.requests
            try:
                result, style = _looked(look, view, run, is_first=is_first)
            except _PASSING as error:
                if is_first:
                    raise
                wait = min(_LONGEST_WAIT, every * 2**failures)
                failures += 1
                display.tell(_of_loss(error, wait))
            else:
                wait = max(every, (run.requests - began) * _CALL)
                caption = f"{time.strftime('%H:%M:%S')}, again every {wait:.3g} s; Ctrl-C ends"
                display.take(result, style.columns, caption)
                failures, is_first = 0, False
            if left_within(run.stdout, wait):
                raise BrokenPipeError


def _looked(look: Callable[[], Any], view: View, run: Run, *, is_first: bool) -> tuple[Any, Style]:
    """Look once, and read all there is. Raises UsageError if that cannot be done again."""
    from dpsctl.output.formats import rows_of

    was_read = run.stdin.is_read
    try:
        result, style = seen(look(), view, run)
    except NotFound:
        if is_first:
            raise
        result, style = seen([], view, run)
    data = list(result) if isinstance(result, Iterator) else result
    if run.stdin.is_read and not was_read:
        raise UsageError(
            "--watch: standard input can be read only once", "Put what it says in a file."
        )
    return rows_of(data, style)


def _of_loss(error: DpsctlError, wait: float) -> str:
    return f"trying again in {wait:.3g} s: {error.message}"


@contextmanager
def _display(view: View, run: Run) -> Iterator[_Display]:
    """Choose how changes are shown. Raises UsageError for a form that shows none."""
    from dpsctl.output.formats import wants_colour

    chosen = view.display.output or run.output
    is_able = run.stdout.isatty() and run.environ.get("TERM") != "dumb"
    if chosen in {"table", "wide"} or (chosen is None and is_able):
        if not is_able:
            raise UsageError(
                f"-o {chosen}: --watch draws a table on a terminal only",
                "-o jsonl writes each change in a line.",
            )
        from dpsctl.output.live import LiveTable
        from dpsctl.output.tables import Look

        colour = wants_colour(view.display.color or "auto", run.environ, run.stdout)
        encoding = run.stdout.encoding or "utf-8"
        look = Look(colour=colour, is_wide=chosen == "wide", encoding=encoding)
        with LiveTable(run.stdout, look) as table:
            run.stderr = table.above(run.stderr)
            yield table
    elif chosen in {None, "json", "jsonc", "jsonl"}:
        yield _Lines(run)
    else:
        raise UsageError(
            f"-o {chosen}: --watch cannot show changes in that form",
            "-o jsonl writes each change in a line, -o table redraws a table on a terminal.",
        )


class _Lines:
    """A JSON line for each change."""

    def __init__(self, run: Run) -> None:
        from dpsctl.output.changes import Changes

        self._run = run
        self._changes = Changes()
        self._is_lost = False

    def take(self, result: Any, columns: Mapping[str, str] | None, caption: str) -> None:
        """Write what is new."""
        from dpsctl.output.formats import show_lines

        del columns, caption  # of a table
        if self._is_lost:
            self._run.note(f"the service answers again ({time.strftime('%H:%M:%S')})")
        self._is_lost = False
        changes = self._changes.take(result, time.monotonic())
        lines = ({"change": one.change, "record": one.record} for one in changes)
        show_lines(lines, self._run.stdout)
        self._changes.forget_removed(time.monotonic())

    def tell(self, trouble: str) -> None:
        """Report what is in the way."""
        self._is_lost = True
        self._run.report(trouble)

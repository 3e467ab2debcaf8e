"""A line on a terminal's stderr that tells how far a long command has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dpsctl.options.connection import Display
from dpsctl.options.words import OutputFormat
from dpsctl.run import Run

Advance = Callable[[int, str], None]


def has_room(display: Display, run: Run) -> bool:
    """Say whether progress can be drawn: not between lines that appear on the same terminal."""
    return not (display.output is OutputFormat.jsonl and run.stdout.isatty())


@contextmanager
def progress(run: Run, title: str, total: int | None, *, is_shown: bool) -> Iterator[Advance]:
    """Show progress while the block runs, where somebody sees it; else nothing.

    The block is given a function to call with how much of *total* is done, and a word about it.
    """
    if not is_shown or run.quiet or not run.stderr.isatty():
        yield lambda _done, _text: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[text]}"),
        TimeRemainingColumn(),
    )
    drawn = Progress(*columns, console=Console(file=run.stderr), transient=True)
    with run.waiting.hidden(), drawn as bar:
        task = bar.add_task(title, total=total, text="")
        yield lambda done, text: bar.update(task, completed=done, text=text)

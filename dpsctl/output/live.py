"""A table on a terminal that is drawn again in place, with what has changed marked in it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self, TextIO, cast

from dpsctl.machine.process import Held
from dpsctl.output.cells import DIM, GREEN, RED, YELLOW, Cell
from dpsctl.output.changes import Change, Changes
from dpsctl.output.fitting import Grid
from dpsctl.output.tables import Look, grid_of, table_of
from dpsctl.text.controls import spelled_out

if TYPE_CHECKING:
    from rich.text import Text

_MARKS = {
    "added": Cell("+", GREEN),
    "changed": Cell("~", YELLOW),
    "removed": Cell("-", RED),
}
_MARKED = 60.0  # seconds for which a change can be seen
_REVERSED = "7"
_FRAME = 5  # lines that are no record: titles, their rule, how many more, the caption, the cursor


class LiveTable:
    """A table of the last look at records, its rows' changes marked for a minute.

    Where there are more records than lines, those that changed last come first.
    """

    def __init__(self, out: TextIO, look: Look) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(
            file=out,
            force_terminal=True,
            no_color=not look.colour,
            color_system="standard" if look.colour else None,
            _environ={},  # NO_COLOR and the rest were judged before
        )
        self.console = console
        self._look = look
        self._changes = Changes()
        self._columns: Mapping[str, str] | None = None
        self._shown: Sequence[Change] = ()
        self._caption = "looking for the first time", "dim"
        self._live = Live(
            console=console,
            get_renderable=self._drawn,
            refresh_per_second=1,  # ages go on
            vertical_overflow="crop",
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        """Begin to draw."""
        with Held():
            self._live.start()
            # rich hides it; who suspends or kills us would get it back hidden.
            self.console.show_cursor()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the table as it is, and the cursor below it."""
        with Held():
            self._live.stop()

    def above(self, stream: TextIO) -> TextIO:
        """Return what writes above the table, if *stream* is a terminal, else *stream*."""
        from rich.file_proxy import FileProxy

        if not stream.isatty():
            return stream
        return cast("TextIO", FileProxy(self.console, stream))

    def take(self, result: Any, columns: Mapping[str, str] | None, caption: str) -> None:
        """Show what was seen just now."""
        now = time.monotonic()
        self._changes.take(result, now)
        self._changes.forget_removed(now - _MARKED)
        self._columns = columns
        self._shown = self._changes.rows
        self._draw(caption, "dim")

    def tell(self, trouble: str) -> None:
        """Say in the line below the table what is in the way."""
        self._draw(trouble, "yellow")

    def _draw(self, caption: str, style: str) -> None:
        self._caption = caption, style
        with Held():  # rich draws again what a signal kept it from forgetting
            self._live.refresh()

    def _drawn(self) -> Text:
        """Draw the table as it is now; ages are told at this moment, by the terminal's size."""
        from rich.text import Text

        width, height = self.console.size
        look = replace(self._look, width=width, now=datetime.now(UTC))
        room = max(1, height - _FRAME)
        changes = self._shown
        if len(changes) > room:
            changes = sorted(changes, key=_newest_first)[:room]
        grid = self._marked(changes, look)
        lines = table_of(grid, look).splitlines() if len(grid.titles) > 1 else []
        rest = len(self._shown) - len(changes)
        if rest or len(lines) > room + 2:  # a row may take several lines
            lines = [*lines[: room + 2], f"and {rest:,} more" if rest else "and more"]
        text = "".join(f"{line}\n" for line in lines)
        caption, style = self._caption
        drawn = Text.from_ansi(text, no_wrap=True, overflow="crop", end="")
        return drawn.append(spelled_out(caption)[: width - 1], style=style)

    def _marked(self, changes: Sequence[Change], look: Look) -> Grid:
        """Return the rows of *changes*, a mark in front, and reversed what is not as it was."""
        grid = grid_of([change.record for change in changes], self._columns, look)
        before = [change.record if change.before is None else change.before for change in changes]
        old = grid_of(before, self._columns, look)
        since = time.monotonic() - _MARKED
        rows = [
            _marked_row(change, row, was if old.titles == grid.titles else row)
            if change.change != "listed" and change.moment >= since
            else [Cell(""), *row]
            for change, row, was in zip(changes, grid.rows, old.rows, strict=True)
        ]
        return Grid([" ", *grid.titles], ["word", *grid.kinds], rows)


def _newest_first(change: Change) -> float:
    return -change.moment


def _reversed(cell: Cell) -> Cell:
    return Cell(cell.text, f"{cell.colour};{_REVERSED}" if cell.colour else _REVERSED)


def _marked_row(change: Change, row: Sequence[Cell], was: Sequence[Cell]) -> list[Cell]:
    mark = _MARKS[change.change]
    if change.change == "removed":
        return [mark, *(Cell(cell.text, DIM) for cell in row)]
    return [
        mark,
        *(
            cell if cell.text == old.text else _reversed(cell)
            for cell, old in zip(row, was, strict=True)
        ),
    ]

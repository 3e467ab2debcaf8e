"""What stands in a table's cell on a terminal: a value as a person reads it, in its colour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from dpsctl.output.columns import Column
from dpsctl.text.times import age, moment_of, to_the_second

DIM, RED, GREEN, YELLOW = "2", "31", "32", "33"
_STATUS = {
    "enabled": GREEN,
    "assigned": GREEN,
    "ok": GREEN,
    "provisioned": GREEN,
    "blocked": RED,
    "disabled": RED,
    "failed": RED,
    "assigning": YELLOW,
    "unassigned": YELLOW,
    "skipped": YELLOW,
}
_URGENT, _SOON = 7, 30  # days


class Cell(NamedTuple):
    """A text and its colour, as the number that a terminal knows it by."""

    text: str
    colour: str = ""


class Reader(NamedTuple):
    """Whom values are written for: somebody *now*, who wants them in full or in short."""

    now: datetime
    is_wide: bool

    def cell(self, title: str, column: Column, value: Any, text: str) -> Cell:
        """Write *value*, which is *text* where nobody reads it."""
        if column.left_out and value in (None, []):
            return Cell(f"({column.left_out})", DIM)
        write = _WRITERS.get(column.kind)
        return write(self, value, text) if write else Cell(text, status_colour(title, text))


def _age(reader: Reader, value: Any, text: str) -> Cell:
    moment = moment_of(value)
    if moment is None or reader.is_wide:
        return _time(reader, value, text)
    return _unless_beyond(lambda: Cell(age(moment, reader.now)), text)


def _time(reader: Reader, value: Any, text: str) -> Cell:
    moment = moment_of(value)
    if moment is None:
        return Cell(text)
    return _unless_beyond(lambda: Cell(to_the_second(moment, has_zone=reader.is_wide)), text)


def _end(reader: Reader, value: Any, text: str) -> Cell:
    moment = moment_of(value)
    days = None if moment is None else (moment - reader.now).days
    return Cell(_time(reader, value, text).text, _urgency(days))


def _days(_reader: Reader, value: Any, text: str) -> Cell:
    return Cell(text, _urgency(value if isinstance(value, int | float) else None))


_WRITERS: dict[str, Callable[[Reader, Any, str], Cell]] = {
    "age": _age,
    "time": _time,
    "end": _end,
    "days": _days,
}


def status_colour(title: str, text: str) -> str:
    """Return the colour of a status; other columns than a status have none."""
    return _STATUS.get(text.lower(), "") if title.lower().endswith("status") else ""


def _urgency(days: float | None) -> str:
    if days is None or days >= _SOON:
        return ""
    return RED if days < _URGENT else YELLOW


def _unless_beyond(write: Callable[[], Cell], text: str) -> Cell:
    """Return what *write* makes of a time; one that the calendar does not reach stays *text*."""
    try:
        return write()
    except (ValueError, OverflowError):
        return Cell(text)

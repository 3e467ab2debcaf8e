"""Tables of devices, a row at a time: CSV with a header, or JSON with an object a row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from dpsctl.errors import UsageError
from dpsctl.fleet.json_rows import NOT_TEXT, Value, json_values
from dpsctl.text.lines import UNREADABLE, beginning, lines_of

_SEPARATORS = ",;\t"
# Excel reads and writes this line.
_SAID = re.compile(r'"?sep=([^\w"])"?', re.IGNORECASE)


class Row(NamedTuple):
    """One device's values by name, from a *line* on; *problem* says why it is not to be used.

    A row of CSV has no value where its cell is empty.
    """

    line: int
    values: dict[str, Any]
    problem: str | None = None


class Table(NamedTuple):
    """Rows as they are read; *columns* are those of a CSV header, None for JSON."""

    columns: list[str] | None
    rows: Iterator[Row]


def read_table(pieces: Iterable[str], source: str) -> Table:
    """Read a table; its first character tells CSV from JSON.

    CSV is separated by what a line `sep=;` before its header says, else by the comma, semicolon or
    tab that cuts the header into most columns. Raises UsageError, which starts with *source*, for
    a header that names a column twice.
    """
    start, pieces = beginning(pieces)
    if start in ("{", "["):
        return Table(None, map(_json_row, json_values(pieces, source)))
    if not start:
        return Table(None, iter(()))
    lines = chain.from_iterable(lines_of(pieces, source))
    number, first = next((at, line) for at, line in enumerate(lines, 1) if line.strip())
    if said := _SAID.fullmatch(first):
        number, separator, first = number + 1, said[1], next(lines, "")
    else:
        separator = _separator_of(first)
    ended = (f"{line}\n" for line in chain([first], lines))
    reader = csv.reader(ended, strict=True, delimiter=separator)
    columns = _header(reader, f"{source}:{number}")
    return Table([name for name in columns if name], _csv_rows(reader, number - 1, columns))


def names_in(line: str) -> list[str]:
    """Split a line as a header is split; none are in one that says the separator."""
    return [] if _SAID.fullmatch(line) else _cells(line, _separator_of(line))


def _header(rows: Iterator[list[str]], place: str) -> list[str]:
    """Read the names of the columns, "" for one that has none."""
    try:
        columns = [name.strip() for name in next(rows, [])]
    except csv.Error as error:
        raise UsageError(f"{place}: the header is not CSV: {error}") from None
    while columns and not columns[-1]:
        columns.pop()
    for name in columns:
        if UNREADABLE in name:
            raise UsageError(f"{place}: the header {NOT_TEXT}", "Save the file as UTF-8.")
        if name and columns.count(name) > 1:
            raise UsageError(f"{place}: the column '{name}' is there twice", "Rename one of them.")
    return columns


def _csv_rows(reader: Any, above: int, columns: list[str]) -> Iterator[Row]:
    """Read rows, of which the header's first line has *above* lines above it."""
    is_named = all(columns)
    while True:
        begun = above + reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            end = above + reader.line_num
            reach = f" (a row up to line {end})" if end > begun else ""
            yield Row(begun, {}, f"is not CSV: {error}{reach}")
            continue
        if cells is None:
            return
        if is_named and len(cells) == len(columns) and all(cells) and _is_text(cells):
            yield Row(begun, dict(zip(columns, cells, strict=True)))
        elif any(cells):
            yield _odd_row(begun, columns, cells)


def _odd_row(line: int, columns: list[str], cells: list[str]) -> Row:
    """Take a row that has not just one cell with something in it for each column."""
    while len(cells) > len(columns) and not cells[-1]:
        cells.pop()
    problem = None
    if len(cells) != len(columns):
        problem = f"has {len(cells)} cells, the header has {len(columns)}"
    elif any(cell and not name for name, cell in zip(columns, cells, strict=True)):
        problem = "has a cell in a column without a name"
    elif not _is_text(cells):
        problem = NOT_TEXT
    pairs = zip(columns, cells, strict=False)
    return Row(line, {name: cell for name, cell in pairs if name and cell}, problem)


def _is_text(cells: list[str]) -> bool:
    return UNREADABLE not in "".join(cells)


def _json_row(value: Value) -> Row:
    if value.problem or isinstance(value.value, dict):
        return Row(value.line, value.value or {}, value.problem)
    return Row(value.line, {}, "is no JSON object")


def _separator_of(header: str) -> str:
    return max(_SEPARATORS, key=lambda separator: len(_cells(header, separator)))


def _cells(line: str, separator: str) -> list[str]:
    """Split a line, or as much of it as is surely no longer than a field may be."""
    return next(csv.reader([line[: csv.field_size_limit()]], delimiter=separator), [])

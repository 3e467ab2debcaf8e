"""Files of devices, a row at a time: CSV with a header, or a JSON object a line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from dpsctl.errors import UsageError
from dpsctl.text.json_text import NotJsonError, read_json
from dpsctl.text.values import StandardInput

_JSON_COLUMN = ":="


@dataclass(frozen=True)
class Row:
    """One line's values by name; *problem* says why it has none."""

    line: int
    values: dict[str, Any] = field(default_factory=dict)
    problem: str | None = None


class DeviceFile:
    """A file that is read once, from its beginning; `-` is standard input.

    *name* is what messages call it, *size* its bytes if they can be known, *consumed* how many of
    them have been read. Raises UsageError naming the flag *option*.
    """

    def __init__(self, path: str, option: str, stdin: StandardInput) -> None:
        self.name = "standard input" if path == "-" else path
        self.consumed = 0
        self._stream = stdin.or_file(path, option)
        self.size = _size_of(self._stream)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Decode line by line; other bytes than UTF-8 come as surrogates."""
        with self._stream:
            for number, line in enumerate(self._stream, 1):
                self.consumed += len(line)
                text = line.decode("utf-8", "surrogateescape")
                yield number, text.removeprefix("\ufeff") if number == 1 else text

    def rows(self, check_column: Callable[[str], None]) -> Iterator[Row]:
        """Read the rows; the first character of the file tells CSV from JSON.

        An empty cell and null are values that are not given. *check_column* judges the names of a
        CSV header, and raises UsageError.
        """
        lines = self.lines()
        first = next(((number, line) for number, line in lines if line.strip()), None)
        if first is None:
            return
        if first[1].lstrip().startswith("{"):
            yield _json_row(*first)
            yield from (_json_row(*line) for line in lines if line[1].strip())
        else:
            yield from _csv_rows(first, lines, self._header_check(check_column))

    def _header_check(self, check_column: Callable[[str], None]) -> Callable[[list[str]], None]:
        def check(names: list[str]) -> None:
            for name in names:
                if names.count(name) > 1:
                    raise UsageError(f"{self.name}: the column '{name}' is there twice")
                try:
                    check_column(name)
                except UsageError as error:
                    raise UsageError(f"{self.name}: {error.message}", error.hint) from None

        return check


def _size_of(stream: BinaryIO) -> int | None:
    try:
        return os.fstat(stream.fileno()).st_size or None
    except OSError:
        return None


def _json_row(line: int, text: str) -> Row:
    if problem := _encoding_problem(text):
        return Row(line, problem=problem)
    try:
        value = read_json(text)
    except NotJsonError as error:
        place = "" if error.index is None else f" at column {error.index + 1}"
        return Row(line, problem=f"{error.problem}{place}")
    if not isinstance(value, dict):
        return Row(line, problem="is no JSON object")
    return Row(line, {name: item for name, item in value.items() if item is not None})


def _csv_rows(
    first: tuple[int, str],
    lines: Iterator[tuple[int, str]],
    check_header: Callable[[list[str]], None],
) -> Iterator[Row]:
    import csv
    from itertools import chain

    line = first[0]

    def texts() -> Iterator[str]:
        nonlocal line
        for line, text in chain([first], lines):  # noqa: B007 - the reader is behind by a line
            yield text

    reader = csv.reader(texts(), strict=True)
    header = [name.strip() for name in next(reader)]
    check_header([name.removesuffix(_JSON_COLUMN) for name in header])
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Row(line, problem=f"is not CSV: {error}")
            continue
        if cells is None:
            return
        if cells:
            yield _csv_row(line, header, cells)


def _csv_row(line: int, header: list[str], cells: list[str]) -> Row:
    if len(cells) != len(header):
        return Row(line, problem=f"has {len(cells)} cells, the header has {len(header)}")
    values: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=True):
        if problem := _encoding_problem(cell):
            return Row(line, problem=problem)
        if cell and name.endswith(_JSON_COLUMN):
            try:
                values[name.removesuffix(_JSON_COLUMN)] = read_json(cell)
            except NotJsonError as error:
                return Row(line, problem=f"column '{name}': {error.problem}")
        elif cell:
            values[name] = cell
    return Row(line, values)


def _encoding_problem(text: str) -> str | None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return "is not UTF-8"
    return None

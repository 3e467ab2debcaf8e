"""Read registration ids from text: one a line, a column of CSV, or a field of JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from dpsctl.errors import UsageError

CHUNK_SIZE = 4096  # ids; large enough that the work on a chunk outweighs handing it over

Problem = tuple[int, str]  # a line number, and what is wrong there


@dataclass(frozen=True)
class Chunk:
    """Some ids with the numbers of their lines, and the lines between them that hold none."""

    numbers: Sequence[int]
    ids: list[str]
    problems: list[Problem] = field(default_factory=list)


def read_ids(lines: Iterable[str], id_field: str | None = None) -> Iterator[Chunk]:
    """Read ids in order, at most CHUNK_SIZE at a time; blank lines are passed over.

    With *id_field*, *lines* are JSON objects if the first one starts with `{`, else CSV with a
    header. Ids are not judged. Raises UsageError if the header has no such column.
    """
    rest = _without_byte_order_mark(iter(lines))
    if id_field is None:
        return _read_lines(rest)
    first = next((line for line in rest if line.strip()), "")
    rest = chain([first], rest)
    if first.lstrip().startswith("{"):
        return _gather(_read_json(rest, id_field))
    return _gather(_read_csv(rest, id_field))


def without_duplicates(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Turn ids that the service takes for an earlier one, as it ignores case, into problems.

    Remembers every id: memory grows with their number.
    """
    seen: dict[str, int] = {}
    for chunk in chunks:
        kept: list[tuple[int, str]] = []
        problems = list(chunk.problems)
        for number, text in zip(chunk.numbers, chunk.ids, strict=True):
            before = seen.setdefault(text.lower(), number)
            if before == number:
                kept.append((number, text))
            else:
                problems.append((number, f"{text!r} is the id of line {before} to the service"))
        yield Chunk([number for number, _ in kept], [text for _, text in kept], problems)


def _without_byte_order_mark(lines: Iterator[str]) -> Iterator[str]:
    return chain((line.removeprefix("\ufeff") for line in islice(lines, 1)), lines)


def _read_lines(lines: Iterator[str]) -> Iterator[Chunk]:
    start = 1
    while batch := [line.rstrip("\r\n") for line in islice(lines, CHUNK_SIZE)]:
        numbers: Sequence[int] = range(start, start + len(batch))
        start += len(batch)
        if not all(batch):
            numbers = [number for number, line in zip(numbers, batch, strict=True) if line.strip()]
            batch = [line for line in batch if line.strip()]
        yield Chunk(numbers, batch)


def _gather(found: Iterator[tuple[int, str, str]]) -> Iterator[Chunk]:
    """Make chunks of line numbers, ids and problems; where there is a problem, there is no id."""
    while batch := list(islice(found, CHUNK_SIZE)):
        yield Chunk(
            [number for number, _, problem in batch if not problem],
            [text for _, text, problem in batch if not problem],
            [(number, problem) for number, _, problem in batch if problem],
        )


def _read_json(lines: Iterator[str], id_field: str) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)[id_field]
        except (ValueError, RecursionError):
            yield number, "", "is not JSON"
        except (KeyError, TypeError, IndexError):
            yield number, "", f"is not an object with a field '{id_field}'"
        else:
            is_text = isinstance(value, str)
            yield number, value if is_text else "", "" if is_text else f"'{id_field}' is not text"


def _read_csv(lines: Iterator[str], id_field: str) -> Iterator[tuple[int, str, str]]:
    rows = csv.reader(lines)
    header = next(rows, [])
    if id_field not in header:
        raise UsageError(
            f"--id-field {id_field}: the first line has no such column",
            f"It has: {', '.join(header) or 'nothing'}.",
        )
    column = header.index(id_field)
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield rows.line_num, "", f"is not CSV: {error}"
            continue
        if row is None:
            return
        if len(row) > column:
            yield rows.line_num, row[column], ""
        elif row:
            yield rows.line_num, "", f"has no column '{id_field}'"

"""Registration ids from a file: one a line, or a column of a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from dpsctl.errors import UsageError
from dpsctl.fleet.json_rows import json_values
from dpsctl.fleet.tables import Row, names_in, read_table
from dpsctl.text.lines import beginning, lines_of

CHUNK_SIZE = 4096  # rows; large enough that the work on a chunk outweighs handing it over
ID_FIELD = "registrationId"
# What people and programs call the column of the ids, without signs.
_HEADERS = {"registrationid", "enrollmentid", "deviceid", "id", "serial", "serialnumber"}
_SIGNS = str.maketrans("", "", "-_. \"'")
_LONGEST_NAME = 32

Problem = tuple[int, str]  # a place, and what is wrong there


@dataclass(frozen=True)
class Chunk:
    """Some ids with their places, and the places between them that hold none.

    A place is an index of *rows*, or without rows the number of a line.
    """

    places: Sequence[int]
    ids: list[str]
    problems: list[Problem] = field(default_factory=list)
    rows: list[Row] | None = None

    def line(self, place: int) -> int:
        """Return the number of the line at a *place*."""
        return self.rows[place].line if self.rows else place


@dataclass(frozen=True)
class Ids:
    """Ids in order as they are read; *columns* are what every row has, if that is known.

    A list without a header has one column; objects of JSON have fields of their own.
    """

    chunks: Iterator[Chunk]
    columns: list[str] | None
    has_header: bool = False


def read_ids(pieces: Iterable[str], source: str, id_field: str | None = None) -> Ids:
    """Read ids, some thousand at a time; blank lines are passed over, and ids not judged.

    With *id_field* they are in that column of a table, else one a line or in a JSON array of texts.
    Raises UsageError, which starts with *source* or names --id-field, if it is the other way round.
    """
    if id_field is not None:
        table = read_table(pieces, source)
        if table.columns is not None and id_field not in table.columns:
            raise UsageError(
                f"--id-field {id_field}: {source} has no such column",
                f"It has: {', '.join(table.columns)}.",
            )
        return Ids(_gathered(table.rows, id_field), table.columns, table.columns is not None)
    start, pieces = beginning(pieces)
    if start in ("{", "["):
        return Ids(_gathered(_rows_of_texts(pieces, source), ID_FIELD), [ID_FIELD])
    return Ids(_ids_of_lines(lines_of(pieces, source), source), [ID_FIELD])


def one_id(text: str) -> Ids:
    """Return the id that was given instead of a file of them."""
    return Ids(iter([Chunk([1], [text])]), [ID_FIELD])


def with_rows(chunk: Chunk) -> Chunk:
    """Make a row of each id, if there are none yet."""
    if chunk.rows is not None:
        return chunk
    rows = [Row(line, {ID_FIELD: text}) for line, text in zip(chunk.places, chunk.ids, strict=True)]
    return replace(chunk, places=range(len(rows)), rows=rows)


def without_duplicates(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Turn ids that the service takes for an earlier one, as it ignores case, into problems.

    Remembers every id: memory grows with their number.
    """
    lines: dict[str, int] = {}
    for chunk in chunks:
        kept: list[tuple[int, str]] = []
        problems = list(chunk.problems)
        for place, text in zip(chunk.places, chunk.ids, strict=True):
            before = lines.get(text.lower())
            if before is None:
                lines[text.lower()] = chunk.line(place)
                kept.append((place, text))
            else:
                problems.append((place, f"{text!r} is the id of line {before} to the service"))
        places, ids = [place for place, _ in kept], [text for _, text in kept]
        yield replace(chunk, places=places, ids=ids, problems=problems)


def _ids_of_lines(batches: Iterable[list[str]], source: str) -> Iterator[Chunk]:
    start, is_first = 1, True
    for batch in batches:
        places: Sequence[int] = range(start, start + len(batch))
        start += len(batch)
        ids = batch
        if not all(map(str.strip, batch)):
            places = [place for place, line in zip(places, batch, strict=True) if line.strip()]
            ids = [line for line in batch if line.strip()]
        if ids and is_first:
            _refuse_header(ids[0], f"{source}:{places[0]}")
            is_first = False
        yield Chunk(places, ids)


def _refuse_header(line: str, place: str) -> None:
    """Tell a table from a list by its first line, before a key is derived for a column's name."""
    names = names_in(line)
    if len(names) != 1:
        raise UsageError(
            f"{place}: this is a table, not an id a line",
            f"Name the column of the ids: --id-field {' | '.join(map(_shown, names)) or 'NAME'}",
        )
    if line.lower().translate(_SIGNS) in _HEADERS:
        raise UsageError(
            f"{place}: '{line}' is the name of a column, not an id",
            f"Give --id-field '{line}', or take the line out.",
        )


def _shown(name: str) -> str:
    """Leave out what may be a key, where a table has no header."""
    return name if len(name) <= _LONGEST_NAME else "..."


def _gathered(rows: Iterator[Row], id_field: str) -> Iterator[Chunk]:
    while batch := list(islice(rows, CHUNK_SIZE)):
        judged = [row.problem or _problem_of(row.values.get(id_field), id_field) for row in batch]
        places = [place for place, problem in enumerate(judged) if problem is None]
        problems = [(place, problem) for place, problem in enumerate(judged) if problem]
        yield Chunk(places, [batch[place].values[id_field] for place in places], problems, batch)


def _problem_of(value: object, id_field: str) -> str | None:
    if isinstance(value, str):
        return None
    return f"has no '{id_field}'" if value is None else f"'{id_field}' is no text"


def _rows_of_texts(pieces: Iterable[str], source: str) -> Iterator[Row]:
    """Read the texts of JSON, which take the place of an id a line."""
    for line, value, problem in json_values(pieces, source):
        if isinstance(value, dict):
            raise UsageError(
                f"{source}:{line}: this is an object, not an id",
                f"Name the field of the ids: --id-field {' | '.join(map(_shown, value))}",
            )
        yield Row(line, {ID_FIELD: value}, problem)

"""Registration ids from a file: one a line, or a column of a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from dpsctl.errors import UsageError
from dpsctl.fleet.id_rules import IdRule
from dpsctl.fleet.json_rows import json_values
from dpsctl.fleet.tables import Row, Table, names_in, read_table
from dpsctl.text.lines import beginning, first_line, lines_of

CHUNK_SIZE = 4096  # rows; large enough that the work on a chunk outweighs handing it over
ID_FIELD = "registrationId"
# What people and programs call the column of the ids, without signs.
_HEADERS = {"registrationid", "enrollmentid", "deviceid", "id", "serial", "serialnumber"}
_SIGNS = str.maketrans("", "", "-_. \"'")
_LONGEST_NAME, _MOST_NAMES = 32, 12
_A_LINE = IdRule()

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

    A list without a header has one column; objects of JSON have fields of their own. Where
    *are_made*, ids are in no column.
    """

    chunks: Iterator[Chunk]
    columns: list[str] | None
    has_header: bool = False
    are_made: bool = False


def read_ids(pieces: Iterable[str], source: str, rule: IdRule = _A_LINE) -> Ids:
    """Read ids, some thousand at a time; blank lines are passed over, and ids not judged.

    With columns that *rule* names they are in a table, else one a line or in a JSON array of texts.
    A template of one name takes a list, too. Raises UsageError, which starts with *source* or names
    the flag, if the file is the other way round.
    """
    start, pieces = beginning(pieces)
    is_json = start in ("{", "[")
    if rule.names:
        line, pieces = ("", pieces) if is_json else first_line(pieces)
        if not _is_list(line, rule):
            return _ids_of_table(read_table(pieces, source), source, rule)
    column = rule.names[0] if rule.names else "id" if rule.lower else ID_FIELD
    if is_json:
        rows = _rows_of_texts(pieces, source, column)
        return Ids(_gathered(rows, replace(rule, field=column)), [column], are_made=rule.lower)
    chunks = _ids_of_lines(lines_of(pieces, source), source, rule)
    if rule.makes_ids:
        rows = (row for chunk in chunks for row in with_rows(chunk, column).rows or [])
        chunks = _gathered(rows, rule if rule.template else replace(rule, field=column))
    return Ids(chunks, [column], are_made=rule.makes_ids)


def _ids_of_table(table: Table, source: str, rule: IdRule) -> Ids:
    for name in rule.names:
        if table.columns is not None and name not in table.columns:
            flag = f"--id-field {name}" if rule.template is None else f"--id-template, {name}"
            raise UsageError(
                f"{flag}: {source} has no such column", f"It has: {_listed(table.columns, ', ')}."
            )
    chunks = _gathered(table.rows, rule)
    return Ids(chunks, table.columns, table.columns is not None, rule.makes_ids)


def _is_list(line: str, rule: IdRule) -> bool:
    """Tell by its first line a list, which a template of one name takes too, from a table."""
    names = [name.strip() for name in names_in(line)]
    return rule.template is not None and len(rule.names) == len(names) == 1 and names != rule.names


def one_id(text: str) -> Ids:
    """Return the id that was given instead of a file of them."""
    return Ids(iter([Chunk([1], [text])]), [ID_FIELD])


def with_rows(chunk: Chunk, column: str = ID_FIELD) -> Chunk:
    """Make a row of each id, if there are none yet."""
    if chunk.rows is not None:
        return chunk
    pairs = zip(chunk.places, chunk.ids, strict=True)
    rows = [Row(line, {column: text}) for line, text in pairs]
    return replace(chunk, places=range(len(rows)), rows=rows)


def without_duplicates(chunks: Iterable[Chunk], known: Mapping[str, str]) -> Iterator[Chunk]:
    """Turn ids that the service takes for an earlier one, as it ignores case, into problems.

    *known* are earlier ones in lower case, each with its place. Remembers every id: memory grows
    with their number.
    """
    seen = dict(known)
    for chunk in chunks:
        kept: list[tuple[int, str]] = []
        problems = list(chunk.problems)
        for place, text in zip(chunk.places, chunk.ids, strict=True):
            before = seen.get(text.lower())
            if before is None:
                seen[text.lower()] = f"line {chunk.line(place)}"
                kept.append((place, text))
            else:
                problems.append((place, f"{text!r} is the id of {before} to the service"))
        places, ids = [place for place, _ in kept], [text for _, text in kept]
        yield replace(chunk, places=places, ids=ids, problems=problems)


def _ids_of_lines(batches: Iterable[list[str]], source: str, rule: IdRule) -> Iterator[Chunk]:
    start, is_first = 1, True
    for batch in batches:
        places: Sequence[int] = range(start, start + len(batch))
        start += len(batch)
        ids = batch
        if not all(map(str.strip, batch)):
            places = [place for place, line in zip(places, batch, strict=True) if line.strip()]
            ids = [line for line in batch if line.strip()]
        if ids and is_first:
            _refuse_header(ids[0], f"{source}:{places[0]}", rule)
            is_first = False
        yield Chunk(places, ids)


def _refuse_header(line: str, place: str, rule: IdRule) -> None:
    """Tell a table from a list by its first line, before a key is derived for a column's name."""
    names = names_in(line)
    if len(names) != 1:
        raise UsageError(
            f"{place}: this is a table, not an id a line",
            f"Name the column of the ids: --id-field {_listed(names, ' | ') or 'NAME'}",
        )
    if line.lower().translate(_SIGNS) in _HEADERS:
        way = f"Give --id-field {line}" if rule.template is None else "Name it in --id-template"
        raise UsageError(
            f"{place}: '{line}' is the name of a column, not an id",
            f"{way}, or take the line out.",
        )


def _listed(names: Iterable[str], between: str) -> str:
    """Name the first columns, but none that may be a key: a table may have no header."""
    found = [name if len(name) <= _LONGEST_NAME else "..." for name in names if name.strip()]
    more = ["..."] if len(found) > _MOST_NAMES else []
    return between.join([*found[:_MOST_NAMES], *more])


def _gathered(rows: Iterator[Row], rule: IdRule) -> Iterator[Chunk]:
    while batch := list(islice(rows, CHUNK_SIZE)):
        places, ids, problems = [], [], []
        for place, row in enumerate(batch):
            text, problem = judged(row, rule)
            if problem is None:
                places.append(place)
                ids.append(text)
            else:
                problems.append((place, problem))
        yield Chunk(places, ids, problems, batch)


def judged(row: Row, rule: IdRule) -> tuple[str, str | None]:
    """Return a row's id, or what is wrong."""
    if row.problem is not None:
        return "", row.problem
    try:
        return rule.id_of(row.values), None
    except ValueError as error:
        return "", str(error)


def _rows_of_texts(pieces: Iterable[str], source: str, column: str) -> Iterator[Row]:
    """Read the texts of JSON, which take the place of an id a line."""
    for line, value, problem in json_values(pieces, source):
        if isinstance(value, dict):
            raise UsageError(
                f"{source}:{line}: this is an object, not an id",
                f"Name the field of the ids: --id-field {_listed(value, ' | ')}",
            )
        yield Row(line, {column: value}, problem)

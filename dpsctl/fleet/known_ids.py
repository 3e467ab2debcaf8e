"""The ids of an earlier batch, from what went into it or what came out of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from dpsctl.errors import UsageError
from dpsctl.fleet.id_rules import IdRule
from dpsctl.fleet.json_rows import json_values
from dpsctl.fleet.layouts import ERROR
from dpsctl.fleet.registration_ids import ID_FIELD, judged, read_ids
from dpsctl.fleet.tables import Row, names_in, read_table
from dpsctl.text.lines import beginning, first_line, lines_of

# A row of `-o tsv`: an id, and a key, a token or a connection string.
_ROW = re.compile(r"[^\t]+\t[^\t]*=[^\t]*(\t.*)?")
_WRITTEN = IdRule(ID_FIELD)


def read_known(pieces: Iterable[str], source: str, rule: IdRule) -> Iterator[tuple[int, str]]:
    """Return ids with their lines: of a list, of a table, or of keys as they were written.

    A table's ids are in its column registrationId, or else what *rule* makes of its rows; rows with
    an error have none. Raises UsageError, which names *source*, for what no id can be found in: a
    duplicate would go unnoticed.
    """
    start, pieces = beginning(pieces)
    if start in ("{", "["):
        rows = (
            Row(line, {ID_FIELD: value} if isinstance(value, str) else value, problem)
            for line, value, problem in json_values(pieces, source)
        )
        return _ids_of_rows(rows, source, rule)
    line, pieces = first_line(pieces)
    if _ROW.fullmatch(line):
        return _ids_of_keys(chain.from_iterable(lines_of(pieces, source)))
    if len(names_in(line)) > 1 or line in (ID_FIELD, *rule.names):
        return _ids_of_rows(read_table(pieces, source).rows, source, rule)
    chunks = read_ids(pieces, source).chunks
    return (pair for chunk in chunks for pair in zip(chunk.places, chunk.ids, strict=True))


def _ids_of_keys(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, 1):
        text, _, value = line.partition("\t")
        if value.partition("\t")[0]:
            yield number, text


def _ids_of_rows(rows: Iterable[Row], source: str, rule: IdRule) -> Iterator[tuple[int, str]]:
    for row in rows:
        if row.problem is None and row.values.get(ERROR):
            continue
        own = _WRITTEN if ID_FIELD in row.values or not rule.names else rule
        text, problem = judged(row, own)
        if problem is not None:
            raise UsageError(
                f"--known: {source}:{row.line}: {problem}",
                "A line without an id could hide a duplicate.",
            )
        yield row.line, text

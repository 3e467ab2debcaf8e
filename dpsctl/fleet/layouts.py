"""How a fleet's keys are written: each beside its id, or appended to the row of its id."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from itertools import starmap
from textwrap import indent
from typing import Any, NamedTuple

from dpsctl.errors import UsageError
from dpsctl.fleet.registration_ids import ID_FIELD, Ids
from dpsctl.fleet.tables import Row
from dpsctl.text.lines import UNREADABLE

ERROR = "error"
_ONE_LINE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_INDENTED = json.JSONEncoder(ensure_ascii=False, indent=2)
_SEPARATORS = {"csv": ",", "tsv": "\t"}


class Layout(NamedTuple):
    """What stands around rows; `{}` is the name of what is derived."""

    opening: str = ""
    between: str = ""
    closing: str = ""


LAYOUTS = {
    "tsv": Layout(),
    "csv": Layout(opening=f"{ID_FIELD},{{}}\n"),
    "jsonl": Layout(),
    "json": Layout(opening="[\n", between=",\n", closing="\n]\n"),
}


def template(output: str, value: str, name: str) -> str:
    """Return a row's template for an id and a key; neither holds anything that needs escaping.

    *value*, a template too, is what is made of them, and *name* what it is called.
    """
    if output in _SEPARATORS:
        return f"{{0}}{_SEPARATORS[output]}{value}\n"
    members = sorted({ID_FIELD: "{0}", name: value}.items())
    if output == "jsonl":
        return "{{" + ",".join(f'"{name}":"{text}"' for name, text in members) + "}}\n"
    lines = ",\n".join(f'    "{name}": "{text}"' for name, text in members)
    return f"  {{{{\n{lines}\n  }}}}"


class Appended:
    """Rows as they came, with a value and an error more: a bad row keeps its place without a value.

    *name* is what the value is called; ids that are in no column get one before it. Raises
    UsageError if the rows hold something of these names, and for objects of JSON, each with fields
    of its own, that are to become a table.
    """

    def __init__(self, output: str, name: str, ids: Ids) -> None:
        self._output = output
        self._names = [ID_FIELD, name] if ids.are_made else [name]
        self._columns = ids.columns
        if self._columns is None and output in _SEPARATORS:
            raise UsageError(
                f"-o {output} --append: the objects of JSON have fields of their own",
                "Give -o jsonl or -o json.",
            )
        self._check(dict.fromkeys(self._columns or ()))
        self.opening = LAYOUTS[output].opening
        if self._columns is not None and output in _SEPARATORS:
            header = [*self._columns, *self._names, ERROR]
            self.opening = self._lines([header]) if output == "csv" or ids.has_header else ""

    def text(self, rows: list[Row], made: Iterator[str], problems: Mapping[int, str]) -> str:
        """Write *rows*; *made* are an id, a tab and a value for each that has no problem."""
        nothing = [None] * len(self._names)
        judged = (
            (row, nothing, f"line {row.line}: {problems[place]}")
            if place in problems
            else (row, next(made).split("\t")[-len(self._names) :], None)
            for place, row in enumerate(rows)
        )
        if self._output in _SEPARATORS:
            cells = ([*self._kept(row).values(), *more, error] for row, more, error in judged)
            text = self._lines(cells)
        else:
            text = LAYOUTS[self._output].between.join(starmap(self._object, judged))
        return text.replace(UNREADABLE, "\ufffd")

    def _object(self, row: Row, more: list[str | None], problem: str | None) -> str:
        kept = self._kept(row)
        if self._columns is None:
            self._check(kept, f"line {row.line}: ")
        error = {ERROR: problem} if problem else {}
        shown = {**kept, **dict(zip(self._names, more, strict=True)), **error}
        if self._output == "jsonl":
            return _ONE_LINE.encode(shown) + "\n"
        return indent(_INDENTED.encode(shown), "  ")

    def _kept(self, row: Row) -> dict[str, Any]:
        if self._columns is None:
            return row.values
        return {name: row.values.get(name, "") for name in self._columns}

    def _lines(self, rows: Iterable[list[Any]]) -> str:
        text = StringIO()
        separator = _SEPARATORS[self._output]
        csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
        return text.getvalue()

    def _check(self, kept: Mapping[str, Any], place: str = "") -> None:
        """Refuse to write over what came."""
        for name in (*self._names, ERROR):
            if name in kept:
                raise UsageError(
                    f"--append: {place}'{name}' is there already", "Rename it, or leave it out."
                )

"""JSON with a device in each value: one a line, an array of them, or objects of many lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from dpsctl.text.json_text import NotJsonError, read_json
from dpsctl.text.lines import UNREADABLE, beginning, lines_of

NOT_TEXT = "is no text in UTF-8 (or UTF-16)"
_MARKS = re.compile(r'(\\[^\n]|["{}\[\],\n])')
_STRUCTURE = frozenset("[]{},")


class Value(NamedTuple):
    """What stands at a *line*; *problem* says why there is no value."""

    line: int
    value: Any = None
    problem: str | None = None


def json_values(pieces: Iterable[str], source: str) -> Iterator[Value]:
    """Read values one after another; memory does not grow with their number.

    What cannot be read spoils no other value. Where a line is but the `{` of an object, objects
    span lines, as they may in an array.
    """
    start, pieces = beginning(pieces)
    if start == "[":
        return _Elements(1).cut(pieces)
    lines = enumerate(chain.from_iterable(lines_of(pieces, source)), 1)
    first = next(((number, line) for number, line in lines if line.strip()), (0, ""))
    lines_from_it = chain([first], lines)
    if first[1].strip() == "{":
        return _Elements(first[0]).cut(f"{line}\n" for _, line in lines_from_it)
    return (_value(number, line) for number, line in lines_from_it if line.strip())


def _value(line: int, text: str) -> Value:
    if UNREADABLE in text:
        return Value(line, problem=NOT_TEXT)
    try:
        return Value(line, read_json(text))
    except NotJsonError as error:
        lines = text.count("\n")
        place = "" if error.index is None else f" at column {error.index + 1}"
        place = f" (a value up to line {line + lines})" if lines else place
        return Value(line, problem=f"{'is not JSON: ' * error.is_syntax}{error.problem}{place}")


class _Elements:
    """Cuts arrays, or objects that follow each other, into their elements.

    Brackets, quotes and commas are all it looks at, so that an element that is wrong can be told
    from the next. One that lacks a bracket reaches to the end.
    """

    def __init__(self, line: int) -> None:
        self._line = line
        self._text: list[str] = []
        self._depth = self._outside = 0  # inside an array, its elements' outside is one deep

    def cut(self, pieces: Iterable[str]) -> Iterator[Value]:
        is_quoted = False
        for mark in _marks(pieces):
            if not is_quoted and mark in _STRUCTURE:
                if self._ends_with(mark):
                    yield from self._value()
                continue
            self._text.append(mark)
            if mark == "\n":
                self._line += 1
            is_quoted = mark != "\n" and is_quoted != (mark == '"')
        yield from self._value()
        if self._outside:
            yield Value(self._line, problem="the array does not end: was the file cut off?")

    def _ends_with(self, mark: str) -> bool:
        """Take a bracket or a comma, and tell whether an element has ended."""
        is_first = self._depth == 0
        self._depth += (mark in "[{") - (mark in "]}")
        if mark == "[" and is_first:
            self._outside = 1
            return False
        if self._depth < self._outside or self._depth < 0:
            self._depth = self._outside = 0
            return True
        if mark == "," and self._depth == self._outside:
            return True
        self._text.append(mark)
        return mark in "]}" and self._depth == self._outside

    def _value(self) -> Iterator[Value]:
        text = "".join(self._text).lstrip()
        self._text.clear()
        if text:
            yield _value(self._line - text.count("\n"), text)


def _marks(pieces: Iterable[str]) -> Iterator[str]:
    """Split text before and after all that structures JSON; an escaped quote is no quote."""
    rest = ""
    for piece in pieces:
        marks = _MARKS.split(rest + piece)
        rest = marks.pop()
        if not rest.endswith("\\"):
            marks.append(rest)
            rest = ""
        yield from filter(None, marks)
    yield rest

"""What a command says of its table's columns: where a value is found, and what kind it is of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Self

Kind = Literal["text", "head", "word", "whole", "age", "time", "end", "days", "bar"]


class Column(str):
    """A column by its JMESPath, which alone is one of *kind* text.

    Where a terminal is too narrow, `text` (an id, a path) is cut in its middle and `head`, which
    begins with what it is about (a host, a sentence), at its end; a `word` is not cut, and `whole`
    goes on in the next line, because somebody needs all of it. An `age` is a time that has passed,
    an `end` one that had better not come soon, as the `days` until then. The numbers of a `bar` are
    drawn. *say* makes words of a value. *left_out* is the default that the service leaves out. Only
    `-o wide` shows one that *is_wide* on a terminal. What is no terminal gets all columns, and
    values without these ornaments, but in words.
    """

    __slots__ = ("is_wide", "kind", "left_out", "say")
    kind: Kind
    left_out: str
    is_wide: bool
    say: Callable[[Any], str | None] | None

    def __new__(
        cls,
        path: str,
        kind: Kind = "text",
        *,
        left_out: str = "",
        is_wide: bool = False,
        say: Callable[[Any], str | None] | None = None,
    ) -> Self:
        """Make a column of the values at *path*."""
        column = super().__new__(cls, path)
        column.kind, column.left_out, column.is_wide = kind, left_out, is_wide
        column.say = say
        return column


def declared(path: str) -> Column:
    """Return a column as it was declared: by its path alone, or with all that is to be said."""
    return path if isinstance(path, Column) else Column(path)

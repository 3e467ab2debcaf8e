"""Where the records of a text stand, in YAML and in JSON alike."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dpsctl.text.json_text import read_json

_BETWEEN = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text, counted from 0 as PyYAML's marks are."""

    line: int
    column: int
    index: int

    @classmethod
    def of(cls, text: str, index: int) -> Mark:
        """Find the line and column of *index* in *text*."""
        return cls(0, 0, 0).moved(text, index)

    def moved(self, text: str, index: int) -> Mark:
        """Return the mark of an *index* further on in *text*."""
        line = self.line + text.count("\n", self.index, index)
        return Mark(line, index - (text.rfind("\n", 0, index) + 1), index)


@dataclass(frozen=True, slots=True)
class Record:
    """A document, or an item of one that is a list: it begins at *mark* and is over before *end*.

    *end* is an index in the text that was read, without its byte order mark.
    """

    value: Any
    mark: Mark
    end: int


def json_records(text: str, *, is_list_opened: bool) -> Iterator[Record]:
    """Yield the JSON value in *text*, or each item of a list. Raises NotJsonError."""
    value = read_json(text)
    if not (is_list_opened and isinstance(value, list)):
        start = len(text) - len(text.lstrip())
        yield Record(value, Mark.of(text, start), len(text))
        return
    mark = Mark(0, 0, 0)
    for item, (start, end) in zip(value, _item_places(text), strict=True):
        mark = mark.moved(text, start)
        yield Record(item, mark, end)


def _item_places(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each item of the JSON list in *text* begins and ends."""
    decode = json.JSONDecoder().raw_decode
    index = _BETWEEN.match(text, text.index("[") + 1).end()  # type: ignore[union-attr] # it may match nothing
    while text[index] != "]":
        _, end = decode(text, index)
        yield index, end
        index = _BETWEEN.match(text, end).end()  # type: ignore[union-attr] # it may match nothing

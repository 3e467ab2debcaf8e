"""How a registration id follows from a device's row: a column, a template of columns, its case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from string import Formatter
from typing import Any

from dpsctl.errors import UsageError

_HINT = "Write the names of columns in braces: 'pump-{serial}', or 'pump-{serial:0>6}' to fill up."
# What people write for numbers; of a text it would put the zeros behind it.
_FILLED_UP = re.compile(r"0(\d+)d?")


@dataclass(frozen=True)
class IdRule:
    """Ids are in the column *field*, or made by *template* of a row's columns; else a line is one.

    Raises UsageError for a template that cannot be read.
    """

    field: str | None = None
    template: str | None = None
    lower: bool = False

    def __post_init__(self) -> None:
        if self.template is None:
            return
        if self.field is not None:
            raise UsageError(
                "--id-field and --id-template exclude each other", "A template names its columns."
            )
        try:
            self.id_of(dict.fromkeys(self.names, "0"))
        except ValueError as error:
            raise UsageError(f"--id-template '{self.template}': {error}", _HINT) from None
        if not self.names:
            raise UsageError(
                f"--id-template '{self.template}': no column is named, so all ids were one", _HINT
            )

    @property
    def makes_ids(self) -> bool:
        """Whether ids are other than what stands in the file."""
        return self.template is not None or self.lower

    @cached_property
    def names(self) -> list[str]:
        """The columns that are needed."""
        if self.template is None:
            return [] if self.field is None else [self.field]
        return list(dict.fromkeys(name for _, name, _ in self._parts if name is not None))

    def id_of(self, values: Mapping[str, Any]) -> str:
        """Return the id of a row. Raises ValueError, which says what is missing."""
        if self.template is None:
            text = _text(values, self.names[0])
        else:
            text = "".join(
                literal + (format(_text(values, name, numbers=True), spec) if name else "")
                for literal, name, spec in self._parts
            )
        return text.lower() if self.lower else text

    @cached_property
    def _parts(self) -> list[tuple[str, str | None, str]]:
        parts = []
        for literal, name, spec, conversion in Formatter().parse(self.template or ""):
            if conversion or name == "":
                raise ValueError("braces hold a column's name, and how wide it is")
            filled_up = _FILLED_UP.fullmatch(spec or "")
            parts.append((literal, name, f"0>{filled_up[1]}" if filled_up else spec or ""))
        return parts


def _text(values: Mapping[str, Any], name: str, *, numbers: bool = False) -> str:
    value = values.get(name)
    if value is None:
        raise ValueError(f"has no '{name}'")
    if numbers and type(value) is int:
        return str(value)
    if not isinstance(value, str):
        raise ValueError(f"'{name}' is no text")  # noqa: TRY004 - a user's row, not a caller's mistake
    return value

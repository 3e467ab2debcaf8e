"""`$each`: a record for each row of a CSV or JSON Lines file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dpsctl.fleet.device_files import DeviceFile
from dpsctl.manifests.files import FLAG, Found
from dpsctl.text.json_text import read_json
from dpsctl.text.values import StandardInput

# What `as` takes, and what a cell has to be then.
TYPES: dict[str, Any] = {"integer": int, "number": int | float, "boolean": bool, "json": object}


@dataclass(frozen=True, slots=True)
class CellRow:
    """One row: its line, and its cells beside the names that all rows of the file share."""

    line: int
    names: tuple[str, ...]
    cells: tuple[Any, ...]

    def values(self) -> Mapping[str, Any]:
        """Return the cells that are not empty by their columns."""
        pairs = zip(self.names, self.cells, strict=True)
        return {name: cell for name, cell in pairs if cell is not None}


def rows_of(found: Found, name: str, stdin: StandardInput) -> Iterator[CellRow | str]:
    """Read the rows of the file *name* that a record's `$each` names, or what is wrong with one.

    Raises UsageError for a file that cannot be read.
    """
    path = found.source.open_path(name)
    shown = str(found.source.folder / name)
    table = DeviceFile(str(path), FLAG, stdin).table()
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    for row in table.rows:
        if row.problem:
            yield f"{shown}:{row.line}: {row.problem}"
            continue
        names = tuple(table.columns or row.values)
        names = known.setdefault(names, names)
        yield CellRow(row.line, names, tuple(row.values.get(each) for each in names))


def digest_of_rows(found: Found, name: str) -> dict[str, str]:
    """Return the SHA-256 of the file of rows *name*, by the path that messages show."""
    try:
        with found.source.open_path(name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return {}  # who reads the rows says what is wrong
    return {str(found.source.folder / name): digest}


def check_columns(columns: set[str], template: Any) -> Iterator[str]:
    """Yield the columns that a *template* asks for and no row has."""
    if isinstance(template, dict):
        asked = template.get("$column")
        if isinstance(asked, str) and asked not in columns:
            yield asked
        for part in template.values():
            yield from check_columns(columns, part)
    elif isinstance(template, list):
        for part in template:
            yield from check_columns(columns, part)


def typed(cell: str, wanted: str) -> Any:
    """Return what *cell* means as JSON. Raises ValueError if it is not of the type *wanted*."""
    if wanted == "integer" and cell.isdecimal() and cell.isascii() and cell[0] != "0":
        return int(cell)  # most cells, and much sooner
    value = read_json(cell.strip())
    is_number = not (isinstance(value, bool) and wanted in ("integer", "number"))
    if is_number and isinstance(value, TYPES[wanted]):
        return value
    raise ValueError(f"not of the type {wanted}")

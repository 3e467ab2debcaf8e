"""Rows out of any result, and a table of them: az's plain style, for people as they read it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dpsctl.frozen import frozen
from dpsctl.output.cells import Cell, Reader, status_colour
from dpsctl.output.columns import Column, declared
from dpsctl.output.fitting import Grid, fitted, lines
from dpsctl.output.query import as_items
from dpsctl.text.controls import spelled_out

Row = dict[str, str]

# az's rule: these say nothing that a reader of a table looks for.
HIDDEN = frozenset({"id", "type", "etag"})
_HEADER_PADDING = 2  # as tabulate, which draws az's tables, pads titles
_BAR_WIDTH = 24


@frozen
class Look:
    """How a table is shown: *width* is the terminal's, None for a pipe or a file.

    On a terminal, values are written for people and made to fit; one that *is_wide* has all of them
    in lines as long as they are. It is *now* for whoever reads it, by *encoding*.
    """

    width: int | None = None
    colour: bool = False
    is_wide: bool = False
    now: datetime | None = None
    encoding: str = "utf-8"


def table(data: Any, columns: Mapping[str, str] | None, look: Look) -> str:
    """Return *data* as text; *columns* maps titles to JMESPath, without them az's rule holds."""
    return table_of(grid_of(as_items(data), columns, look), look)


def table_of(grid: Grid, look: Look) -> str:
    """Return *grid* as text."""
    grid = _written(grid, look.encoding)
    if not grid.titles:
        return ""
    mark = "…" if _is_written("…", look.encoding) else "~"
    widths = grid.widths(_HEADER_PADDING if look.width is None else 0)
    if look.width is not None and not look.is_wide:
        grid, widths = fitted(grid, look.width, mark)
    return "".join(f"{line}\n" for line in lines(grid, widths, mark, colour=look.colour))


def grid_of(items: list[Any], columns: Mapping[str, str] | None, look: Look) -> Grid:
    """Return what there is to be seen of *items*, by *columns* where these say anything of them."""
    if columns and (look.width is not None or items):
        found = {
            title: _values(items, declared(path))
            for title, path in columns.items()
            if look.width is None or look.is_wide or not declared(path).is_wide
        }
        is_any = any(value is not None for values in found.values() for value in values)
        if is_any or not items:
            chosen = {title: declared(columns[title]) for title in found}
            return _picked(found, chosen, look)
    rows = _scalar_rows(items) or full_rows(items)
    titles = list(dict.fromkeys(title for row in rows for title in row))
    cells = [[_plain_cell(title, row.get(title, "")) for title in titles] for row in rows]
    return Grid(titles, ["whole"] * len(titles), cells)


def full_rows(items: list[Any]) -> list[Row]:
    """Return every field of each item under its own name, nested ones as JSON, for `-o csv`."""
    return [{name: _as_json(value) for name, value in _fields(item).items()} for item in items]


def _picked(found: dict[str, list[Any]], columns: dict[str, Column], look: Look) -> Grid:
    reader = Reader(look.now or datetime.now(UTC), look.is_wide)
    cells = []
    for title, values in found.items():
        column = columns[title]
        texts = _bars(values, look) if column.kind == "bar" else map(_text, values)
        cells.append(
            [
                _plain_cell(title, text)
                if look.width is None
                else reader.cell(title, column, value, text)
                for value, text in zip(values, texts, strict=True)
            ]
        )
    kinds = [column.kind for column in columns.values()]
    return Grid(list(found), kinds, list(zip(*cells, strict=True)))


def _values(items: list[Any], column: Column) -> list[Any]:
    import jmespath

    path = jmespath.compile(column)
    values = [path.search(item) for item in items]
    return [column.say(value) for value in values] if column.say else values


def _plain_cell(title: str, text: str) -> Cell:
    return Cell(text, status_colour(title, text))


def _written(grid: Grid, encoding: str) -> Grid:
    """Spell out what a terminal would obey, or could not show."""
    rows = [[Cell(_shown(cell.text, encoding), cell.colour) for cell in row] for row in grid.rows]
    return Grid([_shown(title, encoding) for title in grid.titles], grid.kinds, rows)


def _shown(text: str, encoding: str) -> str:
    shown = spelled_out(text)
    if _is_written(shown, encoding):
        return shown
    return shown.encode(encoding, "backslashreplace").decode(encoding)


def _is_written(text: str, encoding: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _fields(item: Any) -> dict[str, Any]:
    """Return what *item* has by name: sorted, unless a query has built it in its own order."""
    if isinstance(item, OrderedDict):
        return item
    if isinstance(item, dict):
        return dict(sorted(item.items()))
    if isinstance(item, list):
        return {f"Column{number}": value for number, value in enumerate(item, 1)}
    return {"Result": item}


def _scalar_rows(items: list[Any]) -> list[Row]:
    """Return az's columns: what is not nested or null, the first letter made a capital."""
    rows = []
    for item in items:
        hidden = HIDDEN if type(item) is dict else ()  # what a query names is wanted
        rows.append(
            {
                name[:1].upper() + name[1:]: str(value)
                for name, value in _fields(item).items()
                if name not in hidden and value is not None and not isinstance(value, dict | list)
            }
        )
    return rows if any(rows) else []


def _bars(values: list[Any], look: Look) -> list[str]:
    """Draw numbers, in a pipe as on a terminal; the largest takes the whole width."""
    from rich.bar import Bar

    most = max(values, default=0) or 1
    if not _is_written("█", look.encoding):
        return ["#" * round(_BAR_WIDTH * value / most) for value in values]
    drawn = (Bar(most, 0, value, width=_BAR_WIDTH) for value in values)
    return [paint(bar, _BAR_WIDTH, colour=False).rstrip() for bar in drawn]


def _text(value: Any) -> str:
    if isinstance(value, list) and not any(isinstance(part, dict | list) for part in value):
        return ", ".join(str(part) for part in value)
    return _as_json(value) if isinstance(value, dict | list | None) else str(value)


def _as_json(value: Any) -> str:
    """Return a text as it is, null as nothing, the rest as JSON."""
    import json

    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def paint(shown: Any, width: int | None, colour: bool) -> str:
    """Return what rich makes of *shown*, wrapped only at *width*, with escapes if *colour*."""
    from io import StringIO

    from rich.console import Console

    out = StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        _environ={},  # NO_COLOR and the rest were judged before
    )
    console.print(shown, soft_wrap=width is None, highlight=False)
    return out.getvalue()

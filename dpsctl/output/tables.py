"""Rows out of any result, and a table of them: az's plain style, fitted to a terminal."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from dpsctl.output.query import as_items
from dpsctl.run import Bar
from dpsctl.text.controls import spelled_out

Row = dict[str, str]

# az's rule: these say nothing that a reader of a table looks for.
HIDDEN = frozenset({"id", "type", "etag"})
GAP = "  "
_BAR_WIDTH = 24
HEADER_PADDING = 2  # as tabulate, which draws az's tables, pads titles
STATUS_COLOURS = {
    "enabled": "green",
    "assigned": "green",
    "disabled": "red",
    "failed": "red",
    "assigning": "yellow",
    "unassigned": "yellow",
}


def table(data: Any, columns: Mapping[str, str] | None, width: int | None, colour: bool) -> str:
    """Return *data* as text; *columns* maps titles to JMESPath, without them az's rule holds.

    *width* is a terminal's: longer cells are folded. None (a pipe) folds and cuts nothing.
    """
    items = as_items(data)
    rows = _picked_rows(items, columns) if columns else _scalar_rows(items) or full_rows(items)
    titles = list(dict.fromkeys(title for row in rows for title in row))
    if not titles:
        return ""
    cells = [[spelled_out(row.get(title, "")) for title in titles] for row in rows]
    widths = _widths(titles, cells)
    needed = sum(widths) + len(GAP) * (len(widths) - 1)
    if not colour and (width is None or needed <= width):
        return _plain(titles, cells, widths)
    return _on_terminal(titles, cells, width or needed, colour)


def full_rows(items: list[Any]) -> list[Row]:
    """Return every field of each item under its own name, nested ones as JSON, for `-o csv`."""
    return [{name: _as_json(value) for name, value in _fields(item).items()} for item in items]


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


def _picked_rows(items: list[Any], columns: Mapping[str, str]) -> list[Row]:
    import jmespath

    found = {
        title: [jmespath.compile(path).search(item) for item in items]
        for title, path in columns.items()
    }
    cells = {
        title: _bars(values) if isinstance(columns[title], Bar) else map(_cell, values)
        for title, values in found.items()
    }
    return [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]


def _bars(values: list[Any]) -> list[str]:
    """Draw numbers, in a pipe as on a terminal; the largest takes the whole width."""
    from rich.bar import Bar as Drawn

    most = max(values, default=0) or 1
    drawn = (Drawn(most, 0, value, width=_BAR_WIDTH) for value in values)
    return [paint(bar, _BAR_WIDTH, colour=False).rstrip() for bar in drawn]


def _cell(value: Any) -> str:
    if isinstance(value, list) and not any(isinstance(part, dict | list) for part in value):
        return ", ".join(str(part) for part in value)
    return _as_json(value) if isinstance(value, dict | list | None) else str(value)


def _as_json(value: Any) -> str:
    """Return a text as it is, null as nothing, the rest as JSON."""
    import json

    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _widths(titles: list[str], cells: list[list[str]]) -> list[int]:
    columns = zip(titles, *cells, strict=True)
    return [
        max(_columns_taken(title) + HEADER_PADDING, *(_columns_taken(text) for text in column))
        for title, *column in columns
    ]


def _columns_taken(text: str) -> int:
    """Return how many columns of a terminal *text* takes: two for a wide character, 0 for marks."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _plain(titles: list[str], cells: list[list[str]], widths: list[int]) -> str:
    lines = [titles, ["-" * width for width in widths], *cells]
    return "".join(
        GAP.join(
            text + " " * (width - _columns_taken(text))
            for text, width in zip(line, widths, strict=True)
        ).rstrip()
        + "\n"
        for line in lines
    )


def _on_terminal(titles: list[str], cells: list[list[str]], width: int, colour: bool) -> str:
    from rich.box import Box
    from rich.table import Table
    from rich.text import Text

    header_rule = Box("    \n    \n -  \n    \n    \n    \n    \n    \n")
    grid = Table(
        box=header_rule, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold"
    )
    for title in titles:
        grid.add_column(Text(title), overflow="fold")
    for line in cells:
        grid.add_row(
            *[
                Text(text, style=_status_colour(title, text))
                for title, text in zip(titles, line, strict=True)
            ]
        )
    painted = paint(grid, width, colour)
    return "".join(line.rstrip() + "\n" for line in painted.rstrip("\n").split("\n"))


def _status_colour(title: str, text: str) -> str:
    return STATUS_COLOURS.get(text.lower(), "") if title.lower().endswith("status") else ""


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

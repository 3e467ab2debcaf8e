"""Show a result on standard output: in one of the forms of `-o`, after `--query`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TextIO

from dpsctl.errors import DpsctlError
from dpsctl.frozen import frozen
from dpsctl.machine import platforms
from dpsctl.options.words import OutputFormat, ReportFormat
from dpsctl.output.query import CompiledQuery, as_items
from dpsctl.run import Paper
from dpsctl.text.controls import in_json, spelled_out

if TYPE_CHECKING:
    from datetime import datetime

# How many rows are looked at for the columns of a csv that is written as it comes.
_HEADER_ROWS = 100


@frozen
class Style:
    """How to show a result; *width* is the terminal's, None for a pipe or a file.

    *columns* and *rows* are for a table of records as they came; the rows stand for the result. A
    format that has a rendering here is written by that; without one, text and markdown are json.
    *make_room* is called whenever something is going to be written.
    """

    format: OutputFormat | ReportFormat = OutputFormat.json
    query: CompiledQuery | None = None
    colour: bool = False
    columns: Mapping[str, str] | None = None
    rows: list[Any] | None = None
    width: int | None = None
    now: datetime | None = None
    make_room: Callable[[], None] | None = None
    renderings: Mapping[str, Callable[[Paper], Iterable[str]]] = field(default_factory=dict)


def show(result: Any, style: Style, out: TextIO) -> None:
    """Write *result* (JSON-like data, or an iterator of it) to *out*.

    An iterator is read to its end before anything is written, so that a page that fails leaves
    nothing half said; only `jsonl`, `tsv`, `csv` and `name` write row by row. None writes nothing,
    as with az.
    """
    if style.format in style.renderings:
        lines = style.renderings[style.format](Paper(style.width, style.colour))
        _show_lines(_with_room(lines, style), out)
        return
    form = _FORMS.get(style.format, _FORMS[OutputFormat.json])
    if form.by_row and (form.whole is None or isinstance(result, Iterator)):
        form.by_row(_with_room(_stream(result, style.query), style), out)
        return
    data = list(result) if isinstance(result, Iterator) else result
    if form.whole is None:
        return
    if form.whole is _show_table:
        data, style = rows_of(data, style)
    elif style.query is not None:
        data = style.query.search(data)
    for shown in _with_room([] if data is None else [data], style):
        form.whole(shown, style, out)


def _with_room(items: Iterable[Any], style: Style) -> Iterator[Any]:
    for item in items:
        if style.make_room:
            style.make_room()
        yield item


def rows_of(data: Any, style: Style) -> tuple[Any, Style]:
    """Return a table's rows; what a query makes of records is not for the columns of records."""
    if style.query is None:
        return (data if style.rows is None else style.rows), style
    found = style.query.search(data)
    records = {id(record) for record in as_items(data if style.rows is None else style.rows)}
    is_whole = all(id(item) in records for item in as_items(found))
    return found, style if is_whole else replace(style, columns=None)


def wants_colour(choice: str, environ: Mapping[str, str], stream: Any) -> bool:
    """Decide on colour: `--color`, NO_COLOR, FORCE_COLOR or CLICOLOR_FORCE, TERM, the terminal.

    The first of these that says something decides; that it runs in CI says nothing.
    """
    if choice in ("always", "never"):
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    is_able = environ.get("TERM") != "dumb" and stream.isatty()
    return bool(is_able and platforms.shows_colours(stream))


def _show_lines(lines: Iterable[str], out: TextIO) -> None:
    """Write *lines* as they come; whoever made them has spelled out what others wrote."""
    for line in lines:
        _write(out, f"{line}\n")
        out.flush()


def _stream(result: Any, query: CompiledQuery | None) -> Iterator[Any]:
    if isinstance(result, Iterator):
        return query.search_each(result) if query else result
    return iter(as_items(query.search(result) if query else result))


def show_lines(items: Iterable[Any], out: TextIO) -> None:
    """Write each item as JSON in a line of its own, to be read at once."""
    for item in items:
        _write(out, _json_line(item), partial(_json_line, item, ascii_only=True))
        out.flush()


def _stream_lines(items: Iterator[Any], out: TextIO) -> None:
    for number, item in enumerate(items):
        _write(out, _json_line(item), partial(_json_line, item, ascii_only=True))
        _show_first(number, out)


def _stream_tsv(items: Iterator[Any], out: TextIO) -> None:
    from dpsctl.output.shell import tsv_row

    for number, item in enumerate(items):
        _write_exactly(out, tsv_row(item) + "\n")
        _show_first(number, out)


def _stream_csv(items: Iterator[Any], out: TextIO) -> None:
    """Write rows under the fields of the first ones; a field that comes later has no column."""
    first = list(islice(items, _HEADER_ROWS))
    names = _write_csv(first, None, out)
    out.flush()
    for item in items:
        _write_csv([item], names, out)


def _show_first(number: int, out: TextIO) -> None:
    """Let the first row be seen while the next page is being fetched."""
    if number == 0:
        out.flush()


def _json_line(item: Any, *, ascii_only: bool = False) -> str:
    import json

    text = json.dumps(item, ensure_ascii=ascii_only, sort_keys=True, separators=(",", ":"))
    return in_json(text) + "\n"


def _json(data: Any, *, ascii_only: bool = False) -> str:
    import json

    return in_json(json.dumps(data, ensure_ascii=ascii_only, sort_keys=True, indent=2)) + "\n"


def _show_json(data: Any, style: Style, out: TextIO) -> None:
    is_coloured = style.format is OutputFormat.jsonc and style.colour
    text = _highlighted(_json(data), "json") if is_coloured else _json(data)
    _write(out, text, partial(_json, data, ascii_only=True))


def _show_yaml(data: Any, style: Style, out: TextIO) -> None:
    from dpsctl.text.documents import dump

    is_coloured = style.format is OutputFormat.yamlc and style.colour
    text = _highlighted(dump(data), "yaml") if is_coloured else dump(data)
    _write(out, text, partial(dump, data, ascii_only=True))


def _highlighted(text: str, language: str) -> str:
    from rich.syntax import Syntax

    from dpsctl.output.tables import paint

    syntax = Syntax("", language, theme="ansi_dark", background_color="default")
    highlighted = syntax.highlight(text)
    highlighted.rstrip()  # the console adds the last line's end
    return paint(highlighted, None, True)


def _show_table(data: Any, style: Style, out: TextIO) -> None:
    from dpsctl.output.tables import Look, table

    look = Look(
        style.width,
        style.colour,
        is_wide=style.format == OutputFormat.wide,
        now=style.now,
        encoding=out.encoding or "utf-8",
    )
    _write(out, table(data, style.columns, look))


def _show_tsv(data: Any, style: Style, out: TextIO) -> None:
    from dpsctl.output.shell import tsv_row

    del style  # the same in a pipe and on a terminal
    items = data if isinstance(data, list) else [data]
    _write_exactly(out, "".join(tsv_row(item) + "\n" for item in items))


def _stream_names(items: Iterator[Any], out: TextIO) -> None:
    from dpsctl.output.shell import name_of

    for number, item in enumerate(items):
        _write_exactly(out, name_of(item) + "\n")
        _show_first(number, out)


def _show_variables(data: Any, style: Style, out: TextIO) -> None:
    from dpsctl.output.shell import variables

    del style  # the same in a pipe and on a terminal
    _write_exactly(out, variables(as_items(data)))


def _show_csv(data: Any, style: Style, out: TextIO) -> None:
    del style  # the same in a pipe and on a terminal
    _write_csv(as_items(data), None, out)


def _write_csv(items: list[Any], names: list[str] | None, out: TextIO) -> list[str]:
    """Write *items* under *names*, or under their own with a header; return the names.

    Raises DpsctlError for a field that the header lacks: leaving it out would lose it silently.
    """
    import csv
    from io import StringIO

    from dpsctl.output.tables import full_rows

    rows = full_rows(items)
    columns = names or list(dict.fromkeys(name for row in rows for name in row))
    if new := next((name for row in rows for name in row if name not in columns), None):
        raise DpsctlError(
            f"-o csv: a record has the field {new}, for which the header has no column",
            "The rows before it were written. -o jsonl keeps the fields of every record.",
        )
    text = StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    if not names and columns:
        writer.writeheader()
    writer.writerows(rows if columns else [])
    _write_exactly(out, text.getvalue())
    return columns


def _write_exactly(out: TextIO, text: str) -> None:
    """Write *text* as it is, but to a terminal, which would obey a control character in it."""
    _write(out, spelled_out(text, keep="\t\r\n") if out.isatty() else text)


def _write(out: TextIO, text: str, escaped: Callable[[], str] | None = None) -> None:
    """Write *text*; what the stream's encoding lacks as *escaped* says, or with backslashes."""
    try:
        out.write(text)
    except UnicodeEncodeError:
        encoding = out.encoding or "ascii"
        safe = escaped() if escaped else text
        out.write(safe.encode(encoding, "backslashreplace").decode(encoding))


@frozen
class _Form:
    """How a format is written: as a *whole*, once all of it is there, or *by_row* as it comes."""

    whole: Callable[[Any, Style, TextIO], None] | None = None
    by_row: Callable[[Iterator[Any], TextIO], None] | None = None


_FORMS: dict[str, _Form] = {
    OutputFormat.csv: _Form(_show_csv, _stream_csv),
    OutputFormat.env: _Form(_show_variables),
    OutputFormat.json: _Form(_show_json),
    OutputFormat.jsonc: _Form(_show_json),
    OutputFormat.jsonl: _Form(by_row=_stream_lines),
    OutputFormat.name: _Form(by_row=_stream_names),
    OutputFormat.none: _Form(),
    OutputFormat.table: _Form(_show_table),
    OutputFormat.tsv: _Form(_show_tsv, _stream_tsv),
    OutputFormat.wide: _Form(_show_table),
    OutputFormat.yaml: _Form(_show_yaml),
    OutputFormat.yamlc: _Form(_show_yaml),
}

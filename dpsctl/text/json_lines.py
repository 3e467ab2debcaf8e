"""Records in a file: JSON lines, as `-o jsonl` prints them, or one document of JSON or YAML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.text.documents import read_records
from dpsctl.text.json_text import NotJsonError, read_json


def records_in(text: str, source: str) -> Iterator[tuple[int, Any]]:
    """Yield each record of *text* and its line: of JSON lines, of a list, or the whole document.

    Raises UsageError, which starts with *source* and the line.
    """
    text = text.removeprefix("\ufeff")
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > 1 and _is_json_object(lines[0][1]):
        for number, line in lines:
            yield number, _read(line, f"{source}:{number}")
        return
    for record in read_records(text, source):
        yield record.mark.line + 1, record.value


def _is_json_object(line: str) -> bool:
    try:
        return isinstance(read_json(line), dict)
    except NotJsonError:
        return False


def _read(line: str, place: str) -> Any:
    try:
        return read_json(line)
    except NotJsonError as error:
        column = "" if error.index is None else f":{error.index + 1}"
        raise UsageError(f"{place}{column}: {error.problem}", "Each line is one record.") from None

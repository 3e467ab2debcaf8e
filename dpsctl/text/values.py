"""What may stand for a value on the command line: `@file`, JSON, `key=value` words, lists."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Sequence
from typing import Any, BinaryIO

from dpsctl.errors import UsageError
from dpsctl.text.json_text import NotJsonError, read_json, read_python_dict, where
from dpsctl.text.opening import opened
from dpsctl.text.paths import Path, parse_assignment, set_path, show_path

# UTF-32's mark begins with UTF-16's, so it is looked for first.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
EXCERPT = 60


class StandardInput:
    """Standard input of one run, which a single option may read to its end."""

    def __init__(self, stream: BinaryIO | None = None) -> None:
        self._stream = stream
        self._reader: str | None = None

    @property
    def is_read(self) -> bool:
        """Whether an option has read it."""
        return self._reader is not None

    def read(self, option: str) -> bytes:
        """Return everything.

        Raises UsageError if it cannot be read, or another value was read from here before.
        """
        stream = self.stream(option)
        try:
            return stream.read()
        except (OSError, ValueError) as error:  # ValueError: the stream was closed
            problem = getattr(error, "strerror", None) or str(error)
            raise UsageError(
                f"{option} @-: cannot read standard input: {problem}", "Is it redirected?"
            ) from None

    def stream(self, option: str) -> BinaryIO:
        """Return what is left to read, for *option* alone; raises UsageError if another has it."""
        if self._reader is not None:
            raise UsageError(
                f"{option} @-: standard input was already read by {self._reader}",
                "Put one of the two values in a file and give it as @FILE.",
            )
        self._reader = option
        stream = self._stream or (sys.stdin.buffer if sys.stdin else None)
        if stream is None:
            raise UsageError(f"{option} @-: standard input is closed")
        return stream

    def or_file(self, path: str, option: str) -> BinaryIO:
        """Open the file *path* to read it bit by bit; `-` is standard input. Raises UsageError."""
        if path == "-":
            return self.stream(option)
        try:
            return opened(path)
        except (OSError, ValueError) as error:
            problem = getattr(error, "strerror", None) or str(error)
            raise UsageError(
                f"{option} {path}: cannot read the file: {problem}", "Check the path."
            ) from None


def expand_file_reference(text: str, option: str, stdin: StandardInput) -> str:
    """Return what *text* stands for: `@FILE` and `@-` their content, `@@x` is `@x`.

    One trailing line end and a byte order mark are taken off; the encoding is what `encoding_of`
    finds. Raises UsageError for a file that is missing, unreadable or not text (az would send its
    name instead).
    """
    if not text.startswith("@"):
        return text
    if text.startswith("@@"):
        return text[1:]
    if text == "@-":
        return decode_text(stdin.read(option), f"{option} @-")
    if text == "@":
        raise UsageError(f"{option} @: no file named", "Write @FILE, or @@ for a plain @.")
    path, source = os.path.expanduser(text[1:]), f"{option} {text}"  # noqa: PTH111 - pathlib: 12 ms
    hint = f"Check the path; to mean the text itself write @{text}."
    return decode_text(_content_of(path, source, hint), source)


def read_file(path: str, option: str, stdin: StandardInput) -> bytes:
    """Return what the file *path* holds; `-` is standard input. Raises UsageError."""
    if path == "-":
        return stdin.read(option)
    return _content_of(path, f"{option} {path}", "Check the path.")


def decode_text(data: bytes, source: str) -> str:
    """Return *data* as text in whatever `encoding_of` finds, without one line end at its end.

    Raises UsageError, which starts with *source*.
    """
    mark, encoding = encoding_of(data)
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{source}: not {encoding.upper()} text (byte {len(mark) + error.start + 1})",
            "Save the file as UTF-8.",
        ) from None
    return text.removesuffix("\n").removesuffix("\r")


def encoding_of(data: bytes) -> tuple[bytes, str]:
    """Return the byte order mark that *data* begins with, and the encoding of what follows.

    Without a mark it is UTF-8, or UTF-16 if one of the first two bytes is zero, which no text in
    UTF-8 begins with.
    """
    for mark, name in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return mark, name
    if data[1:2] == b"\0":
        return b"", "utf-16-le"
    return b"", "utf-16-be" if data[:1] == b"\0" else "utf-8"


def parse_object(words: Sequence[str], option: str) -> dict[str, Any]:
    r"""Read the JSON object that *words* mean.

    One word may be JSON, a Python dictionary (as az takes) or empty for `{}`; else each is
    `key=text` or `key:=JSON`, where `a.b` nests and `\.` is a dot. Raises UsageError.
    """
    if not _is_one_object(words):
        return _parse_shorthand(words, option)
    text = words[0]
    if not text.strip():
        return {}
    try:
        value = _read_json_or_python(text)
    except NotJsonError as problem:
        raise _not_an_object(text, problem, option) from None
    if not isinstance(value, dict):
        raise UsageError(
            f"{option}: wanted a JSON object, not {_kind(value)}: {_excerpt(text, 0)}", SYNTAX_HINT
        )
    return value


def added_up(before: Sequence[str], more: Sequence[str], option: str) -> tuple[Sequence[str], bool]:
    """Add the words of an option that is given again; tell whether they replace those *before*.

    `key=value` words add up, and a whole object takes the place of another, as with az. Raises
    UsageError for one of each.
    """
    if not before:
        return more, False
    is_whole = _is_one_object(more)
    if is_whole != _is_one_object(before):
        raise UsageError(
            f"{option}: words and a whole object exclude each other",
            "Give everything as words, or everything in one object.",
        )
    return (more, True) if is_whole else ([*before, *more], False)


def parse_list(words: Sequence[str], option: str) -> list[str]:
    """Return the names in *words*, which commas or spaces inside one word part too.

    Raises UsageError if there are none, or one is empty (a script's unset variable).
    """
    parts = [part.split() for word in words for part in word.split(",")]
    if not parts or not all(parts):
        given = " ".join(repr(word) for word in words)
        raise UsageError(f"{option}: an empty value in {given or 'nothing'}", "Leave it out.")
    return [name for part in parts for name in part]


SYNTAX_HINT = (
    "Give a JSON object, words such as site=eu rack:=7 (= text, := JSON), or @FILE to read a file."
)


def _content_of(path: str, source: str, hint: str) -> bytes:
    try:
        with opened(path) as file:
            return file.read()
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        problem = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{source}: cannot read the file: {problem}", hint) from None


def _is_one_object(words: Sequence[str]) -> bool:
    return len(words) == 1 and not _is_shorthand(words[0])


def _is_shorthand(word: str) -> bool:
    return "=" in word and not word.lstrip().startswith(("{", "[", '"'))


def _parse_shorthand(words: Sequence[str], option: str) -> dict[str, Any]:
    if words and words[0].lstrip().startswith("{"):
        raise UsageError(
            f"{option}: the shell cut the JSON into {len(words)} words: {_excerpt(words[0], 0)} …",
            "Put the whole object in quotes, or in a file and give @FILE.",
        )
    body: dict[str, Any] = {}
    seen: list[Path] = []
    for word in words:
        path, value = parse_assignment(word, option)
        _refuse_conflict(path, seen, option)
        seen.append(path)
        body = set_path(body, path, value, option)
    return body


def _refuse_conflict(path: Path, seen: list[Path], option: str) -> None:
    if path in seen:
        raise UsageError(f"{option}: {show_path(path)} is given twice", "Give each key once.")
    for other in seen:
        shared = min(len(path), len(other))
        if path[:shared] == other[:shared]:
            raise UsageError(
                f"{option}: {show_path(other)} and {show_path(path)} exclude each other",
                "Give the one or the other.",
            )


def _read_json_or_python(text: str) -> Any:
    """Read JSON, or else a Python dictionary; of two failures report the one that fits."""
    try:
        return read_json(text)
    except NotJsonError as problem:
        opened = text.lstrip()
        if not problem.is_syntax or not opened.startswith("{"):
            raise
        try:
            return read_python_dict(text)
        except NotJsonError as python_problem:
            if not python_problem.is_syntax or opened[1:].lstrip().startswith("'"):
                raise
        raise


def _not_an_object(text: str, problem: NotJsonError, option: str) -> UsageError:
    place = "" if problem.index is None else f" at {where(text, problem.index)}"
    message = f"{option}: {problem.problem}{place}: {_excerpt(text, problem.index or 0)}"
    if _lost_its_quotes(text):
        return UsageError(
            message,
            "The shell took or changed the quotes: write words such as env=prod instead of JSON, "
            "or put the JSON in a file and give @FILE.",
        )
    return UsageError(message, SYNTAX_HINT)


def _lost_its_quotes(text: str) -> bool:
    import re

    return "'" not in text and bool(re.match(r"\s*\{\s*(?!\")[^\s{}:]+\s*:", text))


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {list: "an array", str: "a text", bool: "a truth value"}
    return names.get(type(value), "a number")


def _excerpt(text: str, index: int) -> str:
    """Return *text* as it arrived, or what is around *index* of a long one."""
    start = max(0, min(index - EXCERPT // 2, len(text) - EXCERPT))
    part = text[start : start + EXCERPT]
    before, after = "…" * (start > 0), "…" * (start + EXCERPT < len(text))
    return f"{before}{part!r}{after}"

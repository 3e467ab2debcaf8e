"""Text as it arrives: decoded piece by piece, whatever its encoding, and cut into lines."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from io import IncrementalNewlineDecoder

from dpsctl.errors import UsageError
from dpsctl.text.values import encoding_of

# Stands for bytes that are no text; no text holds it, and nothing writes it.
UNREADABLE = "\udcff"
_LONGEST_LINE = 1 << 24
_ERRORS = "dpsctl.unreadable"
codecs.register_error(_ERRORS, lambda error: (UNREADABLE, error.end))  # type: ignore[attr-defined]


def decoded(read: Callable[[], bytes]) -> Iterator[str]:
    """Decode what *read* gives, to its end (`b""`), each time as far as it came.

    The encoding is UTF-8, or what a byte order mark or the zeros of UTF-16 say. Lines end in LF,
    whatever they ended in (CR LF, CR). Bytes that are no text become UNREADABLE.
    """
    head = read()
    while 0 < len(head) < 4 and (more := read()):  # the longest mark
        head += more
    mark, encoding = encoding_of(head)
    decoder = IncrementalNewlineDecoder(
        codecs.getincrementaldecoder(encoding)(_ERRORS), translate=True
    )
    yield decoder.decode(head[len(mark) :])
    for data in iter(read, b""):
        yield decoder.decode(data)
    yield decoder.decode(b"", final=True)


def lines_of(pieces: Iterable[str], source: str) -> Iterator[list[str]]:
    """Cut text into lines without their ends, as many at a time as a piece completes.

    Raises UsageError, which starts with *source*, for a line that would fill the memory.
    """
    begun: list[str] = []
    for piece in pieces:
        lines = piece.split("\n")
        begun.append(lines[0])
        if len(lines) > 1:
            lines[0] = "".join(begun)
            begun = [lines.pop()]
            yield lines
        elif sum(map(len, begun)) > _LONGEST_LINE:
            raise UsageError(
                f"{source}: a line has more than {_LONGEST_LINE} characters", "Is it a text file?"
            )
    if last := "".join(begun):
        yield [last]


def beginning(pieces: Iterable[str]) -> tuple[str, Iterator[str]]:
    """Return the first character that is no white space, "" if there is none, and all the text."""
    from itertools import chain

    pieces = iter(pieces)
    blank: list[str] = []
    for piece in pieces:
        if text := piece.lstrip():
            return text[0], chain(blank, [piece], pieces)
        blank.append(piece)
    return "", iter(blank)


def first_line(pieces: Iterable[str]) -> tuple[str, Iterator[str]]:
    """Return the first line that is not blank, "" if there is none, and all the text."""
    from itertools import chain

    pieces = iter(pieces)
    begun = ""
    for piece in pieces:
        begun += piece
        line, end, _ = begun.lstrip().partition("\n")
        if end:
            return line, chain([begun], pieces)
    return begun.strip(), iter([begun])

"""The process' own streams: there from the start, the same bytes on every system, a quiet end."""

from __future__ import annotations

import os
import sys
from errno import EINVAL, EPIPE
from io import BufferedWriter, RawIOBase, TextIOWrapper

from dpsctl.machine import platforms

TYPE_CHECKING = False  # importing it costs more than the whole early path
if TYPE_CHECKING:
    from typing import Any, TextIO


def prepare() -> None:
    """Have lines end in LF, and text in UTF-8 where no terminal says otherwise.

    A stream that was closed at the start (`>&-`) is pointed at nothing: its number would go to the
    next file or connection, and print() would write to stdout what is meant for a stderr that is
    not there. Standard input stays unreadable.
    """
    if sys.stdin is None:
        os.open(os.devnull, os.O_RDONLY)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nothing = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, os.fdopen(nothing, "w", encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(newline="\n")
    if isinstance(sys.stdout, TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8")
        if platforms.IS_WINDOWS:
            sys.stdout = _with_broken_pipes(sys.stdout)


def _with_broken_pipes(stream: TextIOWrapper) -> TextIOWrapper:
    """Let *stream* say that its reader went away as it does on other systems."""
    raw = BufferedWriter(_Pipe(stream.buffer.raw))  # type: ignore[attr-defined] # a buffer of a file
    return TextIOWrapper(raw, stream.encoding, stream.errors, newline="\n")


class _Pipe(RawIOBase):
    """A file of Windows, which calls a reader that went away a wrong argument (EINVAL)."""

    def __init__(self, file: RawIOBase) -> None:
        self._file = file

    def fileno(self) -> int:
        return self._file.fileno()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int | None:
        try:
            return self._file.write(data)
        except OSError as error:
            if error.errno != EINVAL:
                raise
            raise BrokenPipeError(EPIPE, os.strerror(EPIPE)) from None


def left_within(stream: TextIO, seconds: float) -> bool:
    """Wait, and say at once if whoever reads *stream* has gone; a file has no such reader."""
    import select
    import time

    try:
        pipe = select.poll()
        pipe.register(stream.fileno(), 0)  # errors are always told
    except (AttributeError, OSError):  # Windows cannot wait for a pipe; a stream may be no file
        time.sleep(seconds)
        return False
    return bool(pipe.poll(seconds * 1000)) and not stream.isatty()


def finish() -> None:
    """Write what is still to be written; what nobody takes is dropped.

    The interpreter would try again at its exit, complain, and end with a code of its own.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())

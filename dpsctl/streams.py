"""The process' own streams: there from the start, the same bytes on every system, a quiet end."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper


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


def finish() -> None:
    """Write what is still to be written; what nobody takes is dropped.

    The interpreter would try again at its exit, complain, and end with a code of its own.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())

"""A line on a terminal that says what is waited for, once that takes long; it leaves no trace."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from threading import Condition

_LONG = 0.4  # seconds; what takes less is not worth a word
_AGAIN = 0.2  # seconds, after which what is new is shown, and those that are left are counted
_ERASE = "\r\x1b[2K"


class WaitingLine:
    """What is waited for, at the end of a terminal; without a *stream* nothing is said.

    May be used from any thread. Whoever writes to that terminal calls `clear` before.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._changed: Condition | None = None
        self._text = self._more = ""
        self._until: float | None = None
        self._since = 0.0
        self._is_shown = False
        if stream is not None:
            from threading import Condition, Thread

            self._changed = Condition()
            self._drawing = Thread(target=self._draw, daemon=True)

    def say(self, text: str, seconds: float | None = None, more: str = "") -> None:
        """Say what is waited for from now on: *text*, *seconds* counted down, and *more*."""
        if self._stream is None or self._changed is None:
            return
        with self._changed:
            now = time.monotonic()
            self._since = self._since if self._text else now
            self._text, self._more = text, more
            self._until = None if seconds is None else now + seconds
            if self._drawing.ident is None:
                self._drawing.start()
            self._changed.notify()

    def clear(self) -> None:
        """Leave no trace of it, until something is said again."""
        if not self._text or self._changed is None:
            return
        with self._changed:
            if self._is_shown:
                self._write(_ERASE)
            self._text, self._is_shown = "", False

    def close(self) -> None:
        """Say nothing from now on."""
        self.clear()
        self._stream = None

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Say nothing while the block runs, which writes to the terminal itself."""
        stream = self._stream
        self.close()
        try:
            yield
        finally:
            self._stream = stream

    def _draw(self) -> None:
        """Show what is said, for as long as the process lives."""
        if self._changed is None:
            return
        with self._changed:
            while True:
                late = time.monotonic() - self._since - _LONG
                if self._text and late >= 0:
                    self._write(f"{_ERASE}{self._line()}")
                    self._is_shown = True
                wait = _AGAIN if late >= 0 else -late
                self._changed.wait(wait if self._text else None)

    def _line(self) -> str:
        import shutil

        left = ""
        if self._until is not None:
            left = f" {max(0, self._until - time.monotonic()):.0f} s"
        return f"{self._text}{left}{self._more}"[: shutil.get_terminal_size().columns - 1]

    def _write(self, text: str) -> None:
        if self._stream is not None:
            with suppress(OSError, ValueError):  # a terminal that is gone needs no line
                self._stream.write(text)
                self._stream.flush()

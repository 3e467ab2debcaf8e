"""dpsctl in a real terminal: a pseudo-terminal of a size, and the screen that a person sees."""

import os
import select
import struct
import subprocess
import sys
import time

import pyte
import pytest

# Windows has none of these, and no such terminals.
fcntl, pty, termios = map(pytest.importorskip, ("fcntl", "pty", "termios"))

# The terminal becomes the process' own, so that Ctrl-C in it is a signal to the process.
_START = (
    "import fcntl, os, sys, termios;"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)
_DPSCTL = (sys.executable, "-m", "dpsctl")
_PATIENCE = 30.0


class Terminal:
    """A run of dpsctl, or of another *program*; *environment* adds to this process' own."""

    def __init__(self, words, rows=24, columns=80, environment=None, program=_DPSCTL):
        own, theirs = pty.openpty()
        fcntl.ioctl(own, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        variables = {**os.environ, "TERM": "xterm-256color", **(environment or {})}
        variables.pop("COLUMNS", None)
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._own = own
        self.written = b""
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START, *program, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=variables,
            start_new_session=True,
        )
        os.close(theirs)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._own)

    @property
    def lines(self):
        """What is on the screen, without the empty lines at its end."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip().split("\n")

    @property
    def cells(self):
        """The rows of `lines`, each a list of characters with their looks."""
        return [
            [self._screen.buffer[number][column] for column in range(len(line))]
            for number, line in enumerate(self.lines)
        ]

    @property
    def cursor_is_shown(self):
        return not self._screen.cursor.hidden

    def colours(self, text):
        """The colours in which *text*, found first on the screen, is written."""
        return {cell.fg for cell in self._cells(text)}

    def is_reversed(self, text):
        """Whether *text*, found first on the screen, is written in reverse."""
        return all(cell.reverse for cell in self._cells(text))

    def _cells(self, text):
        for number, line in enumerate(self._screen.display):
            if (start := line.find(text)) >= 0:
                return [self._screen.buffer[number][start + index] for index in range(len(text))]
        raise AssertionError(f"{text!r} is not in {self.lines}")

    def press(self, keys):
        os.write(self._own, keys.encode())

    def wait_for(self, text, *, gone=False):
        """Read until *text* is on the screen, or is no more; return what is there then."""
        end = time.monotonic() + _PATIENCE
        while any(text in line for line in self.lines) == gone:
            assert time.monotonic() < end, f"{text!r} in {self.lines}"
            assert self._read(0.1) or self.process.poll() is None, f"{text!r}: {self.lines}"
        return self.lines

    def end(self):
        """Read all there is until the process ends; return its exit code."""
        end = time.monotonic() + _PATIENCE
        while self._read(0.1) or self.process.poll() is None:
            assert time.monotonic() < end, f"it goes on: {self.lines}"
        return self.process.wait()

    def _read(self, seconds):
        """Take what comes within *seconds*; say whether anything came."""
        if not select.select([self._own], [], [], seconds)[0]:
            return False
        try:
            part = os.read(self._own, 65536)
        except OSError:  # Linux says so at the end of a terminal
            return False
        self.written += part
        self._stream.feed(part)
        return bool(part)

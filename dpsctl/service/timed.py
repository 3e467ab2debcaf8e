"""Connections that share one clock: whatever they wait for, they end when the time is over."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from http.client import HTTPResponse, parse_headers
from typing import Any, TypeVar

Made = TypeVar("Made")
_PIECE = 16_384  # what TLS sends at once
_INTERIM = range(101 + 1, 200)  # http.client skips 100 itself; 101 is a last word


class Clock(threading.local):
    """How long an exchange may take, and whether any of it *was_sent*; each thread has its own."""

    was_sent = False
    _end = 0.0

    def start(self, seconds: float) -> None:
        """Let an exchange begin that may take *seconds*."""
        self.was_sent = False
        self._end = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() >= self._end

    def left(self) -> float:
        """Return the seconds left. Raises TimeoutError if there are none."""
        if self.is_over:
            raise TimeoutError("the time is over")
        return self._end - time.monotonic()


def within(seconds: float, make: Callable[[], Made], undo: Callable[[Made], object]) -> Made:
    """Return what *make* makes, in a thread of its own: looking a name up cannot be interrupted.

    Raises TimeoutError after *seconds*; what is made later than that is given to *undo*.
    """
    made: Future[Made] = Future()
    threading.Thread(target=_fulfil, args=(made, make), daemon=True).start()
    try:
        return made.result(seconds)
    except BaseException:
        made.add_done_callback(lambda late: late.exception() or undo(late.result()))
        raise


def _fulfil(promise: Future[Made], make: Callable[[], Made]) -> None:
    try:
        promise.set_result(make())
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
        promise.set_exception(error)


def timed(base: Any, clock: Clock, on_connect: Callable[[Any], None] | None = None) -> Any:
    """Return urllib3's class of connections *base* with all its waits bounded by *clock*.

    *on_connect* is given each new socket, once TLS is there.
    """

    class Timed(base):  # type: ignore[misc]
        def __init__(self, *args: Any, **given: Any) -> None:
            super().__init__(*args, **given)
            self.response_class = partial(_TimedResponse, clock=clock)

        def connect(self) -> None:
            super().connect()
            if on_connect:
                on_connect(self.sock)

        def _new_conn(self) -> socket.socket:
            made: socket.socket = within(clock.left(), super()._new_conn, socket.socket.close)
            try:
                made.settimeout(clock.left())
            except TimeoutError:
                made.close()
                raise
            return made

        def _tunnel(self) -> None:
            try:
                super()._tunnel()
            finally:
                clock.was_sent = False  # but to the proxy
            self.sock.settimeout(clock.left())  # for the handshake

        def send(self, data: bytes) -> None:
            if self.sock is None:
                self.connect()
            clock.was_sent = True
            for start in range(0, len(data), _PIECE):
                self.sock.settimeout(clock.left())
                super().send(data[start : start + _PIECE])

    return Timed


class _TimedResponse(HTTPResponse):
    """An answer that is read while there is time; interim ones before it (103) are passed over."""

    def __init__(self, sock: Any, *args: Any, clock: Clock, **given: Any) -> None:
        super().__init__(sock, *args, **given)
        self.fp: Any = io.BufferedReader(_TimedReader(self.fp.detach(), sock, clock))

    def _read_status(self) -> tuple[str, int, str]:
        found: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
        while found[1] in _INTERIM:
            parse_headers(self.fp)
            found = super()._read_status()  # type: ignore[misc]
        return found


class _TimedReader(io.RawIOBase):
    """What a socket sends, each read no longer than what is left of the time."""

    def __init__(self, raw: Any, sock: Any, clock: Clock) -> None:
        self._raw = raw
        self._sock = sock
        self._clock = clock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._clock.left())
        read: int | None = self._raw.readinto(buffer)
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()

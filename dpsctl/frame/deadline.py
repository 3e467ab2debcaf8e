"""The end that `--deadline` sets to a command, wherever it is and whatever it waits for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from dpsctl.errors import Unreachable
from dpsctl.run import OutOfTime


@contextmanager
def ending_after(seconds: float | None) -> Iterator[None]:
    """Let the block take *seconds*, or as long as it likes.

    Raises OutOfTime in it when they are over, and Unreachable out of it.
    """
    if seconds is None:
        yield
        return
    import signal
    import threading

    number = getattr(signal, "SIGALRM", None) or signal.SIGBREAK  # type: ignore[attr-defined, unused-ignore]

    def end(*_: object) -> NoReturn:
        raise OutOfTime

    before = signal.signal(number, end)
    timer = threading.Timer(seconds, _send, (number, threading.get_ident()))
    timer.daemon = True
    timer.start()
    try:
        yield
    except OutOfTime:
        raise Unreachable(
            f"--deadline: the {seconds:g} seconds are over",
            "What was on its way may have been carried out: look before you try again.",
        ) from None
    finally:
        timer.cancel()
        signal.signal(number, before)


def _send(number: int, thread: int) -> None:
    """Interrupt the main *thread*, whatever it waits for where the system can do that."""
    import _thread
    import signal

    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(thread, number)
    else:
        _thread.interrupt_main(signal.Signals(number))

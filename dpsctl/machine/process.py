"""The process itself: where it loads code from, which signals end it, what is gone with it.

Before a command is at work a signal ends the process at once. Later the first one is raised, as
KeyboardInterrupt, so that long work says how far it came and what is half made is taken back; one
that comes a second after it waits for nothing any more.
"""

from __future__ import annotations

# `signal` and `threading` cost more than the whole early path: they make classes.
import _signal  # type: ignore[import-not-found, unused-ignore] # no stub
import _thread
import gc
import os
import sys
import time

from dpsctl.machine import streams

TYPE_CHECKING = False  # importing it costs more than the whole early path
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

# Windows has no SIGHUP, and SIGBREAK for Ctrl-Break and a window that is closed.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_ENDINGS = [getattr(_signal, name) for name in _NAMES if hasattr(_signal, name)]
_BY_SIGNAL = 128
INTERRUPTED = 130
_PATIENCE = 1.0  # seconds, in which a signal is the same one, handed on by who got it too
_PLACE = os.path.abspath(f"{__file__}/../../..")
_LIBRARY = os.path.abspath(f"{os.__file__}/..")

# Files and folders that are removed when the process ends, whatever ends it.
leftovers: set[str] = set()


class _State:
    """What becomes of a signal: *first* is the one that was raised, and when."""

    is_at_work = False
    taker: Callable[[int], object] | None = None
    first: tuple[int, float] | None = None


class Taken:
    """A block in which *taker* is given the signals; they end nothing."""

    def __init__(self, taker: Callable[[int], object]) -> None:
        self._taker = taker
        self._before: Callable[[int], object] | None = None

    def __enter__(self) -> None:
        """Begin to take them."""
        self._before, _State.taker = _State.taker, self._taker

    def __exit__(self, *_: object) -> None:
        """Let whoever took them before take them again."""
        _State.taker = self._before


class Held(Taken):
    """A block that no signal parts: one that comes meanwhile is raised behind it."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        super().__init__(self._numbers.append)

    def __exit__(self, *_: object) -> None:
        """Raise the one that came first."""
        super().__exit__()
        for number in self._numbers[:1]:
            _heard(number)


def run(main: Callable[[], int]) -> NoReturn:
    """Run *main*, which is what this process is for, and end the process with its exit code."""
    for number in _ENDINGS:
        if _signal.getsignal(number) != _signal.SIG_IGN:  # nohup, or a shell's `&`
            _signal.signal(number, _heard)
    sys.unraisablehook = _unheard
    gc.disable()  # what is loaded stays: collecting takes a twentieth of a short command
    _forget_the_current_folder()
    streams.prepare()
    try:
        code = main()
        _State.is_at_work = False
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED and _State.first:  # which signal it was, Typer does not tell
        code = _BY_SIGNAL + _State.first[0]
    streams.finish()
    _remove_leftovers()
    os._exit(code)  # the interpreter's own end takes time, and in it a signal ends the process


def begin_work() -> None:
    """Have signals raised from now on: there may be something to tell, or to take back."""
    _State.is_at_work = True


def new_folder(prefix: str) -> str:
    """Make a temporary folder for this user alone, which is gone when the process is."""
    from tempfile import mkdtemp

    with Held():
        folder = mkdtemp(prefix=prefix)
        leftovers.add(folder)
    return folder


def remove(path: str) -> None:
    """Remove one of the `leftovers`, which may be gone already."""
    if os.path.isdir(path):
        from shutil import rmtree

        rmtree(path, ignore_errors=True)
    elif os.path.exists(path):
        os.unlink(path)
    leftovers.discard(path)


def _heard(number: int, _frame: object = None) -> None:
    """Take a signal; Python calls this in the main thread, between any two steps of it."""
    if _State.taker:
        _State.taker(number)
    elif not _State.is_at_work:
        _leave(number)
    elif _State.first is None:
        _raise(number)
    elif time.monotonic() - _State.first[1] > _PATIENCE:
        _leave(_State.first[0])


def _raise(number: int) -> NoReturn:
    _State.first = number, time.monotonic()
    raise KeyboardInterrupt


def _leave(number: int) -> NoReturn:
    _remove_leftovers()
    os._exit(_BY_SIGNAL + number)


def _unheard(lost: sys.UnraisableHookArgs) -> None:
    """Send a signal again that was raised where nothing can be: in a destructor, or a callback.

    What else is lost there changes no result, and Python's own report of it would show secrets.
    """
    if isinstance(lost.exc_value, KeyboardInterrupt) and _State.first is not None:
        number, _State.first = _State.first[0], None
        _thread.start_new_thread(_send_again, (number, _thread.get_ident()))


def _send_again(number: int, thread: int) -> None:
    time.sleep(0.01)  # the destructor is left by then
    if hasattr(_signal, "pthread_kill"):
        _signal.pthread_kill(thread, number)
    else:
        _thread.interrupt_main(number)  # type: ignore[arg-type] # any number of a signal will do


def _forget_the_current_folder() -> None:
    """Load nothing more from there; `python -m` and an empty part of PYTHONPATH put it in front."""
    parts = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    try:
        here = os.getcwd()
    except OSError:  # it was deleted
        return
    relative = [part for part in parts if not os.path.isabs(part)]
    unsafe = {os.path.normpath(os.path.join(here, part)) for part in ("", *relative)}
    unsafe -= {_PLACE, _LIBRARY}
    front = len(parts) + 1
    sys.path[:front] = [entry for entry in sys.path[:front] if entry and entry not in unsafe]


def _remove_leftovers() -> None:
    for path in tuple(leftovers):
        remove(path)

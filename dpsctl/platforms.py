"""What Linux, macOS and Windows do differently: no other module asks which of them it runs on."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess

IS_WINDOWS = sys.platform == "win32"
_SOON = 0.2  # seconds, in which a virus scanner or an indexer is done with a file


def config_folder(environ: Mapping[str, str]) -> str:
    """Return the folder for what this user has set; nothing is made."""
    return _own_folder(environ, "XDG_CONFIG_HOME", "APPDATA", ".config")


def cache_folder(environ: Mapping[str, str]) -> str:
    """Return the folder for what this user may lose at any time; nothing is made."""
    return _own_folder(environ, "XDG_CACHE_HOME", "LOCALAPPDATA", ".cache")


def _own_folder(environ: Mapping[str, str], xdg: str, windows: str, at_home: str) -> str:
    """Take the first variable that names a folder; a relative one would be another each time."""
    names = (xdg, windows) if IS_WINDOWS else (xdg,)
    given = [folder for name in names if os.path.isabs(folder := environ.get(name, ""))]  # noqa: PTH117 - the path is a text
    base = given[0] if given else os.path.join(os.path.expanduser("~"), at_home)  # noqa: PTH111, PTH118 - as above
    return os.path.join(base, "dpsctl")  # noqa: PTH118 - as above


def replace(source: str, target: str) -> None:
    """Move a file over another one, which Windows refuses while a program has that open."""
    try:
        os.replace(source, target)  # noqa: PTH105 - the path is a text
    except PermissionError:
        if not IS_WINDOWS:
            raise
        time.sleep(_SOON)
        try:
            os.replace(source, target)  # noqa: PTH105 - as above
        except PermissionError as error:
            raise PermissionError(error.errno, "another program has it open") from None


@contextmanager
def locked(folder: str) -> Iterator[None]:
    """Let one dpsctl at a time into the block, of those that change files in *folder*.

    Where nothing can be locked, as in some network's folders, all are let in.
    """
    lock, unlock = (_windows_lock, _windows_unlock) if IS_WINDOWS else (_lock, os.close)
    descriptor = None
    try:
        with suppress(OSError):
            descriptor = lock(folder)
        yield
    finally:
        if descriptor is not None:
            unlock(descriptor)


def _lock(folder: str) -> int:
    fcntl = import_module("fcntl")
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _windows_lock(folder: str) -> int:
    """Lock a byte of a file that stays there: Windows opens no folder."""
    msvcrt = import_module("msvcrt")
    descriptor = os.open(os.path.join(folder, ".dpsctl.lock"), os.O_RDWR | os.O_CREAT, 0o600)  # noqa: PTH118 - as above
    try:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _windows_unlock(descriptor: int) -> None:
    msvcrt = import_module("msvcrt")
    msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
    os.close(descriptor)


def program(name: str, environ: Mapping[str, str]) -> str | None:
    """Find a program on PATH; a relative part of that means another folder in each folder.

    Windows itself would look in the current folder first.
    """
    if os.path.dirname(name):  # noqa: PTH120 - as above
        return name if os.path.isabs(name) else None  # noqa: PTH117 - as above
    endings = environ.get("PATHEXT", ".com;.exe;.bat;.cmd").split(";") if IS_WINDOWS else [""]
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        for ending in endings:
            path = os.path.join(folder, f"{name}{ending}")  # noqa: PTH118 - as above
            if os.path.isabs(folder) and os.path.isfile(path) and os.access(path, os.X_OK):  # noqa: PTH113, PTH117 - as above
                return path
    return None


def startable(words: list[str], environ: Mapping[str, str]) -> list[str]:
    """Name the program of a command so that it starts: Windows finds no script by its bare name."""
    if not IS_WINDOWS:
        return words
    return [program(words[0], environ) or words[0], *words[1:]]


def reaches_children(number: int) -> bool:
    """Tell whether who sent a signal to this process has sent it to its children too."""
    from signal import SIGINT

    if IS_WINDOWS:  # the console tells all it has
        return True
    if number != SIGINT:
        return False
    with suppress(OSError), open("/dev/tty", "rb", buffering=0) as terminal:  # noqa: PTH123 - as above
        return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    return False


@contextmanager
def family(words: list[str], **given: Any) -> Iterator[subprocess.Popen[Any]]:
    """Run a program in a group of its own: all of it ends if the block fails.

    A program is often a script around another one, which would live on by itself.
    """
    import subprocess
    from signal import Signals

    with subprocess.Popen(words, process_group=0, **given) as child:  # noqa: S603 - the caller's
        try:
            yield child
        except BaseException:
            if IS_WINDOWS:
                child.kill()
            else:
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, Signals.SIGKILL)
            raise


def split(command: str) -> list[str]:
    """Part a command into words as a shell would; a backslash parts folders on Windows."""
    import shlex

    words = shlex.shlex(command, posix=True, punctuation_chars=False)
    words.whitespace_split = True
    words.commenters = ""
    words.escape = "" if IS_WINDOWS else words.escape
    return list(words)

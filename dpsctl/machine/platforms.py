"""What Linux, macOS and Windows do differently: no other module asks which of them it runs on.

It is loaded by the early path, so what takes time to load waits until it is needed.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False  # importing it costs more than the whole early path
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from typing import Any, TextIO

IS_WINDOWS = sys.platform == "win32"
_IS_MAC = sys.platform == "darwin"
_SOON = 0.2  # seconds, in which a virus scanner or an indexer is done with a file
_DEVICES = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
}
_VIRTUAL_TERMINAL = 4  # Windows' own name for it is ENABLE_VIRTUAL_TERMINAL_PROCESSING


def config_folder(environ: Mapping[str, str]) -> str:
    """Return the folder for what this user has set; nothing is made."""
    return _own_folder(environ, "XDG_CONFIG_HOME", "APPDATA", ".config")


def cache_folder(environ: Mapping[str, str]) -> str:
    """Return the folder for what this user may lose at any time; nothing is made."""
    return _own_folder(environ, "XDG_CACHE_HOME", "LOCALAPPDATA", ".cache")


def _own_folder(environ: Mapping[str, str], xdg: str, windows: str, at_home: str) -> str:
    """Take the first variable that names a folder; a relative one would be another each time."""
    names = (xdg, windows) if IS_WINDOWS else (xdg,)
    given = [folder for name in names if os.path.isabs(folder := environ.get(name, ""))]
    base = given[0] if given else os.path.join(os.path.expanduser("~"), at_home)
    return os.path.join(base, "dpsctl")


def file_stem(name: str) -> str:
    """Return the beginning of a file's name for an id, different for each.

    On Windows what follows a colon would be a hidden part of another file, and some names are
    devices whatever ending they have.
    """
    if not IS_WINDOWS:
        return name
    safe = name.replace(":", "%3A")
    return f"%{ord(safe[0]):X}{safe[1:]}" if safe.partition(".")[0].lower() in _DEVICES else safe


def has_modes() -> bool:
    """Say whether a file's mode tells who may read and write it."""
    return not IS_WINDOWS


def replace(source: str, target: str) -> None:
    """Move a file over another one, which Windows refuses while a program has that open."""
    try:
        os.replace(source, target)
    except PermissionError:
        if not IS_WINDOWS:
            raise
        time.sleep(_SOON)
        try:
            os.replace(source, target)
        except PermissionError as error:
            raise PermissionError(error.errno, "another program has it open") from None


class Locked:
    """A block for one dpsctl at a time, of those that change files in *folder*.

    Where nothing can be locked, as in some network's folders, all are let in.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._descriptor: int | None = None

    def __enter__(self) -> None:
        """Wait for the others."""
        try:
            # Windows opens no folder: there, a byte of a file that stays in it is locked.
            place = os.path.join(self._folder, ".dpsctl.lock") if IS_WINDOWS else self._folder
            flags = os.O_RDWR | os.O_CREAT if IS_WINDOWS else os.O_RDONLY
            self._descriptor = os.open(place, flags, 0o600)
            _lock(self._descriptor)
        except OSError:
            pass
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        """Let in the next; the system itself unlocks what is closed."""
        if self._descriptor is not None:
            os.close(self._descriptor)


def _lock(descriptor: int) -> None:
    if IS_WINDOWS:
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined, unused-ignore]
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)


def program(name: str, environ: Mapping[str, str]) -> str | None:
    """Find a program on PATH; a relative part of that means another folder in each folder.

    Windows itself would look in the current folder first.
    """
    if os.path.dirname(name):
        return name if os.path.isabs(name) else None
    endings = environ.get("PATHEXT", ".COM;.EXE;.BAT;.CMD").split(";") if IS_WINDOWS else [""]
    for folder in filter(os.path.isabs, environ.get("PATH", os.defpath).split(os.pathsep)):
        for ending in endings:
            path = os.path.join(folder, f"{name}{ending}")
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return path
    return None


def startable(words: list[str], environ: Mapping[str, str]) -> list[str]:
    """Name the program of a command so that it starts: Windows finds no script by its bare name."""
    if not IS_WINDOWS:
        return words
    return [program(words[0], environ) or words[0], *words[1:]]


def words_of(command: str) -> list[str]:
    """Part a command as a shell would; on Windows a backslash stands between folders."""
    from shlex import shlex

    words = shlex(command, posix=True)
    words.whitespace_split = True
    words.commenters = ""
    words.escape = "" if IS_WINDOWS else words.escape
    return list(words)


class Family:
    """A program in a group of its own: all of it ends if the block fails.

    A program is often a script around another one, which would live on by itself.
    """

    def __init__(self, words: list[str], **given: Any) -> None:
        self._words = words
        self._given = given

    def __enter__(self) -> subprocess.Popen[Any]:
        """Start it."""
        import subprocess

        self._child = subprocess.Popen(self._words, process_group=0, **self._given)  # noqa: S603 - the caller's
        return self._child

    def __exit__(self, kind: object, *_: object) -> None:
        """Wait for its end, or hasten it."""
        if kind is not None and self._child.poll() is None:
            if IS_WINDOWS:
                self._child.kill()
            else:
                from signal import SIGKILL

                os.killpg(self._child.pid, SIGKILL)
        self._child.__exit__(None, None, None)


def reaches_children(number: int) -> bool:
    """Tell whether who sent a signal to this process has sent it to its children too."""
    from _signal import SIGINT  # type: ignore[import-not-found, unused-ignore] # no stub

    if IS_WINDOWS:  # the console tells all it has
        return True
    if number != SIGINT:
        return False
    try:
        with open("/dev/tty", "rb", buffering=0) as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:  # there is none
        return False


def shows_colours(terminal: TextIO) -> bool:
    """Have a terminal obey escapes, which Windows' own does when told to, and say if it will."""
    if not IS_WINDOWS:
        return True
    import ctypes
    import msvcrt

    windows: Any = ctypes
    console, mode = windows.windll.kernel32, ctypes.c_ulong()
    handle = msvcrt.get_osfhandle(terminal.fileno())  # type: ignore[attr-defined, unused-ignore]
    if not console.GetConsoleMode(handle, ctypes.byref(mode)):
        return False
    return bool(console.SetConsoleMode(handle, mode.value | _VIRTUAL_TERMINAL))


def address_hint(host: str) -> str | None:
    """Say what this system wants before a program may listen at *host*, if it wants anything."""
    if _IS_MAC and host.startswith("127.") and host != "127.0.0.1":
        return f"macOS has 127.0.0.1 alone: 'sudo ifconfig lo0 alias {host}' adds that one."
    return None

"""Open what is meant to be a file, and no pipe that nobody writes to, or device without an end."""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO

# Where a shell puts `<(command)`, and standard input: whoever gives these means what is behind.
_STREAMS = ("/dev/fd", "/proc/self/fd", f"/proc/{os.getpid()}/fd")
_KINDS = {stat.S_IFIFO: "a named pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


def opened(path: str) -> BinaryIO:
    """Open a file to read it. Raises OSError, and ValueError for a name that none can have."""
    check_is_file(path)
    return open(path, "rb")  # noqa: PTH123 - pathlib: 12 ms


def check_is_file(path: str) -> None:
    """Raise OSError if what is there is no file; a folder is left to whoever opens it."""
    if os.path.dirname(path) in _STREAMS or path == "/dev/stdin":  # noqa: PTH120 - as above
        return
    kind = _KINDS.get(stat.S_IFMT(os.stat(path).st_mode))  # noqa: PTH116 - as above
    if kind:
        raise OSError(errno.EINVAL, f"it is {kind}, not a file")

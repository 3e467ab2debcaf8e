"""Who else may read a file that holds a secret."""

from __future__ import annotations

import os
import stat

from dpsctl.machine import platforms

# What a shell takes as it stands.
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")
_OTHERS_READ = stat.S_IRGRP | stat.S_IROTH


def exposure(reference: str, source: str) -> str | None:
    """Say that others can read the file that `@FILE` names; None if they cannot, or it names none.

    *source* is who uses it. Where files have no such modes, as on Windows, nothing is said.
    """
    if not platforms.has_modes() or not reference.startswith("@") or reference in ("@", "@-"):
        return None
    path = os.path.expanduser(reference[1:])  # noqa: PTH111 - pathlib costs more than the early path
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - as above
    except (OSError, ValueError):
        return None
    if path.startswith("@") or not stat.S_ISREG(mode) or not mode & _OTHERS_READ:
        return None
    if not PLAIN.issuperset(path):
        from shlex import quote  # it loads `re`

        path = quote(path)
    return f"{source}: others can read it; chmod 600 {path}"

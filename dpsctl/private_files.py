"""Files that hold secrets: for their owner's eyes, and whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp
from typing import TextIO

from dpsctl.errors import DpsctlError, UsageError


@contextmanager
def private_file(path: str, flag: str, *, replace: bool = False) -> Iterator[TextIO]:
    """Open a text file (UTF-8, mode 0600) that takes its place at *path* when the block ends well.

    Until then, and if the block fails, *path* stays as it was. Raises UsageError naming *flag*
    when it cannot be made, or exists and *replace* is not given; DpsctlError when the disk fails.
    """
    target = Path(os.path.realpath(path))
    _check(target, path, flag, replace=replace)
    try:
        descriptor, temporary = mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise UsageError(f"{flag} {path}: {error.strerror}", "Check the folder.") from None
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123  # a number
            yield file
            file.flush()
            os.fsync(file.fileno())
        _check(target, path, flag, replace=replace)
        Path(temporary).replace(target)
    except OSError as error:
        raise DpsctlError(f"{flag} {path}: cannot be written: {error.strerror}") from None
    finally:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
    _sync_folder(target.parent)


def _check(target: Path, path: str, flag: str, *, replace: bool) -> None:
    if not target.exists():
        return
    if not target.is_file():
        raise UsageError(f"{flag} {path}: is not a file", "Name a file that can be made.")
    if not replace:
        raise UsageError(f"{flag} {path}: exists already", "Name another file, or remove it.")


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where folders can be opened (not on Windows)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

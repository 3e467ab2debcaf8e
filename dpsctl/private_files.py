"""Files that hold secrets: for their owner's eyes, and whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from dpsctl.errors import DpsctlError, UsageError

_PRIVATE, _PUBLIC = 0o600, 0o666  # less what the process' umask takes off


@dataclass(frozen=True)
class NewFile:
    """A file to be written; *flag* is the option that named it."""

    path: str
    flag: str
    data: bytes = field(repr=False)
    is_private: bool = True

    @property
    def target(self) -> Path:
        """Where the file will be: behind all links."""
        return Path(os.path.realpath(self.path))


@contextmanager
def private_file(path: str, flag: str, *, replace: bool = False) -> Iterator[TextIO]:
    """Open a text file (UTF-8, mode 0600) that takes its place at *path* when the block ends well.

    Until then, and if the block fails, *path* stays as it was. Raises UsageError naming *flag*
    when it cannot be made, or exists and *replace* is not given; DpsctlError when the disk fails.
    """
    target = Path(os.path.realpath(path))
    _check(target, path, flag, replace=replace)
    with _temporary(target, path, flag, _PRIVATE) as temporary, _failures(path, flag):
        with temporary.open("w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _check(target, path, flag, replace=replace)
        temporary.replace(target)
    _sync_folder(target.parent)


def write_together(files: Sequence[NewFile], *, replace: bool = False) -> None:
    """Write all *files*, or none: if one fails, every path holds what it held before.

    Raises as `private_file` does, and UsageError if two of them are the same file. *replace* is
    what `--force` says.
    """
    for file in files:
        _check_new(file, replace=replace)
        if [other.target for other in files].count(file.target) > 1:
            raise UsageError(f"{file.flag} {file.path}: two files cannot have one name")
    with ExitStack() as written, ExitStack() as if_it_fails:
        temporaries = [written.enter_context(_written(file)) for file in files]
        replaced = []
        for file, temporary in zip(files, temporaries, strict=True):
            _check_new(file, replace=replace)
            with _failures(file.path, file.flag):
                replaced.append(_put(temporary, file.target, if_it_fails))
        if_it_fails.pop_all()
    for old in filter(None, replaced):
        old.unlink()
    for folder in {file.target.parent for file in files}:
        _sync_folder(folder)


@contextmanager
def _written(file: NewFile) -> Iterator[Path]:
    mode = _PRIVATE if file.is_private else _PUBLIC
    with _temporary(file.target, file.path, file.flag, mode) as temporary:
        with _failures(file.path, file.flag), temporary.open("wb") as stream:
            stream.write(file.data)
            stream.flush()
            os.fsync(stream.fileno())
        yield temporary


def _put(temporary: Path, target: Path, if_it_fails: ExitStack) -> Path | None:
    """Move a file to its place, and return where the one is kept that was there before."""
    if not target.exists():
        if_it_fails.callback(target.unlink, missing_ok=True)
        temporary.replace(target)
        return None
    old = temporary.with_name(f"{temporary.name}.old")
    target.replace(old)
    if_it_fails.callback(old.replace, target)
    temporary.replace(target)
    return old


@contextmanager
def _failures(path: str, flag: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DpsctlError(f"{flag} {path}: cannot be written: {error.strerror}") from None


@contextmanager
def _temporary(target: Path, path: str, flag: str, mode: int) -> Iterator[Path]:
    """Make an empty file beside *target*, and see to it that it is gone in the end."""
    temporary = target.with_name(f".{target.name}.{os.urandom(6).hex()}")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
    except OSError as error:
        raise UsageError(f"{flag} {path}: {error.strerror}", "Check the folder.") from None
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _check_new(file: NewFile, *, replace: bool) -> None:
    _check(file.target, file.path, file.flag, replace=replace, or_else="give --force")


def _check(
    target: Path, path: str, flag: str, *, replace: bool, or_else: str = "remove it"
) -> None:
    if not target.exists():
        return
    if not target.is_file():
        raise UsageError(f"{flag} {path}: is not a file", "Name a file that can be made.")
    if not replace:
        raise UsageError(f"{flag} {path}: exists already", f"Name another file, or {or_else}.")


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where folders can be opened (not on Windows)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

"""Files that hold secrets: for their owner's eyes, and whole or not at all."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from dpsctl.errors import DpsctlError, UsageError
from dpsctl.machine import platforms
from dpsctl.machine.process import Held, leftovers, remove

_PRIVATE, _PUBLIC = 0o600, 0o666  # less what the process' umask takes off
_FORCE = "give --force"


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


Put = Callable[[Sequence[NewFile]], None]


@contextmanager
def private_file(
    path: str, flag: str, *, replace: bool = False, or_else: str = "remove it"
) -> Iterator[TextIO]:
    """Open a text file (UTF-8, mode 0600) that takes its place at *path* when the block ends well.

    Until then, and if the block fails, *path* stays as it was. Raises UsageError naming *flag*
    when it cannot be made, or exists and *replace* is not given (*or_else* is the way out that it
    names then); DpsctlError when the disk fails.
    """
    target = Path(os.path.realpath(path))
    _check(target, path, flag, or_else, replace=replace)
    with _temporary(target, path, flag, _PRIVATE) as temporary:
        with _failures(path, flag), temporary.open("w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _check(target, path, flag, or_else, replace=replace)
        with _failures(path, flag), Held():
            if replace:
                platforms.replace(str(temporary), str(target))
            elif not _is_put(temporary, target):
                raise _exists(path, flag, or_else)
    _sync_folder(target.parent)


def write_together(files: Sequence[NewFile], *, replace: bool = False) -> None:
    """Write all *files*, or none: if one fails, every path holds what it held before.

    Of several processes that write the same files one does, and what it wrote stays together.
    Raises as `private_file` does, and UsageError if two of them are the same file. *replace* is
    what `--force` says.
    """
    with written_ahead(files, replace=replace) as put:
        put(())


@contextmanager
def written_ahead(files: Sequence[NewFile], *, replace: bool = False) -> Iterator[Put]:
    """Write *files* for now beside where they belong: what they hold is safe on the disk.

    What the block gets puts them into their places, together with the files that it is given, as
    `write_together` does; if nobody calls it, they are gone when the block ends.
    """
    with ExitStack() as around:
        ahead = _all_written(files, (), around, replace=replace)

        def put(rest: Sequence[NewFile]) -> None:
            written = [*ahead, *_all_written(rest, files, around, replace=replace)]
            folders = sorted({file.target.parent for file, _ in written})
            with ExitStack() as locked:
                for folder in folders:
                    locked.enter_context(platforms.Locked(str(folder)))
                locked.enter_context(Held())
                _put_together(written, replace=replace)
            for folder in folders:
                _sync_folder(folder)

        yield put


def _all_written(
    files: Sequence[NewFile], beside: Sequence[NewFile], around: ExitStack, *, replace: bool
) -> list[tuple[NewFile, Path]]:
    """Write each file for as long as *around* is open, unless one is in the way of another."""
    counts = Counter(file.target for file in [*files, *beside])
    for file in files:
        check_new(file, replace=replace)
        if counts[file.target] > 1:
            raise UsageError(f"{file.flag} {file.path}: two files cannot have one name")
    return [(file, around.enter_context(_written(file))) for file in files]


def _put_together(files: list[tuple[NewFile, Path]], *, replace: bool) -> None:
    with ExitStack() as if_it_fails:
        replaced = []
        for file, temporary in files:
            check_new(file, replace=replace)
            with _failures(file.path, file.flag):
                if file.target.exists():
                    replaced.append(_replaced(temporary, file.target, if_it_fails))
                    continue
                if_it_fails.callback(_take_back, file.target, temporary.stat())
                if not _is_put(temporary, file.target):
                    raise _exists(file.path, file.flag, _FORCE)
        if_it_fails.pop_all()
    for old in replaced:
        old.unlink()


@contextmanager
def _written(file: NewFile) -> Iterator[Path]:
    mode = _PRIVATE if file.is_private else _PUBLIC
    with _temporary(file.target, file.path, file.flag, mode) as temporary:
        with _failures(file.path, file.flag), temporary.open("wb") as stream:
            stream.write(file.data)
            stream.flush()
            os.fsync(stream.fileno())
        yield temporary


def _is_put(temporary: Path, target: Path) -> bool:
    """Put a file where none is, and say whether there was none: one of two at a time is told so."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        return False
    except OSError:  # a file system without links
        if target.exists():
            return False
        temporary.rename(target)
    return True


def _replaced(temporary: Path, target: Path, if_it_fails: ExitStack) -> Path:
    """Put a file in the place of another, and return where that one is kept."""
    old = temporary.with_name(f"{temporary.name}.old")
    if_it_fails.callback(_put_back, old, target)
    try:
        os.link(target, old)
    except OSError:  # a file system without links, or somebody else's file
        target.rename(old)
    platforms.replace(str(temporary), str(target))
    return old


def _put_back(old: Path, target: Path) -> None:
    if old.exists():
        old.replace(target)
        old.unlink(missing_ok=True)  # moving a file over another link to it does nothing


def _take_back(target: Path, ours: os.stat_result) -> None:
    """Remove what was put there, unless it is another's."""
    with suppress(FileNotFoundError):
        if os.path.samestat(target.stat(), ours):
            target.unlink()


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
    leftovers.add(str(temporary))
    try:
        try:
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
        except OSError as error:
            raise UsageError(f"{flag} {path}: {error.strerror}", "Check the folder.") from None
        yield temporary
    finally:
        remove(str(temporary))


def check_new(file: NewFile, *, replace: bool) -> None:
    """Raise UsageError as `write_together` would: before work that would be lost."""
    _check(file.target, file.path, file.flag, _FORCE, replace=replace)


def _check(target: Path, path: str, flag: str, or_else: str, *, replace: bool) -> None:
    try:
        if not target.exists():
            return
    except OSError as error:  # such as a name that is too long
        raise UsageError(f"{flag} {path}: {error.strerror}", "Name another file.") from None
    if not target.is_file():
        raise UsageError(f"{flag} {path}: is not a file", "Name a file that can be made.")
    if not replace:
        raise _exists(path, flag, or_else)


def _exists(path: str, flag: str, or_else: str) -> UsageError:
    return UsageError(f"{flag} {path}: exists already", f"Name another file, or {or_else}.")


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where folders can be opened (not on Windows)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

"""Manifests on the disk: which files are read, and where in them each record stands."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.manifests.fields import Path as FieldPath
from dpsctl.text.documents import read_records
from dpsctl.text.json_text import NotJsonError, read_json
from dpsctl.text.marks import Mark, Record
from dpsctl.text.paths import show_path
from dpsctl.text.places import mark_in
from dpsctl.text.values import StandardInput, decode_text, read_file

FLAG = "--file"
_ENDINGS = (".yaml", ".yml", ".json", ".jsonl")
_LONGEST_EXCERPT = 100
_STDIN = "standard input"


@dataclass(frozen=True)
class Source:
    """A manifest: *path* as messages show it; files that it names are looked for in *folder*.

    They have to lie under *root*, whatever links say.
    """

    path: str
    text: str
    folder: Path
    root: Path

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the text."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    def open_path(self, name: str) -> Path:
        """Return the path of a file that the manifest names. Raises UsageError outside *root*."""
        real = Path(os.path.realpath(self.folder / name))
        if not real.is_relative_to(self.root):
            raise UsageError(
                f"{name} lies outside {self.root}", "--root DIR allows the files under DIR."
            )
        return real


@dataclass(frozen=True)
class Found:
    """A record as a manifest has it, with where it stands."""

    source: Source
    record: Record

    @property
    def value(self) -> Any:
        """The record itself."""
        return self.record.value

    @property
    def place(self) -> str:
        """Where the record begins, as `file:line`."""
        return f"{self.source.path}:{self.record.mark.line + 1}"

    def complaint(self, path: FieldPath, says: str) -> str:
        """Say what is wrong at *path*: the place, the field, the line and a caret under it."""
        mark = mark_in(self.source.text, self.record, path)
        line = self.source.text.removeprefix("\ufeff").split("\n")[mark.line].rstrip("\r")
        named = f"{show_path(path)}: " if path else ""
        told = f"{self.source.path}:{mark.line + 1}:{mark.column + 1}: {named}{says}"
        if len(line) > _LONGEST_EXCERPT:
            return told
        return f"{told}\n    {line}\n    {' ' * mark.column}^"


def read_manifests(
    paths: Sequence[str], root: str | None, stdin: StandardInput
) -> tuple[list[Found], list[str]]:
    """Read the records of all files and folders; return them, and what cannot be read.

    `-` is standard input. *root* is what `--root` says. Raises UsageError for a path that is not
    there, or a folder without manifests.
    """
    found: list[Found] = []
    complaints: list[str] = []
    for source in _sources(paths, root, stdin):
        try:
            found += [Found(source, record) for record in _records_of(source)]
        except UsageError as error:
            complaints.append(error.message)
    return found, complaints


def _sources(paths: Sequence[str], root: str | None, stdin: StandardInput) -> Iterator[Source]:
    for path in paths:
        if path != "-" and Path(path).is_dir():
            top = Path(os.path.realpath(root or path))
            for file in _files_in(path):
                yield _source(file, top, stdin)
        else:
            folder = Path() if path == "-" else Path(path).parent
            yield _source(path, Path(os.path.realpath(root or folder)), stdin)


def _source(path: str, root: Path, stdin: StandardInput) -> Source:
    shown = _STDIN if path == "-" else path
    text = decode_text(read_file(path, FLAG, stdin), f"{FLAG} {path}")
    return Source(shown, text, Path() if path == "-" else Path(path).parent, root)


def _files_in(folder: str) -> list[str]:
    """Return the manifests under *folder*, in the order of their names; hidden ones are not."""
    top = Path(os.path.realpath(folder))
    found = []
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in [*folders, *names]:
            _refuse_to_leave(top, str(Path(here) / name))
        found += [
            str(Path(here) / name)
            for name in names
            if name.endswith(_ENDINGS) and not name.startswith(".")
        ]
    if not found:
        raise UsageError(
            f"{FLAG} {folder}: no manifests in this folder",
            f"Files that end with {', '.join(_ENDINGS)} are read.",
        )
    return sorted(found)


def _refuse_to_leave(top: Path, path: str) -> None:
    if Path(path).is_symlink() and not Path(os.path.realpath(path)).is_relative_to(top):
        raise UsageError(f"{FLAG} {path}: this link leaves the folder", "Name its target itself.")


def _records_of(source: Source) -> Iterator[Record]:
    if source.path.endswith(".jsonl") or _is_json_lines(source):
        yield from _lines(source)
    else:
        yield from read_records(source.text, source.path)


def _is_json_lines(source: Source) -> bool:
    """Tell whether standard input, which has no ending, holds a JSON object a line."""
    first, _, rest = source.text.lstrip().partition("\n")
    is_of_objects = first.startswith("{") and rest.lstrip().startswith("{")
    if source.path != _STDIN or not is_of_objects:
        return False
    try:
        read_json(first)
    except NotJsonError:
        return False
    return True


def _lines(source: Source) -> Iterator[Record]:
    start = 0
    for number, line in enumerate(source.text.removeprefix("\ufeff").split("\n")):
        end = start + len(line)
        if line.strip():
            try:
                yield Record(read_json(line), Mark(number, 0, start), end)
            except NotJsonError as error:
                place = f"{source.path}:{number + 1}:{(error.index or 0) + 1}"
                raise UsageError(f"{place}: {error.problem}") from None
        start = end + 1

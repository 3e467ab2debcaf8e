"""Contexts: named settings of the services somebody works with, in one file under the home folder.

A context says which service and how to sign in; a secret is only ever named (an environment
variable, a file, a program), never kept.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dpsctl.config.wording import LOGIN_REFERENCES, check_one_login, check_setting
from dpsctl.errors import UsageError
from dpsctl.machine import platforms
from dpsctl.run import Run

_CURRENT = "current_context"
_CONTEXTS = "contexts"
_OTHERS_READ = stat.S_IRGRP | stat.S_IROTH
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(eq=False, repr=False)
class Contexts:
    """What the configuration file holds; *path* is where it is, or would be, *text* as it was."""

    path: Path
    current: str | None = None
    contexts: dict[str, dict[str, Any]] = field(default_factory=dict)
    text: str = ""

    def named(self, name: str) -> dict[str, Any]:
        """Return the settings of the context *name*. Raises UsageError if it is not in the file."""
        if name not in self.contexts:
            known = ", ".join(sorted(self.contexts)) or "none yet"
            place = self.place(_CURRENT) if name == self.current else self.path
            raise UsageError(
                f"{place}: there is no context {name!r}",
                f"There are: {known}. 'dpsctl config set --context {name} dps_name=X' adds it.",
            )
        return self.contexts[name]

    def place(self, *keys: str) -> str:
        """Return where in the file *keys* lead to, as `path:line:column`."""
        from dpsctl.text.places import place_of

        place = place_of(self.text, keys)
        return f"{self.path}:{place}" if place else str(self.path)

    def save(self) -> None:
        """Write the file, for its owner's eyes, whole or not at all; comments in it stay."""
        from dpsctl.machine.private_files import private_file
        from dpsctl.text.documents import read_document
        from dpsctl.text.edits import edited

        before = read_document(self.text, str(self.path)) or {}
        after = {**before, _CONTEXTS: self.contexts, _CURRENT: self.current}
        if not self.current:
            del after[_CURRENT]
        try:
            text = edited(self.text, before, after)
        except UsageError as error:
            raise UsageError(f"{self.path}: {error.message}", error.hint) from None
        with private_file(str(self.path), "the configuration file", replace=True) as file:
            file.write(text)


def config_file(environ: Mapping[str, str]) -> Path:
    """Return where the configuration is kept."""
    return Path(platforms.config_folder(environ)) / "config.yaml"


@contextmanager
def changing(environ: Mapping[str, str]) -> Iterator[Contexts]:
    """Read the configuration for a change, and save it at the end; other processes wait.

    Raises as `load` does.
    """
    folder = config_file(environ).parent
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot be made: {error.strerror}", "XDG_CONFIG_HOME may name another."
        ) from None
    with platforms.Locked(str(folder)):
        known = load(environ)
        yield known
        known.save()


def load(environ: Mapping[str, str]) -> Contexts:
    """Read the configuration file; a missing one holds nothing.

    Raises UsageError with the line and column if it cannot be read, or if others could change it or
    read a secret in it.
    """
    from dpsctl.text.opening import opened

    path = config_file(environ)
    try:
        with opened(str(path)) as file:
            text = file.read().decode("utf-8")
            mode = os.fstat(file.fileno()).st_mode
    except FileNotFoundError:
        return Contexts(path)
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"{path}: cannot read it: {problem}", "Check the file, or remove it."
        ) from None
    from dpsctl.text.documents import read_document

    _check_mode(path, mode, text)
    known = Contexts(path, text=text)
    _fill(known, read_document(text, str(path)))
    return known


def context_of(name: str | None, run: Run) -> tuple[str, dict[str, Any]] | None:
    """Return the context *name*, or the current one, judged setting by setting.

    The form of output it asks for holds for the rest of the run. Raises UsageError.
    """
    known = load(run.environ)
    wanted = name or known.current
    if not wanted:
        return None
    checked = {}
    for key, value in known.named(wanted).items():
        with _placed(known, _CONTEXTS, wanted, key):
            checked[key] = check_setting(key, value, f"{_CONTEXTS}.{wanted}.{key}")
    with _placed(known, _CONTEXTS, wanted):
        check_one_login(checked)
    run.output = checked.get("output")
    if "ca_bundle" in checked:
        checked["ca_bundle"] = str(_seen_from_here(checked["ca_bundle"], run))
    return wanted, checked


def read_login(settings: Mapping[str, Any], run: Run) -> tuple[str, str] | None:
    """Fetch the connection string that a context names, and say where it was.

    None if it names none. Raises UsageError if what it names has none.
    """
    name = next((name for name in LOGIN_REFERENCES if name in settings), None)
    if name is None:
        return None
    value = settings[name]
    source = f"{name} {value if isinstance(value, str) else value[0]}"
    text = _FETCHERS[name](value, source, run).strip()
    run.masker.add(text)
    if not text:
        raise UsageError(f"{source}: holds nothing", "It must hold a connection string.")
    return text, source


def _from_environment(name: str, source: str, run: Run) -> str:
    try:
        return run.environ[name]
    except KeyError:
        raise UsageError(f"{source}: the variable is not set", "Set it in this shell.") from None


def _from_file(name: str, source: str, run: Run) -> str:
    from dpsctl.text.values import expand_file_reference

    path = _seen_from_here(name, run)
    text = expand_file_reference(f"@{path}", source, run.stdin)
    run.warn_of_readers(str(path), source)
    return text


def _seen_from_here(name: str, run: Run) -> Path:
    """Return the path of a file that the configuration names: it may lie beside it."""
    return config_file(run.environ).parent / Path(name).expanduser()


def _from_command(command: str | list[str], source: str, run: Run) -> str:
    from dpsctl.config.secret_commands import output_of

    return output_of(command, source, run)


_FETCHERS: dict[str, Any] = {
    "login_env": _from_environment,
    "login_file": _from_file,
    "login_command": _from_command,
}


def _check_mode(path: Path, mode: int, text: str) -> None:
    """Refuse a file in which others could name a program to run, or read a secret."""
    if not platforms.has_modes():
        return
    if mode & _OTHERS_WRITE:
        raise UsageError(f"{path}: others can change it", f"chmod 600 {path}")
    from dpsctl.masking import mask_looks

    if mode & _OTHERS_READ and mask_looks(text) != text:
        raise UsageError(f"{path}: others can read the secret in it", f"chmod 600 {path}")


@contextmanager
def _placed(known: Contexts, *keys: str) -> Iterator[None]:
    """Say in what is refused where in the file it stands."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{known.place(*keys)}: {error.message}", error.hint) from None


def _fill(known: Contexts, document: Any) -> None:
    """Put what the file holds into *known*. Raises UsageError if its form is another."""
    if document is None:
        return
    contexts = document.get(_CONTEXTS) or {} if isinstance(document, dict) else None
    if not isinstance(contexts, dict):
        raise _malformed(known.place(_CONTEXTS))
    for name, settings in contexts.items():
        if not isinstance(settings, dict):
            raise _malformed(known.place(_CONTEXTS, name))
    unknown = set(document) - {_CURRENT, _CONTEXTS}
    if unknown:
        raise UsageError(
            f"{known.place(min(unknown))}: {min(unknown)!r} has no meaning here",
            f"There are {_CURRENT} and {_CONTEXTS}; a setting stands inside a context.",
        )
    current = document.get(_CURRENT)
    known.current = str(current) if current else None
    known.contexts = contexts


def _malformed(place: str) -> UsageError:
    return UsageError(
        f"{place}: wanted '{_CONTEXTS}:' with a mapping for each name",
        "'dpsctl config set --context NAME dps_name=NAME' writes it in the right form.",
    )

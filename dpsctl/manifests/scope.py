"""The `$fleet` document: what a run may touch, and how far it may go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.manifests.fields import KINDS, Json

VERSION = 1
_FIELDS = ("$fleet", "service", "owns", "protect", "limits", "defaults", "exact")


@dataclass(frozen=True)
class Limits:
    """How many objects may lose something before `--allow many` is asked for."""

    percent: float = 30
    objects: int = 500


@dataclass(frozen=True)
class Scope:
    """What the files say of the fleet as a whole; without a `$fleet` document it says nothing.

    *owns* has the globs of ids by kind, None if the fleet does not say what it owns; *service* is
    the host that it is for.
    """

    service: str | None = None
    owns: Mapping[str, Sequence[str]] | None = None
    protect: Sequence[str] = ()
    limits: Limits = field(default_factory=Limits)
    defaults: Mapping[str, Json] = field(default_factory=dict)
    exact: bool = False

    def is_owned(self, kind: str, record_id: str) -> bool:
        """Tell whether the fleet says that it answers for a record."""
        return self.owns is not None and matches(record_id, self.owns.get(kind, ()))

    def is_allowed(self, kind: str, record_id: str) -> bool:
        """Tell whether the files may have a record."""
        return self.owns is None or self.is_owned(kind, record_id)

    def is_protected(self, record_id: str) -> bool:
        """Tell whether nothing may be taken away from a record."""
        return matches(record_id, self.protect)


def read_scope(document: Json) -> Scope:
    """Read a `$fleet` document. Raises UsageError, whose message begins with a field."""
    if document["$fleet"] != VERSION or isinstance(document["$fleet"], bool):
        raise UsageError(
            f"$fleet: {document['$fleet']!r} is no version that is known",
            f"Write '$fleet: {VERSION}', the format's version.",
        )
    for name in document:
        if name not in _FIELDS:
            raise UsageError(f"{name}: no field of $fleet", f"There are {', '.join(_FIELDS)}.")
    owns = document.get("owns")
    return Scope(
        service=_text(document.get("service")),
        owns=None
        if owns is None
        else {
            kind: _globs(f"owns.{kind}", globs) for kind, globs in _by_kind("owns", owns).items()
        },
        protect=_globs("protect", document.get("protect") or []),
        limits=_limits(document.get("limits") or {}),
        defaults=_by_kind("defaults", document.get("defaults") or {}),
        exact=_boolean("exact", document.get("exact", False)),
    )


def matches(record_id: str, globs: Sequence[str]) -> bool:
    """Tell whether an id matches any of *globs*, whatever the case of its letters."""
    return any(fnmatchcase(record_id.casefold(), glob.casefold()) for glob in globs)


def _text(value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or not value):
        raise UsageError("service: the service's host name is wanted", "Write it as a text.")
    return value


def _by_kind(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{name}: an object with a kind of record each is wanted", _KINDS_HINT)
    for kind, content in value.items():
        if kind not in KINDS:
            raise UsageError(f"{name}.{kind}: no kind of record", _KINDS_HINT)
        if name == "defaults" and not isinstance(content, dict):
            raise UsageError(f"{name}.{kind}: a record's fields are wanted", _KINDS_HINT)
    return value


def _globs(name: str, value: Any) -> Sequence[str]:
    globs = [value] if isinstance(value, str) else value
    if not isinstance(globs, list) or not all(isinstance(one, str) and one for one in globs):
        raise UsageError(f"{name}: a list of ids is wanted", "Write them as in [line-*, pump-7].")
    return globs


def _limits(value: Any) -> Limits:
    if not isinstance(value, dict) or set(value) - {"percent", "objects"}:
        raise UsageError("limits: percent and objects are wanted", "As in {percent: 30}.")
    for name, number in value.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or number < 0:
            raise UsageError(f"limits.{name}: a number from 0 is wanted", "As in {percent: 30}.")
    return Limits(**value)


def _boolean(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{name}: true or false is wanted")
    return value


_KINDS_HINT = f"There are {' and '.join(KINDS)}."

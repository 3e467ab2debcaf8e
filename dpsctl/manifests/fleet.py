"""All records that the files ask for, by kind and id."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dpsctl.manifests.fields import Json, Kind, Path
from dpsctl.manifests.scope import Scope
from dpsctl.payloads.certificate_policy import names_policy

Key = tuple[str, str]


@dataclass(frozen=True, eq=False, slots=True)
class Wanted:
    """A record as the files have it; *place* is where, *origins* is where secrets come from.

    *rows* names the file whose row it is, if it is one.
    """

    kind: Kind
    record_id: str
    body: Json
    place: str = ""
    exact: bool = False
    formerly: str | None = None
    origins: Mapping[Path, str] = field(default_factory=dict)
    rows: str | None = None

    @property
    def key(self) -> Key:
        """What tells records apart."""
        return key_of(self.kind, self.record_id)


class Fleet(Mapping[Key, Wanted]):
    """The wanted records, and the *scope* that they are in.

    A record that can be made again is made whenever it is asked for: so a million rows take the
    room of their cells. *formerly* has the old key of each record that is to be renamed, *sources*
    the SHA-256 of each file that was read, *secret_variables* where a variable is a secret. It
    *names_policies* if any record says something of its certificate policy.
    """

    def __init__(self, scope: Scope, records: Sequence[Wanted] = ()) -> None:
        self.scope = scope
        self.formerly: dict[Key, Key] = {}
        self.sources: dict[str, str] = {}
        self.secret_variables: list[str] = []
        self.names_policies = False
        self._records: dict[Key, Wanted | Callable[[], Wanted]] = {}
        self._last: Wanted | None = None
        for wanted in records:
            self.add(wanted)

    def __getitem__(self, key: Key) -> Wanted:
        if self._last and self._last.key == key:
            return self._last  # whoever reads its keys asks for it, and then whoever compares it
        found = self._records[key]
        self._last = found if isinstance(found, Wanted) else found()
        return self._last

    def __iter__(self) -> Iterator[Key]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, key: object) -> bool:
        return key in self._records

    def add(self, wanted: Wanted, again: Callable[[], Wanted] | None = None) -> None:
        """Take a record, or what makes it *again*."""
        self._records[wanted.key] = again or wanted
        self.names_policies = self.names_policies or names_policy(wanted.body)
        if wanted.formerly:
            self.formerly[wanted.key] = key_of(wanted.kind, wanted.formerly)


def key_of(kind: Kind, record_id: str) -> Key:
    """Return what tells records apart: ids are the same whatever the case of their letters."""
    return kind.name, record_id.casefold()


def id_of(kind: Kind, record: Json) -> str:
    """Return a record's id."""
    return str(record.get(kind.id_field))

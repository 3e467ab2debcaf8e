"""What has to be done to make a service as the files say: changes, what they risk, and how many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

from dpsctl.manifests.changes import (
    FieldChange,
    changes_type,
    field_changes,
    merged,
    new_record,
    unmanaged_fields,
)
from dpsctl.manifests.fields import GROUP, Json, Kind, Path
from dpsctl.manifests.fleet import Fleet, Key, Wanted, id_of, key_of
from dpsctl.manifests.judgement import why_refused
from dpsctl.manifests.risks import Risk, risks_of_delete, risks_of_update, trusted_by, type_of
from dpsctl.manifests.scope import matches

_FEWEST_FOR_PERCENT = 10
# What no change may take from a protected record, whatever is allowed.
_KEPT_BY_PROTECTION = frozenset(
    {Risk.delete, Risk.replace, Risk.keys, Risk.certificates, Risk.disable}
)


class Action(Enum):
    """What is done to a record; the value is how it is called."""

    create = "create"
    update = "update"
    replace = "replace"
    rename = "rename"
    delete = "delete"


@dataclass(frozen=True, eq=False, slots=True)
class Change:
    """One record that is not as it should be.

    *blocked* says why nothing can be done about it; *old_id* is what a renamed one was called.
    """

    action: Action
    kind: Kind
    record_id: str
    fields: tuple[FieldChange, ...] = ()
    risks: frozenset[Risk] = frozenset()
    blocked: str | None = None
    wanted: Wanted | None = None
    actual: Json | None = None
    old_id: str | None = None

    @property
    def key(self) -> Key:
        """What tells records apart."""
        return key_of(self.kind, self.record_id)

    @property
    def etag(self) -> str | None:
        """The mark of the version that was looked at; None if there was none."""
        return (self.actual or {}).get("etag")

    @property
    def place(self) -> str:
        """Where the files ask for this; nothing for a record that is in no file."""
        return self.wanted.place if self.wanted else ""

    def body(self, actual: Json | None = None) -> Json:
        """Return the record to write: what is wanted over *actual*, or over what was read."""
        if self.wanted is None:
            raise AssertionError("a record that is deleted has no body")
        held = self.actual if actual is None else actual
        if held is None:
            return new_record(self.kind, self.wanted.body, exact=self.wanted.exact)
        return merged(self.kind, self.wanted.body, held, exact=self.wanted.exact)


@dataclass(frozen=True)
class Plan:
    """All that has to be done, and what was found beside it.

    *unmanaged* are the fields that the service holds and no file names, by record; *unmatched* the
    globs of `protect` that no record of the service or of a file matches; *groups* counts those
    that were looked at by their type of attestation.
    """

    changes: tuple[Change, ...]
    as_wanted: int = 0
    not_ours: int = 0
    protected: int = 0
    unmanaged: tuple[tuple[Kind, str, Path], ...] = ()
    is_many: bool = False
    unmatched: tuple[str, ...] = ()
    groups: Counter[str] = field(default_factory=Counter)

    @property
    def feasible(self) -> list[Change]:
        """The changes that nothing stands in the way of."""
        return [change for change in self.changes if change.blocked is None]

    def risks(self) -> dict[Risk, list[Change]]:
        """Return the classes that the plan needs leave for, each with its changes, in order."""
        found = {
            risk: [change for change in self.feasible if risk in change.risks] for risk in Risk
        }
        if self.is_many:
            found[Risk.many] = [change for change in self.feasible if change.risks]
        return {risk: changes for risk, changes in found.items() if changes}

    def counts(self) -> Counter[Action]:
        """Count the feasible changes by what is done."""
        return Counter(change.action for change in self.feasible)


def change_of(wanted: Wanted, actual: Json | None) -> Change | None:
    """Return what makes *actual* as *wanted*; None if there is nothing to do."""
    kind = wanted.kind
    if actual is None:
        change = Change(Action.create, kind, wanted.record_id, wanted=wanted)
        fields = field_changes(kind, _without_id(wanted), {}, exact=False)
        return _judged(replace(change, fields=tuple(fields)))
    fields = field_changes(kind, wanted.body, actual, exact=wanted.exact)
    if not fields:
        return None
    action = Action.replace if changes_type(wanted.body, actual) else Action.update
    change = Change(action, kind, id_of(kind, actual), tuple(fields), wanted=wanted, actual=actual)
    return _judged(replace(change, risks=risks_of_update(kind, actual, change.body())))


def plan_of(fleet: Fleet, actual: Iterable[tuple[Kind, Json]], *, prune: bool = False) -> Plan:
    """Compare what the *fleet* wants with the *actual* records, which are looked at one by one.

    With *prune* the records that its scope owns and no file has are deleted.
    """
    planning = _Planning(fleet, prune=prune)
    for kind, record in actual:
        planning.meet(kind, record)
    return planning.plan()


class _Planning:
    """A plan in the making; of the records that are as wanted it keeps nothing but their number."""

    def __init__(self, fleet: Fleet, *, prune: bool) -> None:
        self._fleet = fleet
        self._scope = fleet.scope
        self._prune = prune
        self._former = {old: new for new, old in fleet.formerly.items()}
        self._olds: dict[Key, Json] = {}
        self._met: dict[Key, Json | None] = {}
        self._changes: list[Change] = []
        self._unmanaged: list[tuple[Kind, str, Path]] = []
        self._counts: Counter[str] = Counter()
        self._groups: Counter[str] = Counter()
        self._unmatched = list(self._scope.protect)

    def meet(self, kind: Kind, record: Json) -> None:
        """Look at a record of the service."""
        record_id = id_of(kind, record)
        self._groups[type_of(record)] += kind is GROUP
        self._match(record_id)
        key = key_of(kind, record_id)
        wanted = self._fleet.get(key)
        if wanted:
            self._met[key] = record if wanted.formerly else None
            self._take(change_of(wanted, record))
            if not wanted.exact:
                paths = unmanaged_fields(kind, wanted.body, record)
                self._unmanaged += [(kind, record_id, path) for path in paths]
        elif key in self._former:
            self._olds[key] = record
        elif not (self._prune and self._scope.is_owned(kind.name, record_id)):
            self._counts["not ours"] += 1
        elif self._scope.is_protected(record_id):
            self._counts["protected"] += 1
        else:
            self._changes.append(_deletion(kind, record))

    def plan(self) -> Plan:
        """Return the plan, once all records have been met."""
        for key in self._fleet:
            self._match(key[1])
            if key not in self._met and self._fleet.formerly.get(key) not in self._olds:
                self._take(change_of(self._fleet[key], None))
        for key, old in self._olds.items():
            self._changes.append(self._rename(self._fleet[self._former[key]], old))
        changes = tuple(sorted(map(self._protected, self._changes), key=lambda change: change.key))
        return Plan(
            changes,
            self._counts["as wanted"],
            self._counts["not ours"],
            self._counts["protected"],
            tuple(self._unmanaged),
            self._is_many(changes),
            tuple(self._unmatched),
            self._groups,
        )

    def _match(self, record_id: str) -> None:
        if self._unmatched:
            self._unmatched = [one for one in self._unmatched if not matches(record_id, [one])]

    def _take(self, change: Change | None) -> None:
        if change is None:
            self._counts["as wanted"] += 1
        else:
            self._changes.append(change)

    def _rename(self, wanted: Wanted, old: Json) -> Change:
        """Plan a rename, or what is left of one that was cut short: to delete the old record."""
        new = self._met.get(wanted.key)
        kind = wanted.kind
        if new is None:
            return _renaming(wanted, old)
        if proves_the_same(kind, new, old):
            return _deletion(kind, old)
        why = f"{id_of(kind, new)} is there too, and does not hold its keys or certificates"
        return replace(_deletion(kind, old), blocked=why, wanted=wanted)

    def _protected(self, change: Change) -> Change:
        taken = change.risks & _KEPT_BY_PROTECTION
        record_id = change.old_id or change.record_id
        if change.blocked or not taken or not self._scope.is_protected(record_id):
            return change
        names = ", ".join(risk.value for risk in Risk if risk in taken)
        return replace(change, blocked=f"it is protected by $fleet ({names})")

    def _is_many(self, changes: tuple[Change, ...]) -> bool:
        risky = sum(bool(change.risks) and change.blocked is None for change in changes)
        covered = len(changes) + self._counts["as wanted"]
        limits = self._scope.limits
        is_part = covered >= _FEWEST_FOR_PERCENT and risky * 100 > limits.percent * covered
        return is_part or risky > limits.objects


def _deletion(kind: Kind, record: Json) -> Change:
    risks = risks_of_delete(kind, record)
    return Change(Action.delete, kind, id_of(kind, record), risks=risks, actual=record)


def _renaming(wanted: Wanted, old: Json) -> Change:
    """Make the new record of the old one, keys included, with what is written over it."""
    kind = wanted.kind
    fields = field_changes(kind, _without_id(wanted), old, exact=wanted.exact)
    change = Change(
        Action.rename,
        kind,
        wanted.record_id,
        tuple(fields),
        wanted=wanted,
        actual=old,
        old_id=id_of(kind, old),
    )
    risks = risks_of_update(kind, old, change.body()) | risks_of_delete(kind, old)
    return _judged(replace(change, risks=risks))


def _without_id(wanted: Wanted) -> Json:
    return {name: part for name, part in wanted.body.items() if name != wanted.kind.id_field}


def _judged(change: Change) -> Change:
    """Block a change that cannot be carried out."""
    why = why_refused(change.kind, change.body(), change.actual, is_new=bool(change.old_id))
    return replace(change, blocked=why) if why else change


def proves_the_same(kind: Kind, new: Json, old: Json) -> bool:
    """Tell whether devices of *old* can prove to *new* who they are; both show their keys."""
    lost = {Risk.keys, Risk.certificates, Risk.replace}
    shown = new.get("attestation") or {}
    is_known = bool(shown.get("symmetricKey") or trusted_by(kind, new) or shown.get("tpm"))
    return is_known and not lost & risks_of_update(kind, old, new)

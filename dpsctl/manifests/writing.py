"""One change at a time written to a service, and looked at again where there is doubt."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from dpsctl.effort import Ending
from dpsctl.errors import (
    BadAnswer,
    Conflict,
    DpsctlError,
    NotFound,
    ServiceError,
    ServiceFailed,
    Throttled,
    Unauthorized,
    Unreachable,
)
from dpsctl.manifests.changes import FieldChange, has_keys, is_by_key, states_all_keys, states_keys
from dpsctl.manifests.fields import Json, secret_paths
from dpsctl.manifests.outcomes import Fate
from dpsctl.manifests.plan import Action, Change, change_of, proves_the_same
from dpsctl.manifests.reading import Readable, with_keys
from dpsctl.payloads.comparison import is_same
from dpsctl.text.paths import show_path

_TRIES = 3
_TIMED_OUT = 408


class Report(Protocol):
    """What the service says of an item of a batch."""

    @property
    def code(self) -> int | None:
        """The service's code."""

    @property
    def message(self) -> str | None:
        """What the service says."""

    @property
    def status(self) -> int:
        """The HTTP status that the item would have had alone, 0 if that is open."""

    @property
    def may_pass(self) -> bool:
        """Whether another try could help."""

    @property
    def is_done(self) -> bool:
        """Whether it is done without a doubt."""

    @property
    def is_doubtful(self) -> bool:
        """Whether nobody knows."""


class Writable(Readable, Protocol):
    """A collection of records that can be written."""

    @property
    def tries(self) -> int:
        """How often a call may be made."""

    def pause(self, attempt: int) -> None:
        """Wait before another try."""

    def create(self, record_id: str, body: Json) -> Json:
        """Make a record. Raises Conflict if it is there."""

    def replace(self, record_id: str, body: Json, etag: str) -> Json:
        """Write a record over the one that has *etag*. Raises Conflict."""

    def delete(self, record_id: str, etag: str | None) -> Json | None:
        """Delete the record that has *etag*. Raises Conflict and NotFound."""

    def batch(self, mode: str, bodies: Sequence[Json]) -> Sequence[Report]:
        """Write up to ten records in one call."""

    def planned_bulk(self, mode: str, bodies: Sequence[Json]) -> Json:
        """Describe such a call."""


class KeysHidden(DpsctlError):
    """Raised where a write would make new keys, since those that there are cannot be sent."""


@dataclass(frozen=True)
class Writer:
    """Makes changes in the collections of a service, which are named by their kinds.

    With *is_exact* a record whose etag is no more the planned one is not written, whatever has
    changed in it.
    """

    collections: Mapping[str, Writable]
    is_exact: bool = False

    def written(self, change: Change) -> Fate:
        """Make one change. Raises DpsctlError where the next ones would fare no better."""
        for _ in range(_TRIES):
            try:
                return self._made(change)
            except (KeysHidden, ServiceError, Unreachable, BadAnswer) as failure:
                if fate := _failed(change, failure):
                    return fate
                is_lost = not isinstance(failure, Conflict | NotFound)
            found = self.looked_at(change, is_lost=is_lost)
            if isinstance(found, Fate):
                return found
            change = found
        return Fate(change, Ending.conflict, message="it changes again and again; not written")

    def looked_at(self, change: Change, *, is_lost: bool) -> Fate | Change:
        """Read the record again: return what became of the change, or what is left to make.

        *is_lost* says that it may have been made, since the answer was lost.
        """
        found = self._read(change)
        if change.action is Action.delete:
            return self._deletion(change, found, is_lost=is_lost)
        if change.wanted is None:
            raise AssertionError("only a deletion is in no file")
        again = change_of(change.wanted, found)
        if change.old_id:
            return change if found is None else self._renamed(change, found, again)
        if again is None:
            return Fate.done(change) if is_lost else Fate(change, Ending.unchanged)
        problem = _overtaken(change, again)
        # What is replaced was not read whole: keys that are new might go with it.
        is_exact = self.is_exact or change.action is Action.replace
        if is_exact and again.etag != change.etag:
            problem = problem or "it has changed since this was planned; not written"
        return Fate(change, Ending.conflict, message=problem) if problem else again

    def requests(self, change: Change) -> Iterator[Json]:
        """Describe the writes that make one change."""
        collection = self.collections[change.kind.name]
        if change.action in (Action.create, Action.rename):
            yield collection.create(change.record_id, self.body(change))
        elif change.action is not Action.delete:
            yield collection.replace(change.record_id, self.body(change), str(change.etag))
        old = change.record_id if change.action is Action.delete else change.old_id
        if old is not None:
            yield collection.delete(old, change.etag) or {}

    def body(self, change: Change) -> Json:
        """Return the record to write, with the keys it has unless all of them are given.

        Raises KeysHidden where the service does not show them.
        """
        actual, wanted = change.actual, change.wanted
        if actual is None or wanted is None or not is_by_key(actual):
            return change.body()
        if change.action is Action.replace or states_all_keys(wanted.body):
            return change.body()
        actual = with_keys(self.collections[change.kind.name], change.kind, actual)
        if not has_keys(actual):
            raise KeysHidden("the service does not show its keys, and would make new ones")
        return change.body(actual)

    def _made(self, change: Change) -> Fate:
        collection = self.collections[change.kind.name]
        etag = str(change.etag or "*")
        if change.action is Action.delete:
            collection.delete(change.record_id, etag)
            return Fate.done(change)
        body = self.body(change)
        if change.action in (Action.create, Action.rename):
            answer = collection.create(change.record_id, body)
        else:
            answer = collection.replace(change.record_id, body, etag)
        fate = self._after(change)
        return fate if fate.message else replace(fate, message=_not_kept(change, answer))

    def _after(self, change: Change) -> Fate:
        """Finish a change whose record has been written: a rename takes the old one away."""
        if change.old_id is None or change.actual is None:
            return Fate.done(change)
        try:
            self.collections[change.kind.name].delete(change.old_id, change.etag)
        except NotFound:
            pass
        except Conflict:
            told = f"{change.old_id} has changed since it was planned; it is still there"
            return Fate(change, Ending.conflict, message=told)
        return Fate.done(change)

    def _renamed(self, change: Change, found: Json, again: Change | None) -> Fate | Change:
        """Finish a rename whose answer was lost, if the new record is what was sent."""
        if again is None and proves_the_same(change.kind, found, change.actual or {}):
            return self._after(change)
        told = "it is there now, and was not when this was planned; run it again"
        return Fate(change, Ending.conflict, message=told)

    def _deletion(self, change: Change, found: Json | None, *, is_lost: bool) -> Fate | Change:
        if found is None:
            return Fate.done(change) if is_lost else Fate(change, Ending.unchanged)
        if found.get("etag") == change.etag:
            return change
        told = "it has changed since it was planned; not deleted"
        return Fate(change, Ending.conflict, message=told)

    def _read(self, change: Change) -> Json | None:
        collection = self.collections[change.kind.name]
        try:
            found = collection.show(change.record_id)
        except NotFound:
            return None
        stated = change.wanted is not None and states_keys(change.wanted.body)
        is_compared = stated or change.old_id is not None
        return with_keys(collection, change.kind, found) if is_compared else found


def _failed(change: Change, failure: DpsctlError) -> Fate | None:
    """Return the fate of a change that was refused for good; None if it is worth a look.

    Raises *failure* where the next changes would fare no better.
    """
    if isinstance(failure, Unauthorized | Throttled):
        raise failure
    is_lost = isinstance(failure, Unreachable | BadAnswer | ServiceFailed)
    if is_lost or isinstance(failure, Conflict | NotFound):
        return None
    status = failure.status if isinstance(failure, ServiceError) else 0
    if status == _TIMED_OUT:
        return None
    code = failure.details.get("errorCode") if isinstance(failure, ServiceError) else None
    return Fate(change, Ending.failed, code, failure.message)


def _overtaken(planned: Change, again: Change) -> str | None:
    """Say how somebody else has changed what was planned to change; None if nobody has."""
    if planned.actual is None and again.actual is not None:
        return "it is there now, and was not when this was planned; not written"
    if again.actual is None and planned.actual is not None:
        return "it was deleted since this was planned; not made again"
    known = {field.path: field for field in planned.fields}
    for field in again.fields:
        before = known.get(field.path)
        if before is None or not _is_same_change(before, field):
            return _told(planned, field, before)
    return None if again.risks <= planned.risks else "it would lose more than was planned"


def _is_same_change(one: FieldChange, other: FieldChange) -> bool:
    return is_same(one.before, other.before) and is_same(one.after, other.after)


def _told(change: Change, field: FieldChange, before: FieldChange | None) -> str:
    name = show_path(field.path)
    if field.path in secret_paths(change.kind):
        return f"{name} has changed since this was planned; not written"
    was = _shown(before.before) if before else "as wanted"
    return f"{name} is {_shown(field.before)} now, was {was} when planned; not written"


def _shown(value: Any) -> str:
    if isinstance(value, dict | list | str | int | float | bool):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return "absent"


def _not_kept(change: Change, answer: Json) -> str | None:
    """Name the fields that the service did not keep: they would differ for ever."""
    left = change_of(change.wanted, answer) if change.wanted else None
    if left is None:
        return None
    names = ", ".join(show_path(field.path) for field in left.fields)
    return f"the service did not keep {names}"

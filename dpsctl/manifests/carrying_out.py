"""A plan carried out: stage after stage, several calls at a time, what takes away last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from dpsctl.effort import Effort, Ending
from dpsctl.errors import DpsctlError
from dpsctl.manifests.fields import GROUP, Json
from dpsctl.manifests.outcomes import Fate
from dpsctl.manifests.plan import Action, Change, Plan
from dpsctl.manifests.risks import Risk
from dpsctl.manifests.writing import KeysHidden, Report, Writer
from dpsctl.parallel import in_parallel
from dpsctl.run import Run

BATCH_SIZE = 10
_CHANGED_MEANWHILE = frozenset({404, 409, 412})
_MODES = {
    Action.create: "create",
    Action.update: "updateIfMatchETag",
    Action.delete: "delete",
}
_RESTRICTING, _GROUPS, _INDIVIDUALS, _EXCHANGING, _DELETING = range(5)


class CarryingOut:
    """Makes the changes of a plan; *deletes_first* makes room where the service has a limit."""

    def __init__(
        self, plan: Plan, writer: Writer, run: Run, parallel: int, *, deletes_first: bool = False
    ) -> None:
        self.effort = Effort(run)
        self._plan = plan
        self._writer = writer
        self._parallel = parallel
        self._deletes_first = deletes_first
        self._begun: set[int] = set()

    def requests(self) -> Iterator[Json]:
        """Describe the writes in their order, where the service is asked to send none."""
        for _, changes in self._stages():
            for unit in _units(changes):
                if _is_bulk(unit[0]):
                    collection = self._writer.collections[unit[0].kind.name]
                    bodies = [self._bulk_body(change) for change in unit]
                    yield collection.planned_bulk(_MODES[unit[0].action], bodies)
                else:
                    yield from self._writer.requests(unit[0])

    def fates(self) -> Iterator[Fate]:
        """Make the changes, and yield what becomes of each.

        Once nobody is let in, or the user interrupts, nothing new is begun, and what is under way
        is waited for; a second interrupt waits for nothing.
        """
        with self.effort.interruptible():
            for fate in self._all():
                self.effort.endings[fate.ending] += 1
                yield fate

    def _all(self) -> Iterator[Fate]:
        for change in self._plan.changes:
            if change.blocked is not None:
                yield Fate(change, Ending.blocked, message=change.blocked)
        for stage, changes in self._stages():
            is_withheld = stage == _DELETING and not self._deletes_first and self.effort.has_failed
            if is_withheld and not self.effort.is_halted:
                told = "deletes wait until all else is done"
                yield from (Fate(change, Ending.withheld, message=told) for change in changes)
            else:
                yield from self._stage(changes)

    def _stages(self) -> list[tuple[int, list[Change]]]:
        def order(change: Change) -> int:
            stage = _stage_of(change)
            return -1 if stage == _DELETING and self._deletes_first else stage

        changes = sorted(self._plan.feasible, key=order)
        return [
            (_stage_of(found[0]), found)
            for _, each in groupby(changes, order)
            if (found := list(each))
        ]

    def _stage(self, changes: Sequence[Change]) -> Iterator[Fate]:
        """Make the changes of one stage; individuals that are to go are gone before groups are."""
        done: set[int] = set()
        try:
            for is_group in (False, True):
                units = list(_units([one for one in changes if (one.kind is GROUP) is is_group]))
                for fates in in_parallel(self._unit, units, self._parallel):
                    done.update(id(fate.change) for fate in fates)
                    yield from fates
        except KeyboardInterrupt as stop:
            self.effort.abandon(stop)
            left = [change for change in changes if id(change) not in done]
            yield from (self._abandoned(change) for change in left)

    def _abandoned(self, change: Change) -> Fate:
        if id(change) not in self._begun:
            return Fate(change, Ending.not_sent)
        return Fate(change, Ending.unknown, message="interrupted while it was under way")

    def _unit(self, unit: Sequence[Change]) -> list[Fate]:
        if self.effort.is_halted:
            return [Fate(change, Ending.not_sent) for change in unit]
        self._begun.update(map(id, unit))
        try:
            if not _is_bulk(unit[0]):
                return [self._writer.written(change) for change in unit]
            return self._batch(unit)
        except DpsctlError as failure:
            ending = self.effort.fail(failure)
            return [Fate(change, ending, message=failure.message) for change in unit]

    def _batch(self, changes: Sequence[Change]) -> list[Fate]:
        """Make up to ten changes in one call, and again those that another try could help."""
        kind, mode = changes[0].kind, _MODES[changes[0].action]
        collection = self._writer.collections[kind.name]
        fates: dict[int, Fate] = {}
        bodies: dict[int, Json] = {}
        for change in changes:
            try:
                bodies[id(change)] = self._bulk_body(change)
            except KeysHidden as hidden:
                fates[id(change)] = Fate(change, Ending.failed, message=hidden.message)
        waiting = [change for change in changes if id(change) in bodies]
        for attempt in range(collection.tries):
            if attempt:
                collection.pause(attempt)
            reports = collection.batch(mode, [bodies[id(change)] for change in waiting])
            pairs = list(zip(waiting, reports, strict=True))
            is_last = attempt + 1 == collection.tries
            waiting = [one for one, report in pairs if report.may_pass and not is_last]
            for change, report in pairs:
                if change not in waiting:
                    fates[id(change)] = self._reported(change, report)
            if not waiting:
                break
        return [fates[id(change)] for change in changes]

    def _bulk_body(self, change: Change) -> Json:
        """Return an item of a batch: its etag stands in it."""
        if change.action is Action.create:
            return change.body()
        if change.action is Action.update:
            return {**self._writer.body(change), "etag": change.etag}
        held = change.actual or {}
        return {
            change.kind.id_field: change.record_id,
            "etag": change.etag,
            "attestation": held.get("attestation"),
        }

    def _reported(self, change: Change, report: Report) -> Fate:
        if report.is_done:
            return Fate.done(change)
        if not report.is_doubtful and report.status not in _CHANGED_MEANWHILE:
            return Fate(change, Ending.failed, report.code, report.message)
        found = self._writer.looked_at(change, is_lost=report.is_doubtful)
        return found if isinstance(found, Fate) else self._writer.written(found)


def _stage_of(change: Change) -> int:
    """Say when a change has its turn: what restricts comes first, what takes away comes last."""
    if change.action is Action.delete:
        return _DELETING
    if change.action in (Action.replace, Action.rename):
        return _EXCHANGING
    wanted = change.wanted.body if change.wanted else {}
    is_new_lock = change.action is Action.create and wanted.get("provisioningStatus") == "disabled"
    if is_new_lock or Risk.disable in change.risks:
        return _RESTRICTING
    return _GROUPS if change.kind is GROUP else _INDIVIDUALS


def _units(changes: Iterable[Change]) -> Iterator[Sequence[Change]]:
    """Cut changes into calls: groups alone, individuals ten at a time where there is a mode."""
    for _, alike in groupby(sorted(changes, key=_action_name), _action_name):
        found = list(alike)
        size = BATCH_SIZE if _is_bulk(found[0]) else 1
        yield from (found[start : start + size] for start in range(0, len(found), size))


def _is_bulk(change: Change) -> bool:
    return change.kind is not GROUP and change.action in _MODES


def _action_name(change: Change) -> str:
    return change.action.value

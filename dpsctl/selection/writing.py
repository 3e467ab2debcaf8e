"""A write to each of many records, several at a time: a result for each, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dpsctl.effort import Effort, Ending
from dpsctl.errors import HALTING, DpsctlError, NotFound, ServiceError
from dpsctl.parallel import in_parallel
from dpsctl.selection.choosing import Chosen, Kind
from dpsctl.service.batches import code_of
from dpsctl.service.dps import Enrollments

Json = dict[str, Any]
Write = Callable[[Chosen], "Written"]


@dataclass(frozen=True)
class Written:
    """What became of a record; of a dry run the *plan* of what would be sent, if anything."""

    ending: Ending
    code: int | None = None
    message: str | None = None
    plan: Json | None = None


class Writing:
    """Makes the same *write* of each of many records, until something brings it to a halt."""

    def __init__(self, write: Write, kind: Kind, effort: Effort, parallel: int) -> None:
        self._write = write
        self._kind = kind
        self._effort = effort
        self._parallel = parallel
        self._begun: set[int] = set()

    def results(self, chosen: Sequence[Chosen]) -> Iterator[Json]:
        """Yield what becomes of each; once it is halted, nothing new is begun."""
        done = 0
        with self._effort.interruptible():
            try:
                for one, written in in_parallel(self._written, chosen, self._parallel):
                    done += 1
                    yield self._told(one, written)
            except KeyboardInterrupt as stop:
                self._effort.abandon(stop)
                for one in chosen[done:]:
                    yield self._told(one, self._abandoned(one))

    def _abandoned(self, one: Chosen) -> Written:
        if id(one) not in self._begun:
            return Written(Ending.not_sent)
        return Written(Ending.unknown, message="interrupted while it was under way")

    def _written(self, one: Chosen) -> tuple[Chosen, Written]:
        if self._effort.is_halted:
            return one, Written(Ending.not_sent)
        self._begun.add(id(one))
        try:
            return one, self._write(one)
        except HALTING as failure:
            return one, Written(self._effort.fail(failure), message=failure.message)
        except DpsctlError as failure:
            code = code_of(failure.details) if isinstance(failure, ServiceError) else None
            return one, Written(Ending.failed, code, failure.message)

    def _told(self, one: Chosen, written: Written) -> Json:
        self._effort.endings[written.ending] += 1
        if written.plan is not None:
            return written.plan
        shown = {
            self._kind.id_field: one.record_id,
            "status": written.ending.value,
            "errorCode": written.code,
            "message": written.message,
        }
        return {name: value for name, value in shown.items() if value is not None}


def updating(records: Enrollments, change: Callable[[Json], Json]) -> Write:
    """Return what makes *change* of a record; one that was read is not read again."""

    def write(one: Chosen) -> Written:
        update = records.update(one.record_id, change, etag=None, held=one.record)
        if not update.is_written:
            return Written(Ending.unchanged)
        return Written(Ending.updated, plan=update.record if records.dry_run else None)

    return write


def deleting(delete: Callable[[str, str | None], Json | None], *, if_exists: bool) -> Write:
    """Return what deletes a record; one that was read is deleted only as it was then.

    One that is gone already is as wanted where it was read, or *if_exists* was said.
    """

    def write(one: Chosen) -> Written:
        etag = str(one.record.get("etag") or "*") if one.record else None
        try:
            plan = delete(one.record_id, etag)
        except NotFound:
            if if_exists or one.record is not None:
                return Written(Ending.unchanged)
            raise
        return Written(Ending.deleted, plan=plan)

    return write

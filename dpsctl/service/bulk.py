"""Make many enrollments through the bulk endpoint, and find out what became of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dpsctl.errors import HALTING, DpsctlError, NotFound, ServiceError
from dpsctl.options.words import IfExists
from dpsctl.payloads.comparison import is_written
from dpsctl.service.batches import Report, Verdict, code_of, send_batch
from dpsctl.service.dps import Enrollments

Json = dict[str, Any]
_CONFLICT = 409


class Status(StrEnum):
    """What became of an item."""

    created = "created"
    exists = "exists"
    failed = "failed"
    unchanged = "unchanged"
    updated = "updated"


@dataclass(frozen=True)
class Item:
    """A record to make; *change* is what `--if-exists update` does to one that is there."""

    record_id: str
    body: Json
    change: Callable[[Json], Json]


@dataclass(frozen=True)
class Fate:
    """What became of an item; *code* is the service's, *message* says why it failed."""

    status: Status
    code: int | None = None
    message: str | None = None


class BulkCreation:
    """Makes individual enrollments, up to BATCH_SIZE at a time."""

    def __init__(self, records: Enrollments, if_exists: IfExists) -> None:
        self._records = records
        self._if_exists = if_exists

    def create(self, batch: Sequence[Item]) -> list[Fate]:
        """Make the records of a batch, whose ids differ; return each one's fate, in order.

        Nothing is sent a second time without a look at what became of the first. Raises
        ServiceError or Unreachable where the next records would fare no better.
        """
        fates: dict[str, Fate] = {}
        unsure: set[str] = set()
        waiting = list(batch)
        for attempt in range(self._records.tries):
            if attempt:
                self._records.pause(attempt)
            is_last = attempt + 1 == self._records.tries
            waiting = self._sent(waiting, fates, unsure, is_last=is_last)
            if not waiting:
                break
        return [self._updated(item, fates[item.record_id]) for item in batch]

    def _sent(
        self, items: Sequence[Item], fates: dict[str, Fate], unsure: set[str], *, is_last: bool
    ) -> list[Item]:
        """Send *items*, note their fates and return those to send again."""
        again = []
        reports = send_batch(self._records, "create", [item.body for item in items])
        for item, report in zip(items, reports, strict=True):
            if report.failure:
                unsure.add(item.record_id)
            found = self._found(item, report, is_unsure=item.record_id in unsure)
            if found is None and report.failure and is_last:
                raise report.failure
            if found is None and (report.failure or report.may_pass):
                again.append(item)
            fates[item.record_id] = found or Fate(Status.failed, report.code, report.message)
        return again

    def _found(self, item: Item, report: Report, *, is_unsure: bool) -> Fate | None:
        """Return the fate of an item that is there; what is in doubt is looked for."""
        is_there = report.verdict is Verdict.refused and report.status == _CONFLICT
        if report.is_doubtful or (is_there and is_unsure):
            return self._looked_up(item)
        if is_there:
            return Fate(Status.exists, report.code, report.message)
        return Fate(Status.created) if report.is_done else None

    def _looked_up(self, item: Item) -> Fate | None:
        """Compare what was sent with what the service holds; None if it holds nothing."""
        try:
            record = self._records.show(item.record_id, keys=True)
        except NotFound:
            return None
        return Fate(Status.created if is_written(item.body, record) else Status.exists)

    def _updated(self, item: Item, fate: Fate) -> Fate:
        """Update an item that exists, one by one: so its keys are read first, and stay."""
        if fate.status is not Status.exists or self._if_exists is not IfExists.update:
            return fate
        try:
            update = self._records.update(item.record_id, item.change, etag=None)
        except HALTING:
            raise
        except DpsctlError as error:
            code = code_of(error.details) if isinstance(error, ServiceError) else None
            return Fate(Status.failed, code, error.message)
        return Fate(Status.updated if update.is_written else Status.unchanged)

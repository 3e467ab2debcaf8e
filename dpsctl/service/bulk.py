"""Make many enrollments through the bulk endpoint, and find out what became of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dpsctl.errors import (
    BadAnswer,
    DpsctlError,
    NotFound,
    ServiceError,
    ServiceFailed,
    Throttled,
    Unauthorized,
    Unreachable,
)
from dpsctl.options.words import IfExists
from dpsctl.payloads.comparison import is_written
from dpsctl.service.dps import Enrollments

Json = dict[str, Any]
# The service takes ten items a call (docs/service.md#b5).
BATCH_SIZE = 10
# Error codes are a status and three more digits (docs/service.md#b6).
_CODES_PER_STATUS = 1000
_CONFLICT, _TIMED_OUT, _THROTTLED, _FAILED = 409, 408, 429, 500
# What a service says of a whole batch when a single record of it is bad.
_BAD_BATCH = frozenset({400, 413, 422})


class Status(StrEnum):
    """What became of an item."""

    created = "created"
    exists = "exists"
    failed = "failed"
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

    @property
    def may_pass(self) -> bool:
        """Whether another try could help: throttled, or the service failed."""
        status = (self.code or 0) // _CODES_PER_STATUS
        return self.status is Status.failed and (status == _THROTTLED or status >= _FAILED)


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
        fates = self._made(batch)
        return [self._updated(item, fates[item.record_id]) for item in batch]

    def _made(self, items: Sequence[Item]) -> dict[str, Fate]:
        fates: dict[str, Fate] = {}
        unsure: set[str] = set()
        for attempt in range(self._records.tries):
            waiting = [item for item in items if _is_waiting(fates.get(item.record_id))]
            if not waiting:
                break
            if attempt:
                self._records.pause(attempt)
            try:
                fates |= self._sent(waiting, unsure)
            except (Unreachable, ServiceError, BadAnswer) as failure:
                if not _is_answer_lost(failure):
                    raise
                unsure |= {item.record_id for item in waiting}
                fates |= self._looked_up(waiting)
                if attempt + 1 == self._records.tries and len(fates) < len(items):
                    raise
        return fates

    def _sent(self, items: Sequence[Item], unsure: set[str]) -> dict[str, Fate]:
        try:
            errors = self._records.bulk("create", [item.body for item in items])
        except ServiceError as refusal:
            if refusal.status not in _BAD_BATCH:
                raise
            if len(items) == 1:
                return {items[0].record_id: _failed(refusal)}
            # One bad record must not take the others with it.
            alone = [self._made([item]) for item in items]
            return {name: fate for fates in alone for name, fate in fates.items()}
        return self._read(items, errors, unsure)

    def _read(
        self, items: Sequence[Item], errors: Sequence[Json], unsure: set[str]
    ) -> dict[str, Fate]:
        """Read the service's complaints; what it does not complain of has been made.

        A complaint that names no record makes all of them doubtful, so each is looked for.
        """
        complaints = {str(error.get("registrationId") or "").lower(): error for error in errors}
        fates = {}
        for item in items:
            error = complaints.pop(item.record_id.lower(), None)
            fates[item.record_id] = _complained(error) if error else Fate(Status.created)
        if complaints:
            unexplained = _complained(next(iter(complaints.values())))
            doubtful = [item for item in items if fates[item.record_id].status is Status.created]
            fates |= {item.record_id: unexplained for item in doubtful} | self._looked_up(doubtful)
        there = [item for item in items if fates[item.record_id].status is Status.exists]
        return fates | self._looked_up([item for item in there if item.record_id in unsure])

    def _looked_up(self, items: Sequence[Item]) -> dict[str, Fate]:
        """Compare what was sent with what the service holds; leave out what it does not hold."""
        found = {}
        for item in items:
            try:
                record = self._records.show(item.record_id, keys=True)
            except NotFound:
                continue
            is_ours = is_written(item.body, record)
            found[item.record_id] = Fate(Status.created if is_ours else Status.exists)
        return found

    def _updated(self, item: Item, fate: Fate) -> Fate:
        """Update an item that exists, one by one: so its keys are read first, and stay."""
        if fate.status is not Status.exists or self._if_exists is not IfExists.update:
            return fate
        try:
            self._records.update(item.record_id, item.change, etag=None)
        except (Unauthorized, Throttled, ServiceFailed, Unreachable):
            raise
        except DpsctlError as error:
            return _failed(error)
        return Fate(Status.updated)


def _is_waiting(fate: Fate | None) -> bool:
    return fate is None or fate.may_pass


def _is_answer_lost(failure: DpsctlError) -> bool:
    """Tell whether the service may have done what was asked, or part of it."""
    timed_out = isinstance(failure, ServiceError) and failure.status == _TIMED_OUT
    return timed_out or isinstance(failure, (ServiceFailed, Unreachable, BadAnswer))


def _complained(error: Json) -> Fate:
    code = error.get("errorCode")
    code = code if isinstance(code, int) else None
    message = str(error.get("errorStatus") or "the service did not say why")
    is_there = code is not None and code // _CODES_PER_STATUS == _CONFLICT
    return Fate(Status.exists if is_there else Status.failed, code, message)


def _failed(error: DpsctlError) -> Fate:
    code = error.details.get("errorCode") if isinstance(error, ServiceError) else None
    return Fate(Status.failed, code if isinstance(code, int) else None, error.message)

"""`enrollment create --from`: a row in, a result out, ten enrollments a call."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dpsctl.certificates.files import clean_certificate, read_slots
from dpsctl.commands.doubts import Doubts
from dpsctl.errors import DpsctlError, SomeFailed, UsageError
from dpsctl.options.words import IfExists
from dpsctl.output.columns import Column
from dpsctl.output.progress import progress
from dpsctl.parallel import AHEAD, in_parallel
from dpsctl.payloads.individual import ID_FIELD, Draft
from dpsctl.payloads.rows import check_columns, draft_of
from dpsctl.run import Run
from dpsctl.service.batches import BATCH_SIZE
from dpsctl.service.bulk import BulkCreation, Fate, Item, Status
from dpsctl.service.dps import Enrollments

if TYPE_CHECKING:
    from dpsctl.fleet.device_files import DeviceFile
    from dpsctl.fleet.tables import Row

Json = dict[str, Any]
RESULT_COLUMNS = {
    "Line": "line",
    "Enrollment": "registrationId",
    "Status": "status",
    "Code": "errorCode",
    "Message": Column("message", "head"),
}
# Bad rows are reported at this point even if there are too few good ones for a call.
_MOST_ROWS = 100


@dataclass(frozen=True)
class _Entry:
    """A row's line, and the item it asks for or the reason why it cannot."""

    line: int
    item: Item | None
    problem: str | None = None


class FileCreation:
    """Makes an enrollment of every row of a file; what rows leave out is as in *defaults*.

    So many calls travel at a time as are *parallel*.
    """

    def __init__(
        self,
        records: Enrollments,
        run: Run,
        file: DeviceFile,
        defaults: Draft,
        if_exists: IfExists,
        *,
        parallel: int,
    ) -> None:
        self._records = records
        self._run = run
        self._file = file
        self._defaults = defaults
        self._if_exists = if_exists
        self._parallel = parallel
        self._doubts = Doubts(run)
        self._bulk = BulkCreation(records, if_exists)
        self._counts: Counter[str] = Counter()
        self._last_line = 0
        self._is_empty = True
        self._sending: dict[int, list[int]] = {}
        self._waiting: list[_Entry] = []
        self._unreadable: DpsctlError | None = None

    def results(self, *, is_progress_shown: bool) -> Iterator[Json]:
        """Yield a result a row, in order; if it is stopped, say on stderr how far it came."""
        is_done = False
        try:
            with progress(
                self._run, "enrolling", self._file.size, is_shown=is_progress_shown
            ) as advance:
                for entries, fates in self._written():
                    yield from self._results_of(entries, fates)
                    self._run.stdout.flush()  # a reader sees results as they come
                    advance(self._file.consumed, self._summary())
            if self._unreadable:
                try:
                    raise self._unreadable
                finally:
                    self._unreadable = None  # what it holds on to keeps the file open
            is_done = True
            if self._is_empty:
                self._run.warn(f"{self._file.nothing_in_it('rows')}: nothing was made")
        finally:
            if not is_done:
                self._tell_where_it_stopped()
        if failures := self._failures():
            self._run.warn(f"{self._file.name}: {failures} of {self._counts.total()} rows failed")

    def exit_code(self) -> int:
        """Return 9 if a row failed, or was there already and nobody said what to do then."""
        return SomeFailed.exit_code if self._failures() else 0

    def _batches(self) -> Iterator[list[_Entry]]:
        """Gather rows for a call; two with one id never share a call."""
        entries: list[_Entry] = []
        ids: set[str] = set()
        table = self._file.table()
        check_columns(table.columns or [], self._file.name)
        for row in table.rows:
            self._is_empty = False
            entry = self._entry(row)
            record_id = entry.item.record_id.lower() if entry.item else None
            if len(ids) == BATCH_SIZE or record_id in ids or len(entries) == _MOST_ROWS:
                yield entries
                entries, ids = [], set()
            entries.append(entry)
            if record_id is not None:
                ids.add(record_id)
        if entries:
            yield entries

    def _entry(self, row: Row) -> _Entry:
        if row.problem:
            return _Entry(row.line, None, f"{self._file.name}:{row.line}: {row.problem}")
        try:
            return _Entry(row.line, self._item(row))
        except UsageError as error:
            return _Entry(row.line, None, f"{self._file.name}:{row.line}: {error.message}")

    def _item(self, row: Row) -> Item:
        draft = draft_of(row.values, self._defaults)
        record_id = draft.check()
        certificates = read_slots(draft.attestation, self._run, device=record_id)
        for slot, text in draft.certificates.items():
            data, source = text.encode(), f"{slot} certificate"
            certificates[slot] = clean_certificate(data, source, self._run, device=record_id)
        change = draft.change(certificates)
        place = f"{self._file.name}:{row.line}: "
        return Item(record_id, self._doubts.new(change, ID_FIELD, record_id, place), change.of)

    def _written(self) -> Iterator[tuple[list[_Entry], list[Fate]]]:
        """Make all of the file, several calls at a time, and tell of each call in its order."""
        batches = self._batches()
        if self._parallel == 1:  # a reader has each result before the next rows are there
            yield from map(self._sent, batches)
            return
        while True:
            yield from in_parallel(self._sent, self._wave(batches), self._parallel)
            if not self._waiting:
                return

    def _wave(self, batches: Iterator[list[_Entry]]) -> Iterator[list[_Entry]]:
        """Yield what may travel together: what has an id of another call's waits for that."""
        under_way: deque[set[str]] = deque(maxlen=self._parallel * AHEAD + 1)
        if self._waiting:
            first, self._waiting = self._waiting, []
            under_way.append(_ids_of(first))
            yield first
        try:
            for entries in batches:
                ids = _ids_of(entries)
                if any(ids & others for others in under_way):
                    self._waiting = entries
                    return
                under_way.append(ids)
                yield entries
        except DpsctlError as unreadable:  # raised once what was read before has been told
            self._unreadable = unreadable

    def _sent(self, entries: list[_Entry]) -> tuple[list[_Entry], list[Fate]]:
        items = [entry.item for entry in entries if entry.item]
        if not items or self._records.dry_run:
            return entries, []
        self._sending[id(entries)] = [entry.line for entry in entries if entry.item]
        return entries, self._bulk.create(items)

    def _results_of(self, entries: list[_Entry], found: list[Fate]) -> Iterator[Json]:
        self._sending.pop(id(entries), None)
        if self._records.dry_run:
            items = [entry.item for entry in entries if entry.item]
            if items:
                yield self._records.planned_bulk("create", [item.body for item in items])
            entries = [entry for entry in entries if entry.item is None]
        fates = iter(found)
        for entry in entries:
            fate = next(fates) if entry.item else Fate(Status.failed, message=entry.problem)
            self._counts[fate.status] += 1
            self._last_line = entry.line
            yield _result(entry, fate)

    def _failures(self) -> int:
        there = self._counts[Status.exists] if self._if_exists is IfExists.fail else 0
        return self._counts[Status.failed] + there

    def _summary(self) -> str:
        return ", ".join(f"{count} {status}" for status, count in sorted(self._counts.items()))

    def _tell_where_it_stopped(self) -> None:
        if not self._counts and not self._sending:
            return
        told = f"done up to line {self._last_line}: {self._summary() or 'nothing'}"
        if self._sending:
            lines = sorted(line for lines in self._sending.copy().values() for line in lines)
            first, last = lines[0], lines[-1]
            told += f"; lines {first} to {last} were being sent, and may have been written"
        self._run.tell_of_stop(
            f"{self._file.name}: stopped, {told}",
            "Run it again with --if-exists skip, which passes over what is there.",
        )


def _ids_of(entries: list[_Entry]) -> set[str]:
    return {entry.item.record_id.lower() for entry in entries if entry.item}


def _result(entry: _Entry, fate: Fate) -> Json:
    shown = {
        "line": entry.line,
        "registrationId": entry.item.record_id if entry.item else None,
        "status": fate.status.value,
        "errorCode": fate.code,
        "message": fate.message,
    }
    return {name: value for name, value in shown.items() if value is not None}

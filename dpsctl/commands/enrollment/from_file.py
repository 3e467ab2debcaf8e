"""`enrollment create --from`: a row in, a result out, ten enrollments a call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dpsctl.certificates.files import clean_certificate, read_slots
from dpsctl.commands.doubts import Doubts
from dpsctl.errors import SomeFailed, UsageError
from dpsctl.options.words import IfExists
from dpsctl.output.columns import Column
from dpsctl.output.progress import progress
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
    """Makes an enrollment of every row of a file; what rows leave out is as in *defaults*."""

    def __init__(
        self, records: Enrollments, run: Run, file: DeviceFile, defaults: Draft, if_exists: IfExists
    ) -> None:
        self._records = records
        self._run = run
        self._file = file
        self._defaults = defaults
        self._if_exists = if_exists
        self._doubts = Doubts(run)
        self._bulk = BulkCreation(records, if_exists)
        self._counts: Counter[str] = Counter()
        self._last_line = 0
        self._is_empty = True
        self._sending: list[int] = []

    def results(self, *, is_progress_shown: bool) -> Iterator[Json]:
        """Yield a result a row, in order; if it is stopped, say on stderr how far it came."""
        is_done = False
        try:
            with progress(
                self._run, "enrolling", self._file.size, is_shown=is_progress_shown
            ) as advance:
                for entries in self._batches():
                    yield from self._results_of(entries)
                    self._run.stdout.flush()  # a reader sees results as they come
                    advance(self._file.consumed, self._summary())
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

    def _results_of(self, entries: list[_Entry]) -> Iterator[Json]:
        items = [entry.item for entry in entries if entry.item]
        if self._records.dry_run:
            if items:
                yield self._records.planned_bulk("create", [item.body for item in items])
            entries = [entry for entry in entries if entry.item is None]
            items = []
        self._sending = [entry.line for entry in entries if entry.item]
        fates = iter(self._bulk.create(items) if items else [])
        self._sending = []
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
            first, last = self._sending[0], self._sending[-1]
            told += f"; lines {first} to {last} were being sent, and may have been written"
        self._run.tell_of_stop(
            f"{self._file.name}: stopped, {told}",
            "Run it again with --if-exists skip, which passes over what is there.",
        )


def _result(entry: _Entry, fate: Fate) -> Json:
    shown = {
        "line": entry.line,
        "registrationId": entry.item.record_id if entry.item else None,
        "status": fate.status.value,
        "errorCode": fate.code,
        "message": fate.message,
    }
    return {name: value for name, value in shown.items() if value is not None}

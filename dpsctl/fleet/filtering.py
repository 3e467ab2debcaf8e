"""A file of ids in, keys out, and a word on what went wrong: what each command with keys does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TextIO

from dpsctl.errors import SomeFailed
from dpsctl.fleet.batch_reports import BatchReport
from dpsctl.fleet.derivation import FleetCount, FleetRequest, derive_fleet
from dpsctl.fleet.device_files import DeviceFile
from dpsctl.fleet.id_rules import IdRule
from dpsctl.fleet.refusals import Refusals
from dpsctl.machine.private_files import NewFile, check_new, private_file, write_together
from dpsctl.machine.process import Held


@dataclass(frozen=True)
class Destination:
    """Where keys go: to *stdout*, or to a file that only its owner may read; and their *report*."""

    stdout: TextIO
    path: str | None = None
    report: str | None = None
    replace: bool = False

    @contextmanager
    def writer(self, report: BatchReport | None = None) -> Iterator[Callable[[str], object]]:
        """Make the file with the first text that is written, and only then."""
        if self.report is not None:
            check_new(self._report_file(b""), replace=self.replace)
        with ExitStack() as stack:
            opened: list[TextIO] = []

            def write(text: str) -> None:
                if not opened:
                    opened.append(stack.enter_context(self._opened()))
                opened[0].write(text)
                if report:
                    report.take_output(text)

            yield write
            self.stdout.flush()

    def write_report(self, data: bytes) -> None:
        """Write what is noted of a batch."""
        write_together([self._report_file(data)], replace=self.replace)

    def _report_file(self, data: bytes) -> NewFile:
        return NewFile(str(self.report), "--report", data, is_private=False)

    @contextmanager
    def _opened(self) -> Iterator[TextIO]:
        if self.path is None:
            yield self.stdout
            return
        with private_file(self.path, "--out", replace=self.replace, or_else="give --force") as file:
            yield file


@dataclass(frozen=True)
class Batch:
    """A file of devices, how their ids follow from it, and which ids were given away before."""

    file: DeviceFile
    rule: IdRule
    known: Sequence[DeviceFile] = ()

    def known_ids(self) -> dict[str, str] | None:
        """Return the ids of earlier batches in lower case, each with its place."""
        if not self.known:
            return None
        return {
            text.lower(): f"{file.name}:{line}"
            for file in self.known
            for line, text in file.known_ids(self.rule)
        }


def derive_batch(
    request: FleetRequest, batch: Batch, destination: Destination, tell: Callable[[str], object]
) -> FleetCount:
    """Derive for every id of a file, and *tell* of the first lines that are refused.

    Raises SomeFailed where a strict request stops: no file is made then.
    """
    refusals = Refusals(batch.file.name, tell)
    last = ""

    def refuse(line: int, problem: str) -> None:
        nonlocal last
        last = f"{batch.file.name}:{line}: {problem}"
        if not request.strict:
            refusals.add(last)

    request = replace(request, known=batch.known_ids())
    report = BatchReport(request.group_key) if destination.report else None
    with ExitStack() as both_are_there:
        with destination.writer(report) as write:
            note = report.take_ids if report else None
            count = derive_fleet(request, batch.file.ids(batch.rule), write, refuse, note)
            if count.stopped:
                raise SomeFailed(last, "Without --strict such lines are left out.")
            both_are_there.enter_context(Held())
        if report and count.made:
            destination.write_report(report.written(count.refused))
    refusals.close()
    return count


def warnings_of(count: FleetCount, batch: Batch) -> Iterator[str]:
    """Say what else the user should know of what was derived."""
    if not (count.made or count.refused):
        yield f"{batch.file.nothing_in_it('ids')}: nothing was derived"
    for file in batch.known:
        if not file.consumed:
            yield f"--known: {file.nothing_in_it('ids')}"
    if count.upper_case:
        yield (
            f"{count.upper_case} registration ids have upper-case letters: the service ignores "
            "case, a derived key does not, so devices have to use exactly this spelling"
        )

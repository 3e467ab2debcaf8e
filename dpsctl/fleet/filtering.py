"""A file of ids in, keys out, and a word on what went wrong: what each command with keys does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TextIO

from dpsctl.errors import SomeFailed
from dpsctl.fleet.derivation import FleetCount, FleetRequest, derive_fleet
from dpsctl.fleet.device_files import DeviceFile
from dpsctl.private_files import private_file

_MOST_SHOWN = 10


@dataclass(frozen=True)
class Destination:
    """Where keys go: to *stdout*, or to a file that only its owner may read."""

    stdout: TextIO
    path: str | None = None
    replace: bool = False

    @contextmanager
    def writer(self) -> Iterator[Callable[[str], object]]:
        """Make the file with the first text that is written, and only then."""
        if self.path is None:
            yield self.stdout.write
            self.stdout.flush()
            return
        files: list[TextIO] = []
        with ExitStack() as stack:

            def write(text: str) -> None:
                if not files:
                    file = private_file(str(self.path), "--out", replace=self.replace)
                    files.append(stack.enter_context(file))
                files[0].write(text)

            yield write


def derive_file(
    request: FleetRequest,
    file: DeviceFile,
    id_field: str | None,
    destination: Destination,
    tell: Callable[[str], object],
) -> FleetCount:
    """Derive for every id of *file*, and *tell* of the first lines that are refused.

    Raises SomeFailed where a strict request stops: a file is not made then.
    """
    refused: list[str] = []

    def report(line: int, problem: str) -> None:
        if len(refused) < _MOST_SHOWN:
            refused.append(f"{file.name}:{line}: {problem}")
            if not request.strict:
                tell(refused[-1])

    with destination.writer() as write:
        count = derive_fleet(request, file.ids(id_field), write, report)
        if count.stopped:
            raise SomeFailed(refused[0], "Without --strict such lines are left out.")
    if count.refused > _MOST_SHOWN:
        tell(f"{file.name}: {count.refused - _MOST_SHOWN} more lines are refused")
    return count


def warnings_of(count: FleetCount, file: DeviceFile) -> Iterator[str]:
    """Say what else the user should know of what was derived."""
    if not (count.made or count.refused):
        yield f"{file.nothing_in_it('ids')}: nothing was derived"
    if count.upper_case:
        yield (
            f"{count.upper_case} registration ids have upper-case letters: the service ignores "
            "case, a derived key does not, so devices have to use exactly this spelling"
        )

"""`certificate device --from`: a certificate for every device of a fleet, safe to run again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.x509 import Certificate

from dpsctl.certificates.describing import description
from dpsctl.certificates.making import registration_id_problem
from dpsctl.certificates.reading import read_certificates
from dpsctl.certificates.writing import Plan
from dpsctl.errors import UsageError
from dpsctl.fleet.device_files import DeviceFile
from dpsctl.fleet.id_rules import IdRule
from dpsctl.fleet.registration_ids import without_duplicates
from dpsctl.output.progress import progress
from dpsctl.run import Run
from dpsctl.text.values import read_file

Json = dict[str, Any]
_SOME_FAILED = 9


class Fleet:
    """The devices whose ids stand in a file, and what became of them.

    Reads the whole file at once. Raises UsageError if it cannot be read.
    """

    def __init__(self, file: DeviceFile, id_field: str | None, plan: Plan, run: Run) -> None:
        self._file = file
        self._plan = plan
        self._run = run
        self._counts: Counter[str] = Counter()
        self._lines: list[tuple[int, str, str | None]] = []
        for chunk in without_duplicates(file.ids(IdRule(id_field)).chunks, {}):
            good = [
                (place, text, registration_id_problem(text))
                for place, text in zip(chunk.places, chunk.ids, strict=True)
            ]
            bad = [(place, "", problem) for place, problem in chunk.problems]
            self._lines += [
                (chunk.line(place), text, problem) for place, text, problem in sorted([*good, *bad])
            ]

    def results(self, *, is_progress_shown: bool) -> Iterator[Json]:
        """Yield what became of each line, in order; if stopped, say on stderr how far it came."""
        _make_folder(self._plan.folder)
        done = 0
        try:
            with progress(
                self._run, "making certificates", len(self._lines), is_shown=is_progress_shown
            ) as advance:
                for number, text, problem in self._lines:
                    result = (
                        self._failed(number, problem) if problem else self._result(number, text)
                    )
                    self._counts[result["status"]] += 1
                    done += 1
                    yield result
                    advance(done, self._summary())
        finally:
            if done < len(self._lines):
                self._tell_where_it_stopped(done)
        if not self._lines:
            self._run.warn(f"{self._file.nothing_in_it('ids')}: no certificate was made")
        if self._counts["failed"]:
            self._run.warn(f"{self._file.name}: {self._counts['failed']} of {done} lines failed")

    def exit_code(self) -> int:
        """Return 9 if a line failed."""
        return _SOME_FAILED if self._counts["failed"] else 0

    def _result(self, number: int, registration_id: str) -> Json:
        try:
            status, certificate = self._made_or_kept(registration_id)
        except UsageError as error:
            return {**self._failed(number, error.message), "registrationId": registration_id}
        paths = self._plan.places(registration_id).paths()
        shown = description(certificate)
        return {"status": status, "registrationId": registration_id, **paths, **shown}

    def _made_or_kept(self, registration_id: str) -> tuple[str, Certificate]:
        paths = self._plan.places(registration_id).paths()
        there = [path for path in paths.values() if Path(path).exists()]
        if not there or self._plan.files.force:
            return "made", self._plan.write(registration_id)
        missing = [path for path in paths.values() if path not in there]
        if missing:
            raise UsageError(f"{there[0]} exists, but not {missing[0]}; --force makes all anew")
        path = paths["certificatePath"]
        data = read_file(path, "--folder", self._run.stdin)
        return "kept", read_certificates(data, path).certificates[0]

    def _failed(self, number: int, problem: str | None) -> Json:
        return {"status": "failed", "message": f"{self._file.name}:{number}: {problem}"}

    def _tell_where_it_stopped(self, done: int) -> None:
        summary = self._summary() or "nothing was made"
        self._run.tell_of_stop(
            f"{self._file.name}: stopped, {done} of {len(self._lines)} done: {summary}",
            "Run it again: what is made is kept.",
        )

    def _summary(self) -> str:
        return ", ".join(f"{count} {status}" for status, count in sorted(self._counts.items()))


def _make_folder(folder: str) -> None:
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"--folder {folder}: cannot be made: {error.strerror}", "Name a folder of yours."
        ) from None

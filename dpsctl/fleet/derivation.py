"""Derive keys for whole fleets: ids in, keys out, in order and in constant memory."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from string import ascii_letters, digits
from typing import Self

from dpsctl import keys
from dpsctl.errors import UsageError
from dpsctl.fleet.layouts import LAYOUTS, Appended, template
from dpsctl.fleet.registration_ids import (
    Chunk,
    Ids,
    Problem,
    with_rows,
    without_duplicates,
)
from dpsctl.fleet.rows import Recipe, Rows, rows_of
from dpsctl.options.durations import seconds_in


@dataclass(frozen=True)
class SasTerms:
    """What a device's SAS token is made for; *expires_at* is in Unix seconds."""

    id_scope: str
    expires_at: int

    @classmethod
    def from_now(cls, id_scope: str, lifetime: str | None) -> Self:
        """Let tokens be valid for a *lifetime* such as 30m, 12h or 7d; an hour if it is None."""
        return cls(id_scope, int(time.time() + (seconds_in(lifetime or "1h") or 0)))


@dataclass(frozen=True)
class FleetRequest:
    """What to derive from *group_key*, and how to write it: with *append*, beside the ids' rows.

    The result is keys, or SAS tokens with *sas*, or connection strings with *hub* (a host name).
    *known* are ids of earlier batches in lower case, each with its place; they are refused as
    duplicates are. Raises UsageError, or keys.KeyFormatError for the group's key.
    """

    group_key: str = field(repr=False)
    output: str = "tsv"
    append: bool = False
    sas: SasTerms | None = None
    hub: str | None = None
    strict: bool = False
    check_duplicates: bool = False
    known: Mapping[str, str] | None = None
    jobs: int = 1

    def __post_init__(self) -> None:
        keys.decode_key(self.group_key)
        if self.output not in LAYOUTS:
            raise UsageError(
                f"--output {self.output}: keys of a fleet are written as {', '.join(LAYOUTS)}"
            )
        for flag, text, also in (
            ("--hub", self.hub, ".-"),
            ("--id-scope", self.sas and self.sas.id_scope, ""),
        ):
            if text is not None and not (text and set(text) <= set(ascii_letters + digits + also)):
                raise UsageError(
                    f"{flag} '{text}': letters, digits{also and ', . and -'} are meant"
                )
        if self.jobs < 1:
            raise UsageError(f"--jobs {self.jobs}: at least 1 is needed")

    @property
    def value_name(self) -> str:
        """The name of what is derived, in csv, json and jsonl."""
        return "connectionString" if self.hub else "sasToken" if self.sas else "key"

    @property
    def recipe(self) -> Recipe:
        """What is made of each id."""
        sas = (self.sas.id_scope, self.sas.expires_at) if self.sas else None
        value = f"HostName={self.hub};DeviceId={{0}};SharedAccessKey={{1}}" if self.hub else "{1}"
        if self.append:
            return Recipe(self.group_key, f"{{0}}\t{value}\n", "", sas, strict=self.strict)
        row = template(self.output, value, self.value_name)
        return Recipe(self.group_key, row, LAYOUTS[self.output].between, sas, strict=self.strict)


@dataclass(frozen=True)
class FleetCount:
    """How many lines gave a result, how many were refused; *stopped* is for strict requests."""

    made: int = 0
    refused: int = 0
    upper_case: int = 0
    stopped: bool = False


@dataclass(frozen=True)
class _Batch:
    chunk: Chunk
    rows: Rows
    text: str
    problems: list[Problem]  # with the numbers of their lines

    def ids(self) -> list[str]:
        """Return those for which a row was made; a strict request has those before a bad one."""
        bad = {index for index, _ in self.rows.bad}
        good = [text for index, text in enumerate(self.chunk.ids) if index not in bad]
        return good[: self.rows.made]


def derive_fleet(
    request: FleetRequest,
    ids: Ids,
    write: Callable[[str], object],
    report: Callable[[int, str], object],
    note: Callable[[list[str]], object] | None = None,
) -> FleetCount:
    """*write* what *request* asks for of *ids*, in order, in large pieces; nothing if none is made.

    A bad line is *report*ed with its number, and left out unless rows are kept; a strict request
    stops there. Ids for which something is made are given to *note*.
    """
    layout = LAYOUTS[request.output]
    appended = Appended(request.output, request.value_name, ids) if request.append else None
    opening = appended.opening if appended else layout.opening.format(request.value_name)
    count, waiting = FleetCount(), []
    with closing(_batches(request, ids.chunks, appended)) as batches:
        for batch in batches:
            waiting += [batch.text] if batch.text else []
            if note:
                note(batch.ids())
            if waiting and (batch.rows.made or count.made):
                write((layout.between if count.made else opening) + layout.between.join(waiting))
                waiting.clear()
            for line, problem in batch.problems:
                report(line, problem)
            count = _added(count, batch, stopped=request.strict and bool(batch.problems))
            if count.stopped:
                break
    if count.made:
        write(layout.closing)
    return count


def _added(count: FleetCount, batch: _Batch, *, stopped: bool) -> FleetCount:
    return FleetCount(
        count.made + batch.rows.made,
        count.refused + len(batch.problems),
        count.upper_case + batch.rows.upper_case,
        stopped,
    )


def _batches(
    request: FleetRequest, chunks: Iterable[Chunk], appended: Appended | None
) -> Generator[_Batch, None, None]:
    if appended:
        chunks = map(with_rows, chunks)
    if request.check_duplicates or request.known is not None:
        chunks = without_duplicates(chunks, request.known or {})
    if request.strict:
        chunks = map(_before_its_problem, chunks)
    with closing(_made(request, chunks)) as made:
        for chunk, rows in made:
            bad = [(chunk.places[index], problem) for index, problem in rows.bad]
            problems = sorted(chunk.problems + bad)
            if request.strict:
                problems = problems[:1]
            text = rows.text
            if appended and chunk.rows is not None:
                kept = chunk.rows[: problems[0][0]] if request.strict and problems else chunk.rows
                text = appended.text(kept, iter(text.split("\n")), dict(problems))
            told = [(chunk.line(place), problem) for place, problem in problems]
            yield _Batch(chunk, rows, text, told)


def _made(
    request: FleetRequest, chunks: Iterable[Chunk]
) -> Generator[tuple[Chunk, Rows], None, None]:
    recipe = request.recipe
    if request.jobs == 1:
        return ((chunk, rows_of(recipe, chunk.ids)) for chunk in chunks)
    from dpsctl.fleet.jobs import spread

    return spread(recipe, chunks, request.jobs)


def _before_its_problem(chunk: Chunk) -> Chunk:
    """Cut a chunk at its first problem: a strict request stops there."""
    if not chunk.problems:
        return chunk
    first = min(chunk.problems)
    end = bisect_left(chunk.places, first[0])
    return replace(chunk, places=chunk.places[:end], ids=chunk.ids[:end], problems=[first])

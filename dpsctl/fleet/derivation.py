"""Derive keys for whole fleets: ids in, keys out, in order and in constant memory."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from string import ascii_letters, digits

from dpsctl import keys
from dpsctl.errors import UsageError
from dpsctl.fleet.registration_ids import Chunk, Problem, read_ids, without_duplicates
from dpsctl.fleet.rows import Recipe, Rows, rows_of


@dataclass(frozen=True)
class SasTerms:
    """What a device's SAS token is made for; *expires_at* is in Unix seconds."""

    id_scope: str
    expires_at: int


@dataclass(frozen=True)
class FleetRequest:
    """What to derive from *group_key*, from which ids, and how to write it.

    The result is keys, or SAS tokens with *sas*, or connection strings with *hub* (a host name).
    Raises UsageError, or keys.KeyFormatError for the group's key.
    """

    group_key: str = field(repr=False)
    output: str = "tsv"
    id_field: str | None = None
    sas: SasTerms | None = None
    hub: str | None = None
    strict: bool = False
    check_duplicates: bool = False
    jobs: int = 1

    def __post_init__(self) -> None:
        keys.decode_key(self.group_key)
        if self.output not in _LAYOUTS:
            raise UsageError(
                f"--output {self.output}: keys of a fleet are written as {', '.join(_LAYOUTS)}"
            )
        if self.sas and self.hub:
            raise UsageError("--sas and --connection-strings exclude each other")
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
        between = _LAYOUTS[self.output].between
        return Recipe(self.group_key, _row(self), between, sas, strict=self.strict)


@dataclass(frozen=True)
class FleetCount:
    """How many lines gave a result, how many were refused; *stopped* is for strict requests."""

    made: int = 0
    refused: int = 0
    upper_case: int = 0
    stopped: bool = False


@dataclass(frozen=True)
class _Layout:
    """What stands around the rows; `{}` is the name of what is derived."""

    opening: str = ""
    before_rows: str = ""
    between: str = ""
    closing: str = ""


_LAYOUTS = {
    "tsv": _Layout(),
    "csv": _Layout(opening="registrationId,{}\n"),
    "jsonl": _Layout(),
    "json": _Layout(opening="[", before_rows="\n", between=",\n", closing="]\n"),
}


@dataclass(frozen=True)
class _Batch:
    text: str
    made: int
    upper_case: int
    problems: list[Problem]


def derive_fleet(
    request: FleetRequest,
    lines: Iterable[str],
    write: Callable[[str], object],
    report: Callable[[int, str], object],
) -> FleetCount:
    """Read ids from *lines* and *write* what *request* asks for, in order, in large pieces.

    A bad line is *report*ed with its number and left out; a strict request stops there. *lines*
    may hold surrogates (`errors="surrogateescape"`): such lines are bad ones.
    """
    layout = _LAYOUTS[request.output]
    count = FleetCount()
    write(layout.opening.format(request.value_name))
    with closing(_batches(request, lines)) as batches:
        for batch in batches:
            if batch.made:
                write((layout.between if count.made else layout.before_rows) + batch.text)
            for number, problem in batch.problems:
                report(number, problem)
            count = _added(count, batch, stopped=request.strict and bool(batch.problems))
            if count.stopped:
                break
    write((layout.before_rows if count.made else "") + layout.closing)
    return count


def _added(count: FleetCount, batch: _Batch, *, stopped: bool) -> FleetCount:
    return FleetCount(
        count.made + batch.made,
        count.refused + len(batch.problems),
        count.upper_case + batch.upper_case,
        stopped,
    )


def _batches(request: FleetRequest, lines: Iterable[str]) -> Generator[_Batch, None, None]:
    chunks = read_ids(lines, request.id_field)
    if request.check_duplicates:
        chunks = without_duplicates(chunks)
    if request.strict:
        chunks = map(_before_its_problem, chunks)
    with closing(_made(request, chunks)) as made:
        for chunk, rows in made:
            bad = [(chunk.numbers[place], problem) for place, problem in rows.bad]
            problems = sorted(chunk.problems + bad)
            if request.strict:
                problems = problems[:1]
            yield _Batch(rows.text, rows.made, rows.upper_case, problems)


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
    end = bisect_left(chunk.numbers, first[0])
    return Chunk(chunk.numbers[:end], chunk.ids[:end], [first])


def _row(request: FleetRequest) -> str:
    """Return a template for an id and its value; neither holds anything that needs escaping."""
    value = "{1}"
    if request.hub:
        value = f"HostName={request.hub};DeviceId={{0}};SharedAccessKey={{1}}"
    if request.output == "tsv":
        return f"{{0}}\t{value}\n"
    if request.output == "csv":
        return f"{{0}},{value}\n"
    members = sorted({"registrationId": "{0}", request.value_name: value}.items())
    if request.output == "jsonl":
        return "{{" + ",".join(f'"{name}":"{text}"' for name, text in members) + "}}\n"
    lines = ",\n".join(f'    "{name}": "{text}"' for name, text in members)
    return f"  {{{{\n{lines}\n  }}}}"

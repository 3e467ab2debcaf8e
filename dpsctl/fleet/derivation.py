"""Derive keys for whole fleets: ids in, keys out, in order and in constant memory."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from string import ascii_letters, digits

from dpsctl import keys
from dpsctl.errors import DpsctlError, UsageError
from dpsctl.fleet.registration_ids import Chunk, Problem, read_ids, without_duplicates


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
    "csv": _Layout(opening="registrationId,{}\r\n"),
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
    render = partial(_render, request)
    yield from map(render, chunks) if request.jobs == 1 else _spread(render, chunks, request.jobs)


def _spread(
    render: Callable[[Chunk], _Batch], chunks: Iterable[Chunk], jobs: int
) -> Iterator[_Batch]:
    """Render in *jobs* processes, in order; a slow reader of the result holds the input back.

    The request, and in it the key, reaches the processes through a pipe.
    """
    from concurrent.futures import Future, ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    pending: deque[Future[_Batch]] = deque()
    with ProcessPoolExecutor(jobs, get_context("spawn"), _follow_parent) as pool:
        try:
            for chunk in chunks:
                pending.append(pool.submit(render, chunk))
                if len(pending) > 2 * jobs:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        except BrokenProcessPool:
            raise DpsctlError(
                "one of the --jobs processes was ended from outside", "Was memory short?"
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _follow_parent() -> None:
    """Leave interrupts to the parent process, and end when it ends, even if it was killed."""
    from multiprocessing import parent_process
    from threading import Thread

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()

    def end_with_it() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    Thread(target=end_with_it, daemon=True).start()


def _render(request: FleetRequest, chunk: Chunk) -> _Batch:
    chunk = _judged(chunk)
    ids, problems = chunk.ids, sorted(chunk.problems)
    if request.strict and problems:
        end = problems[0][0]
        ids = [text for number, text in zip(chunk.numbers, ids, strict=True) if number < end]
        problems = problems[:1]
    rows = map(_row(request).format, ids, _values(request, ids))
    upper_case = sum(text != text.lower() for text in ids)
    return _Batch(_LAYOUTS[request.output].between.join(rows), len(ids), upper_case, problems)


def _judged(chunk: Chunk) -> Chunk:
    """Turn ids that the service cannot have into problems."""
    if keys.ids_are_valid(chunk.ids):
        return chunk
    numbers, ids, problems = [], [], list(chunk.problems)
    for number, text in zip(chunk.numbers, chunk.ids, strict=True):
        try:
            keys.check_registration_id(text)
        except keys.IdFormatError as error:
            problems.append((number, str(error)))
        else:
            numbers.append(number)
            ids.append(text)
    return Chunk(numbers, ids, problems)


def _values(request: FleetRequest, ids: list[str]) -> Iterator[str]:
    device_keys = keys.derive_device_keys(request.group_key, ids)
    if request.hub:
        yield from (
            f"HostName={request.hub};DeviceId={text};SharedAccessKey={key}"
            for text, key in zip(ids, device_keys, strict=True)
        )
    elif request.sas:
        folder, expires_at = f"{request.sas.id_scope}/registrations/", request.sas.expires_at
        for text, key in zip(ids, device_keys, strict=True):
            yield keys.sas_token(folder + text, key, expires_at, "registration")
    else:
        yield from device_keys


def _row(request: FleetRequest) -> str:
    """Return a template for an id and its value; neither holds anything that needs escaping."""
    if request.output == "tsv":
        return "{}\t{}\n"
    if request.output == "csv":
        return "{},{}\r\n"
    members = sorted({"registrationId": "{0}", request.value_name: "{1}"}.items())
    if request.output == "jsonl":
        return "{{" + ",".join(f'"{name}":"{value}"' for name, value in members) + "}}\n"
    lines = ",\n".join(f'    "{name}": "{value}"' for name, value in members)
    return f"  {{{{\n{lines}\n  }}}}"

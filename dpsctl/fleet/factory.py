"""`dpsctl-keys.pyz`: derive device keys on a factory machine that has nothing but Python.

The flags are those of `dpsctl enrollment-group compute-device-key`. Standard library only; this
module and those it imports are what `dpsctl.reference.factory` packs into the one file.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import NoReturn, TextIO

from dpsctl import keys, process
from dpsctl.errors import DpsctlError, SomeFailed, UsageError
from dpsctl.fleet.derivation import FleetCount, FleetRequest, derive_fleet
from dpsctl.private_files import private_file
from dpsctl.text.values import StandardInput, expand_file_reference


def run() -> NoReturn:
    """Derive what the arguments of the process ask for, and end the process."""
    process.run(main)


def main(words: Sequence[str] | None = None) -> int:
    """Derive what the command line asks for; return the exit code, as dpsctl's own."""
    options = _parser().parse_args(words)
    process.begin_work()
    try:
        return _derive(options, StandardInput())
    except keys.KeyFormatError as error:
        return _complain(UsageError(f"--key: {error}"))
    except DpsctlError as error:
        return _complain(error)


def _derive(options: argparse.Namespace, stdin: StandardInput) -> int:
    request = FleetRequest(
        group_key=_group_key(options.key, stdin),
        output=options.output,
        id_field=options.id_field,
        strict=options.strict,
        check_duplicates=options.check_duplicates,
        jobs=options.jobs,
    )
    with _lines(options, stdin) as lines, _output(options.out) as output:
        count = derive_fleet(request, lines, output.write, _report)
        output.flush()
    return _exit_code(count)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("dpsctl-keys.pyz", description=main.__doc__)
    parser.allow_abbrev = False
    parser.add_argument("--key", metavar="@FILE", help="the group's key; or DPSCTL_GROUP_KEY")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--registration-id", "--rid", metavar="ID", help="one device")
    which.add_argument("--registration-ids", metavar="FILE", help="ids, one a line; - is stdin")
    parser.add_argument("--id-field", metavar="NAME", help="column of CSV, or field of JSON lines")
    formats = ("tsv", "csv", "jsonl", "json")
    parser.add_argument("--output", "-o", choices=formats, default="tsv", help="tsv unless given")
    parser.add_argument("--strict", action="store_true", help="stop at the first bad line")
    parser.add_argument("--check-duplicates", action="store_true", help="refuse ids that recur")
    parser.add_argument("--out", metavar="FILE", help="write a file that only its owner may read")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    return parser


def _group_key(given: str | None, stdin: StandardInput) -> str:
    if given is not None:
        return expand_file_reference(given, "--key", stdin)
    key = os.environ.get("DPSCTL_GROUP_KEY")
    if not key:
        raise UsageError("--key is missing", "Give --key @FILE, or set DPSCTL_GROUP_KEY.")
    return key


@contextmanager
def _lines(options: argparse.Namespace, stdin: StandardInput) -> Iterator[Sequence[str] | TextIO]:
    if options.registration_id is not None:
        yield [options.registration_id]
        return
    stream = stdin.or_file(options.registration_ids, "--registration-ids")
    with TextIOWrapper(stream, encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
        yield lines


@contextmanager
def _output(path: str | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    with private_file(path, "--out") as file:
        yield file


def _report(line: int, problem: str) -> None:
    print(f"dpsctl-keys: line {line}: {problem}", file=sys.stderr)  # noqa: T201 - no frame here


def _exit_code(count: FleetCount) -> int:
    return SomeFailed.exit_code if count.refused or count.stopped else 0


def _complain(error: DpsctlError) -> int:
    print(f"dpsctl-keys: {error.message}", file=sys.stderr)  # noqa: T201 - no frame here
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)  # noqa: T201 - as above
    return error.exit_code

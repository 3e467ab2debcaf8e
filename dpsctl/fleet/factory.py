"""`dpsctl-keys.pyz`: derive device keys on a factory machine that has nothing but Python.

The flags are those of `dpsctl enrollment-group compute-device-key`. Standard library only; this
module and those it imports are what `dpsctl.reference.factory` packs into the one file.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from dpsctl import keys, process
from dpsctl.errors import DpsctlError, SomeFailed, UsageError
from dpsctl.fleet.derivation import FleetRequest, derive_fleet
from dpsctl.fleet.device_files import DeviceFile
from dpsctl.fleet.filtering import Destination, derive_file, warnings_of
from dpsctl.fleet.registration_ids import one_id
from dpsctl.permissions import exposure
from dpsctl.text.values import StandardInput, expand_file_reference

_READER_WENT_AWAY = 141


def run() -> NoReturn:
    """Derive what the arguments of the process ask for, and end the process."""
    process.run(main)


def main(words: Sequence[str] | None = None) -> int:
    """Derive what the command line asks for; return the exit code, as dpsctl's own."""
    options = _parser().parse_args(words)
    process.begin_work()
    try:
        return _derive(options, StandardInput())
    except BrokenPipeError:
        return _READER_WENT_AWAY
    except keys.KeyFormatError as error:
        return _complain(UsageError(f"--key: {error}"))
    except DpsctlError as error:
        return _complain(error)
    except OSError as error:
        return _complain(DpsctlError(f"Input or output failed: {error}"))


def _derive(options: argparse.Namespace, stdin: StandardInput) -> int:
    request = FleetRequest(
        group_key=_group_key(options.key, stdin),
        output=options.output,
        append=options.append,
        strict=options.strict,
        check_duplicates=options.check_duplicates,
        jobs=options.jobs,
    )
    destination = Destination(sys.stdout, options.out, options.force)
    if options.registration_id is not None:
        with destination.writer() as write:
            derive_fleet(request, one_id(options.registration_id), write, _refuse)
        return 0
    file = DeviceFile(options.registration_ids, "--registration-ids", stdin)
    count = derive_file(
        request, file, options.id_field, destination, lambda text: _tell(f"dpsctl-keys: {text}")
    )
    for warning in warnings_of(count, file):
        _tell(f"warning: {warning}")
    return SomeFailed.exit_code if count.refused else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("dpsctl-keys.pyz", description=main.__doc__)
    parser.allow_abbrev = False
    parser.add_argument("--key", metavar="@FILE", help="the group's key; or DPSCTL_GROUP_KEY")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--registration-id", "--rid", metavar="ID", help="one device")
    which.add_argument("--registration-ids", metavar="FILE", help="ids, one a line; - is stdin")
    parser.add_argument("--id-field", metavar="NAME", help="column of CSV, or field of JSON")
    parser.add_argument("--append", action="store_true", help="write every row, with its key")
    formats = ("tsv", "csv", "jsonl", "json")
    parser.add_argument("--output", "-o", choices=formats, default="tsv", help="tsv unless given")
    parser.add_argument("--strict", action="store_true", help="stop at the first bad line")
    parser.add_argument("--check-duplicates", action="store_true", help="refuse ids that recur")
    parser.add_argument("--out", metavar="FILE", help="write a file that only its owner may read")
    parser.add_argument("--force", action="store_true", help="replace the file of --out")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    return parser


def _group_key(given: str | None, stdin: StandardInput) -> str:
    if given is not None:
        if warning := exposure(given, f"--key {given}"):
            _tell(f"warning: {warning}")
        return expand_file_reference(given, "--key", stdin)
    key = os.environ.get("DPSCTL_GROUP_KEY")
    if not key:
        raise UsageError("--key is missing", "Give --key @FILE, or set DPSCTL_GROUP_KEY.")
    return key


def _refuse(_: int, problem: str) -> None:
    raise UsageError(f"--registration-id: {problem}")


def _tell(text: str) -> None:
    with suppress(OSError):
        print(text, file=sys.stderr)  # noqa: T201 - no frame here


def _complain(error: DpsctlError) -> int:
    _tell(f"dpsctl-keys: {error.message}")
    if error.hint:
        _tell(f"hint: {error.hint}")
    return error.exit_code

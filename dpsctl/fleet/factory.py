"""`dpsctl-keys.pyz`: derive device keys on a machine that has nothing but Python.

The flags are those of `dpsctl enrollment-group compute-device-key`. Standard library only; this
module and those it imports are what `dpsctl factory` packs into the one file.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

from dpsctl import __version__, keys
from dpsctl.errors import DpsctlError, SomeFailed, UsageError
from dpsctl.fleet.choices import check_choice
from dpsctl.fleet.derivation import FleetRequest, SasTerms, derive_fleet
from dpsctl.fleet.device_files import DeviceFile
from dpsctl.fleet.filtering import Batch, Destination, derive_batch, warnings_of
from dpsctl.fleet.group_keys import group_key_of
from dpsctl.fleet.id_rules import IdRule
from dpsctl.fleet.labels import check_label
from dpsctl.fleet.layouts import LAYOUTS
from dpsctl.fleet.registration_ids import one_id
from dpsctl.machine import process
from dpsctl.machine.permissions import exposure
from dpsctl.options.durations import seconds_in
from dpsctl.text.values import StandardInput, expand_file_reference

_READER_WENT_AWAY = 141
_ABOUT = """Derive the keys of devices from the key of their enrollment group, offline.

Nothing is sent anywhere, and nothing has to be installed: Python 3.11 or newer runs this file.
"""
_EXAMPLES = """examples:
  python3 -I -S dpsctl-keys.pyz --key @group.key --rid pump-7
  python3 -I -S dpsctl-keys.pyz --key @group.key --registration-ids ids.txt --out keys.tsv
  python3 -I -S dpsctl-keys.pyz --key @group.key --registration-ids batch.csv \\
      --id-template 'pump-{serial:0>6}' --append -o csv --out labels.csv --report report.json
  python3 -I -S dpsctl-keys.pyz --key @group.key --rid pump-000007 --verify @-

exit codes:
  0 done, 2 wrong usage (nothing was written), 9 some lines were refused, 1 any other failure
"""
_FLAG: dict[str, Any] = {"action": "store_true"}
# Headings of the help: each flag with what argparse has to know, and what its reader has to.
_FLAGS: dict[str, list[tuple[str, dict[str, Any], str]]] = {
    "the group's key": [
        (
            "--key --symmetric-key",
            {"metavar": "@FILE"},
            "the key's file, or of what 'enrollment-group show --show-keys' prints; @- is stdin",
        ),
        ("--secondary", _FLAG, "derive from the group's secondary key instead"),
    ],
    "which devices": [
        ("--registration-id --rid", {"metavar": "ID"}, "one device"),
        (
            "--registration-ids",
            {"metavar": "FILE"},
            "many: ids one a line, or a table with --id-field or --id-template; - is stdin",
        ),
        ("--id-field", {"metavar": "NAME"}, "the ids are in this column, or field of JSON"),
        (
            "--id-template",
            {"metavar": "TEXT"},
            "make ids of columns: 'pump-{serial}', or filled up 'pump-{serial:0>6}'",
        ),
        ("--lower", _FLAG, "make ids lower-case"),
        ("--check-duplicates", _FLAG, "refuse ids that the service takes for an earlier one"),
        (
            "--known",
            {"metavar": "FILE", "action": "append"},
            "refuse ids of an earlier batch: its list, table or keys; may be repeated",
        ),
        ("--strict", _FLAG, "stop at the first bad line"),
    ],
    "what is made": [
        ("--sas", _FLAG, "SAS tokens for the provisioning service instead of keys"),
        ("--id-scope", {"metavar": "TEXT"}, "its ID scope, such as 0ne00000000"),
        ("--expires-in", {"metavar": "TIME"}, "how long tokens are valid: 30m, 12h, 7d (1h)"),
        ("--connection-strings", _FLAG, "connection strings for a hub instead of keys"),
        ("--hub", {"metavar": "HOST"}, "host name of the hub"),
        (
            "--verify",
            {"metavar": "@FILE"},
            "say whether this key or connection string is the device's; @- is a scanner",
        ),
    ],
    "how it is written": [
        (
            "--output -o",
            {"choices": list(LAYOUTS), "default": "tsv"},
            "the format (tsv unless given)",
        ),
        (
            "--append",
            _FLAG,
            "write every row as it is, with its key; a bad one stays, with an error instead",
        ),
        ("--out", {"metavar": "FILE"}, "write a file that only its owner may read"),
        (
            "--report",
            {"metavar": "FILE"},
            "write how many keys were made, first and last id, time, and checksums",
        ),
        ("--force", _FLAG, "replace the files of --out and --report"),
        ("--jobs", {"metavar": "N", "type": int, "default": 1}, "processes"),
    ],
}


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
    check_choice({f"--{name.replace('_', '-')}": value for name, value in vars(options).items()})
    group_key = _group_key(options, stdin)
    if warning := keys.key_length_warning(group_key):
        _tell(f"warning: {warning}")
    request = _request(options, group_key)
    destination = Destination(sys.stdout, options.out, options.report, options.force)
    if options.registration_id is None:
        return _derive_all(options, request, destination, stdin)
    if warning := keys.upper_case_warning(options.registration_id):
        _tell(f"warning: {warning}")
    with destination.writer() as write:
        if options.verify is None:
            derive_fleet(request, one_id(options.registration_id), write, _refuse)
        else:
            label = expand_file_reference(options.verify, "--verify", stdin)
            check_label(group_key, options.registration_id, label)
            write(f"{options.registration_id}\tmatches\n")
    return 0


def _derive_all(
    options: argparse.Namespace,
    request: FleetRequest,
    destination: Destination,
    stdin: StandardInput,
) -> int:
    batch = Batch(
        DeviceFile(options.registration_ids, "--registration-ids", stdin),
        IdRule(options.id_field, options.id_template, options.lower),
        [DeviceFile(path, "--known", stdin) for path in options.known or []],
    )
    count = derive_batch(request, batch, destination, lambda text: _tell(f"dpsctl-keys: {text}"))
    for warning in warnings_of(count, batch):
        _tell(f"warning: {warning}")
    return SomeFailed.exit_code if count.refused else 0


def _request(options: argparse.Namespace, group_key: str) -> FleetRequest:
    if options.expires_in is not None and not seconds_in(options.expires_in):
        raise UsageError(
            f"--expires-in '{options.expires_in}': no such time", "Write 90s, 30m, 12h or 7d."
        )
    sas = SasTerms.from_now(options.id_scope, options.expires_in) if options.sas else None
    return FleetRequest(
        group_key=group_key,
        output=options.output,
        append=options.append,
        sas=sas,
        hub=options.hub,
        strict=options.strict,
        check_duplicates=options.check_duplicates,
        jobs=options.jobs,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "dpsctl-keys.pyz",
        "%(prog)s --key @FILE (--rid ID | --registration-ids FILE) [...]",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"dpsctl-keys {__version__}")
    for heading, flags in _FLAGS.items():
        group = parser.add_argument_group(heading)
        for names, traits, told in flags:
            group.add_argument(*names.split(), help=told, **traits)
    return parser


def _group_key(options: argparse.Namespace, stdin: StandardInput) -> str:
    source, given = "--key", options.key
    if given is None:
        source, given = "DPSCTL_GROUP_KEY", os.environ.get("DPSCTL_GROUP_KEY")
    elif warning := exposure(given, f"--key {given}"):
        _tell(f"warning: {warning}")
    if not given:
        raise UsageError("--key is missing", "Give --key @FILE, or set DPSCTL_GROUP_KEY.")
    text = expand_file_reference(given, source, stdin) if source == "--key" else given
    return group_key_of(text, source, secondary=options.secondary)


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

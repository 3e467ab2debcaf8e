"""What `compute-device-key` makes of a group's key: for one device, or a file of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from dpsctl import keys
from dpsctl.errors import SomeFailed, UsageError
from dpsctl.options.checks import seconds_in
from dpsctl.options.connection import Display
from dpsctl.options.fleet import Credential, Fleet
from dpsctl.run import READER_WENT_AWAY, Outcome, Run

if TYPE_CHECKING:
    from dpsctl.fleet.derivation import FleetRequest

_AN_HOUR = "1h"


def check_choice(registration_id: str | None, fleet: Fleet, credential: Credential) -> None:
    """Refuse options that do not go together. Raises UsageError."""
    ids = fleet.registration_ids
    if (registration_id is None) == (ids is None):
        both = "--registration-id and --registration-ids exclude each other"
        raise UsageError(
            both if ids else "--registration-id is missing",
            "--registration-id names one device, --registration-ids a file of them.",
        )
    needs = (
        ("--id-field", fleet.id_field, "--registration-ids", ids),
        ("--strict", fleet.strict, "--registration-ids", ids),
        ("--check-duplicates", fleet.check_duplicates, "--registration-ids", ids),
        ("--out", fleet.out, "--registration-ids", ids),
        ("--expires-in", credential.expires_in, "--sas", credential.sas),
        ("--sas", credential.sas, "--id-scope", credential.id_scope),
        ("--hub", credential.hub, "--connection-strings", credential.connection_strings),
        ("--connection-strings", credential.connection_strings, "--hub", credential.hub),
    )
    for flag, given, needed, is_there in needs:
        if given and not is_there:
            raise UsageError(f"{flag} goes with {needed}", f"Give {needed} too, or neither.")


def derive_one(registration_id: str, group_key: str, credential: Credential) -> str:
    """Derive one device's key, or make a token or a connection string with it."""
    if not (credential.sas or credential.connection_strings):
        return keys.derive_device_key(group_key, registration_id)
    from dpsctl.fleet.derivation import derive_fleet

    pieces: list[str] = []
    request = _request(group_key, credential, "tsv", Fleet())
    derive_fleet(request, [registration_id], pieces.append, _refuse)
    return "".join(pieces).rstrip("\n").partition("\t")[2]


def derive_all(
    run: Run, display: Display, fleet: Fleet, group_key: str, credential: Credential
) -> Outcome:
    """Derive for every id of the file, and write as it goes: a result may be larger than memory.

    So it is not returned to be shown, as other commands' results are. Raises SomeFailed where a
    strict run stops.
    """
    from dpsctl.fleet.derivation import derive_fleet

    if display.query:
        raise UsageError("--query: does not go with --registration-ids", "Pipe -o jsonl into jq.")
    request = _request(group_key, credential, display.output or "json", fleet)
    name = "standard input" if fleet.registration_ids == "-" else str(fleet.registration_ids)
    found: list[str] = []

    def report(line: int, problem: str) -> None:
        found[:] = [f"{name}:{line}: {problem}"]
        if not fleet.strict:
            run.tell(f"dpsctl: {found[0]}")

    try:
        with _lines(run, fleet) as lines, _output(run, fleet) as output:
            count = derive_fleet(request, lines, output.write, report)
            if count.stopped:
                raise SomeFailed(found[0], "Without --strict such lines are left out.")
            output.flush()
    except BrokenPipeError:
        return Outcome(None, READER_WENT_AWAY)
    if count.upper_case:
        run.warn(
            f"{count.upper_case} registration ids have upper-case letters: the service ignores "
            "case, a derived key does not, so devices have to use exactly this spelling"
        )
    return Outcome(None, SomeFailed.exit_code if count.refused else 0)


def _request(group_key: str, credential: Credential, output: str, fleet: Fleet) -> FleetRequest:
    import time

    from dpsctl.fleet.derivation import FleetRequest, SasTerms

    sas = None
    if credential.sas:
        lifetime = seconds_in(credential.expires_in or _AN_HOUR) or 0
        sas = SasTerms(str(credential.id_scope), int(time.time()) + lifetime)
    return FleetRequest(
        group_key=group_key,
        output=output,
        id_field=fleet.id_field,
        sas=sas,
        hub=credential.hub,
        strict=fleet.strict,
        check_duplicates=fleet.check_duplicates,
        jobs=fleet.jobs or _cores(),
    )


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _refuse(_: int, problem: str) -> None:
    raise UsageError(f"--registration-id: {problem}")


def _lines(run: Run, fleet: Fleet) -> TextIO:
    """Open the ids; bytes that are not UTF-8 become surrogates, which no id may hold."""
    from io import TextIOWrapper

    stream = run.stdin.or_file(str(fleet.registration_ids), "--registration-ids")
    return TextIOWrapper(stream, encoding="utf-8", errors="surrogateescape", newline="\n")


@contextmanager
def _output(run: Run, fleet: Fleet) -> Iterator[TextIO]:
    if fleet.out is None:
        yield run.stdout
        return
    from dpsctl.private_files import private_file

    with private_file(fleet.out, "--out") as file:
        yield file

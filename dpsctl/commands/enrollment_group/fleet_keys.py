"""What `compute-device-key` makes of a group's key: for one device, or a file of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dpsctl import keys
from dpsctl.errors import SomeFailed, UsageError
from dpsctl.options.connection import Display
from dpsctl.options.durations import seconds_in
from dpsctl.options.fleet import Credential, Fleet
from dpsctl.run import Outcome, Run

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
        ("--append", fleet.append, "--registration-ids", ids),
        ("--out", fleet.out, "--registration-ids", ids),
        ("--force", fleet.force, "--out", fleet.out),
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
    from dpsctl.fleet.registration_ids import one_id

    pieces: list[str] = []
    request = _request(group_key, credential, "tsv", Fleet())
    derive_fleet(request, one_id(registration_id), pieces.append, _refuse)
    return "".join(pieces).rstrip("\n").partition("\t")[2]


def derive_all(
    run: Run, display: Display, fleet: Fleet, group_key: str, credential: Credential
) -> Outcome:
    """Derive for every id of the file, and write as it goes: a result may be larger than memory.

    So it is not returned to be shown, as other commands' results are. Raises SomeFailed where a
    strict run stops.
    """
    from dpsctl.fleet.device_files import DeviceFile
    from dpsctl.fleet.filtering import Destination, derive_file, warnings_of

    if display.query:
        raise UsageError("--query: does not go with --registration-ids", "Pipe -o jsonl into jq.")
    request = _request(group_key, credential, display.output or "json", fleet)
    file = DeviceFile(str(fleet.registration_ids), "--registration-ids", run.stdin)
    destination = Destination(run.stdout, fleet.out, fleet.force)
    count = derive_file(request, file, fleet.id_field, destination, run.report)
    for warning in warnings_of(count, file):
        run.warn(warning)
    return Outcome(None, SomeFailed.exit_code if count.refused else 0)


def _request(group_key: str, credential: Credential, output: str, fleet: Fleet) -> FleetRequest:
    import time

    from dpsctl.fleet.derivation import FleetRequest, SasTerms

    sas = None
    if credential.sas:
        lifetime = int(seconds_in(credential.expires_in or _AN_HOUR) or 0)
        sas = SasTerms(str(credential.id_scope), int(time.time()) + lifetime)
    return FleetRequest(
        group_key=group_key,
        output=output,
        append=fleet.append,
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

"""What `compute-device-key` makes of a group's key: for one device, or a file of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dpsctl import keys
from dpsctl.errors import SomeFailed, UsageError
from dpsctl.options.connection import Display
from dpsctl.options.fleet import Credential, Fleet
from dpsctl.run import Outcome, Run

if TYPE_CHECKING:
    from dpsctl.fleet.derivation import FleetRequest


def verify(label: str, registration_id: str, group_key: str) -> dict[str, object]:
    """Say that *label* is the device's key; raises DpsctlError if it is not."""
    from dpsctl.fleet.labels import check_label

    check_label(group_key, registration_id, label)
    return {"registrationId": registration_id, "matches": True}


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
    from dpsctl.fleet.filtering import Batch, Destination, derive_batch, warnings_of
    from dpsctl.fleet.id_rules import IdRule

    if display.query:
        raise UsageError("--query: does not go with --registration-ids", "Pipe -o jsonl into jq.")
    request = _request(group_key, credential, display.output or "json", fleet)
    rule = IdRule(fleet.id_field, fleet.id_template, fleet.lower)
    batch = Batch(
        DeviceFile(str(fleet.registration_ids), "--registration-ids", run.stdin),
        rule,
        [DeviceFile(path, "--known", run.stdin) for path in fleet.known or []],
    )
    destination = Destination(run.stdout, fleet.out, fleet.report, fleet.force)
    count = derive_batch(request, batch, destination, run.report)
    for warning in warnings_of(count, batch):
        run.warn(warning)
    return Outcome(None, SomeFailed.exit_code if count.refused else 0)


def _request(group_key: str, credential: Credential, output: str, fleet: Fleet) -> FleetRequest:
    from dpsctl.fleet.derivation import FleetRequest, SasTerms

    sas = None
    if credential.sas:
        sas = SasTerms.from_now(str(credential.id_scope), credential.expires_in)
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

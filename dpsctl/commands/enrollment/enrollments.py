"""Create, show, update, delete and list individual enrollments, from flags or from a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dpsctl.certificates.files import read_slots
from dpsctl.commands.doubts import Doubts
from dpsctl.commands.enrollment.from_file import RESULT_COLUMNS, FileCreation
from dpsctl.commands.many import Task, refuse_etag, write_many
from dpsctl.commands.records import (
    REGISTRATION_COLUMNS,
    delete_record,
    enrollment_columns,
    service_for,
    show_record,
    update_record,
)
from dpsctl.commands.unshown import with_failures_told
from dpsctl.errors import UsageError
from dpsctl.frame.verbs import verb
from dpsctl.options.connection import Display
from dpsctl.options.enrollment import Removal
from dpsctl.options.individual import EnrollmentId, IndividualCreation, IndividualDefinition
from dpsctl.options.records import Etag, PageSize, Parallel, PassMissing, ShowKeys, Top
from dpsctl.options.selection import EnrollmentIds, Selection
from dpsctl.options.words import Toggle
from dpsctl.output.columns import Column
from dpsctl.output.progress import has_room
from dpsctl.payloads.attestation import CLIENT, check_one_kind, given_attestation
from dpsctl.payloads.enrollment import Change, check_edits
from dpsctl.payloads.individual import ID_FIELD, Draft
from dpsctl.run import Outcome, Run
from dpsctl.service.creation import create_record
from dpsctl.service.dps import DpsService

Json = dict[str, Any]
COLUMNS = enrollment_columns("Enrollment", ID_FIELD) | {
    "Device": Column("deviceId", is_wide=True),
    "Device status": Column("registrationState.status", is_wide=True),
}


@verb(
    writes=True,
    holds_keys=True,
    columns=COLUMNS,
    examples=[
        "dpsctl enrollment create --eid device-1 --at symmetricKey",
        "dpsctl enrollment create --eid device-2 --at x509 --certificate-path device-2.pem",
        "dpsctl enrollment create --eid device-3 --at tpm --endorsement-key @device-3.ek",
        "dpsctl enrollment create --from devices.csv --at symmetricKey --if-exists skip -o jsonl",
    ],
)
def create(  # noqa: PLR0913 - each is one thing a user may say
    service: DpsService,
    run: Run,
    creation: IndividualCreation,
    definition: IndividualDefinition,
    display: Display,
    *,
    parallel: Parallel = 1,
    show_keys: ShowKeys = None,
) -> Json | Outcome | None:
    """Create an individual enrollment, or many from a file.

    Keys of a symmetricKey enrollment that are not given are made by the service. With --from each
    row of the file makes one; its values are named as flags (device-id) or as in the REST body
    (initialTwin.tags.site), and what a row leaves out is as the flags say. --parallel sends several
    calls of ten at a time, at the pace of the service; results keep the file's order.
    """
    draft = Draft(
        record_id=creation.enrollment_id,
        attestation_type=creation.attestation_type,
        attestation=definition.attestation,
        device=definition.device,
        settings=definition.settings,
        edits=definition.edits,
    )
    if creation.from_file is not None:
        return _create_many(service, run, display, draft, creation, parallel)
    record_id = draft.check()
    certificates = read_slots(definition.attestation, run, device=record_id)
    change = draft.change(certificates)
    records = service_for(service, change).enrollments
    doubts = Doubts(run)
    body = doubts.new(change, ID_FIELD, record_id)

    def update() -> Json | None:
        return update_record(records, record_id, doubts.of(change), run)

    keys = show_keys is Toggle.true
    return create_record(records, record_id, body, creation.if_exists, update, keys=keys)


@verb(
    holds_keys=True,
    columns=COLUMNS,
    can_watch=True,
    examples=[
        "dpsctl enrollment show --eid device-1",
        "dpsctl enrollment show --eid device-1 --query registrationState.status -o tsv",
    ],
)
def show(
    service: DpsService, run: Run, enrollment_id: EnrollmentId, show_keys: ShowKeys = None
) -> Json:
    """Show an individual enrollment."""
    return show_record(service.enrollments, enrollment_id, show_keys, run)


@verb(
    writes=True,
    holds_keys=True,
    columns=COLUMNS,
    examples=[
        "dpsctl enrollment update --eid device-1 --provisioning-status disabled",
        "dpsctl enrollment update --eid device-1 --device-id pump-7 --info serial=4711",
        "dpsctl enrollment update --ids-from stolen.txt --provisioning-status disabled --yes",
    ],
)
def update(  # noqa: PLR0913 - each is one thing a user may say
    service: DpsService,
    run: Run,
    display: Display,
    definition: IndividualDefinition,
    removal: Removal,
    selection: Selection,
    *,
    enrollment_ids: EnrollmentIds = None,
    etag: Etag = None,
) -> Json | Outcome | None:
    """Change individual enrollments; the rest stays as it is.

    An enrollment is read and written back with its etag, so nobody else's change is lost. Many of
    them are chosen by their ids or by what is in them; then a result line tells what became of
    each.
    """
    from dpsctl.selection.choosing import ENROLLMENTS, one_id
    from dpsctl.selection.writing import updating

    enrollment_id = one_id(enrollment_ids, selection)
    change = _change(definition, removal, enrollment_id, run)
    records, changed = service_for(service, change).enrollments, Doubts(run).of(change)
    if enrollment_id is not None:
        return update_record(records, enrollment_id, changed, run, etag)
    refuse_etag(etag)
    _refuse_of_one_device(definition)
    task = Task("update", ENROLLMENTS, service, records.list, display)
    return write_many(task, enrollment_ids, selection, updating(records, changed), run)


@verb(
    writes=True,
    examples=[
        "dpsctl enrollment delete --eid device-1",
        "dpsctl enrollment delete --eid device-1 --etag 'ETAG'  # only if it has not changed",
        "dpsctl enrollment delete --where \"provisioningStatus=='disabled'\" --yes",
    ],
)
def delete(  # noqa: PLR0913 - each is one thing a user may say
    service: DpsService,
    run: Run,
    display: Display,
    selection: Selection,
    *,
    enrollment_ids: EnrollmentIds = None,
    etag: Etag = None,
    if_exists: PassMissing = False,
) -> Json | Outcome | None:
    """Delete individual enrollments.

    Those that are chosen by what is in them are deleted only if they are still as they were read.
    """
    from dpsctl.selection.choosing import ENROLLMENTS, one_id
    from dpsctl.selection.writing import deleting

    records = service.enrollments
    if (enrollment_id := one_id(enrollment_ids, selection)) is not None:
        return delete_record(records.delete, enrollment_id, etag, run, if_exists=if_exists)
    refuse_etag(etag)
    task = Task("delete", ENROLLMENTS, service, records.list, display)
    write = deleting(records.delete, if_exists=if_exists)
    return write_many(task, enrollment_ids, selection, write, run)


@verb(
    "list",
    holds_keys=True,
    columns=COLUMNS,
    can_watch=True,
    examples=[
        "dpsctl enrollment list -o table",
        "dpsctl enrollment list --show-keys -o jsonl",
    ],
)
def list_enrollments(
    service: DpsService,
    top: Top = -1,
    page_size: PageSize = None,
    show_keys: ShowKeys = None,
    parallel: Parallel = 8,
) -> Iterator[Json]:
    """List individual enrollments."""
    if show_keys is Toggle.true:
        return service.enrollments.list_with_keys(top, page_size, parallel=parallel)
    return service.enrollments.list(top, page_size)


@verb(
    "show",
    columns=REGISTRATION_COLUMNS,
    can_watch=True,
    examples=[
        "dpsctl enrollment registration show --eid device-1",
        "dpsctl enrollment registration show --eid device-1 --query assignedHub -o tsv",
    ],
)
def show_registration(service: DpsService, enrollment_id: EnrollmentId) -> Json:
    """Show the registration of an enrollment's device."""
    return service.registrations.show(enrollment_id)


@verb(
    "delete",
    writes=True,
    examples=[
        "dpsctl enrollment registration delete --eid device-1",
        "dpsctl enrollment registration delete --eid device-1 --dry-run",
    ],
)
def delete_registration(
    service: DpsService, enrollment_id: EnrollmentId, etag: Etag = None
) -> Json | None:
    """Forget a registration; the device is assigned afresh."""
    return service.registrations.delete(enrollment_id, etag)


def _change(
    definition: IndividualDefinition, removal: Removal, enrollment_id: str | None, run: Run
) -> Change:
    check_one_kind(definition.attestation)
    check_edits(definition.edits, ID_FIELD)
    certificates = read_slots(definition.attestation, run, device=enrollment_id)
    return Change(
        attestation=given_attestation(definition.attestation, certificates, CLIENT),
        collection=CLIENT,
        settings=definition.settings,
        edits=definition.edits,
        device=definition.device,
        removal=removal,
    )


def _refuse_of_one_device(definition: IndividualDefinition) -> None:
    """Refuse, for many enrollments, what is one device's alone. Raises UsageError."""
    given = definition.attestation
    of_one = {
        "--device-id": definition.device.device_id,
        "--primary-key": given.primary_key,
        "--secondary-key": given.secondary_key,
        "--certificate-path": given.certificate_path,
        "--secondary-certificate-path": given.secondary_certificate_path,
        "--endorsement-key": given.endorsement_key,
    }
    for flag, value in of_one.items():
        if value is not None:
            raise UsageError(f"{flag} is that of one device", "Name one enrollment by its id.")


def _create_many(
    service: DpsService,
    run: Run,
    display: Display,
    defaults: Draft,
    creation: IndividualCreation,
    parallel: int,
) -> Outcome:
    from dpsctl.fleet.device_files import DeviceFile

    if defaults.record_id is not None:
        raise UsageError(
            "--from and --enrollment-id exclude each other", "The file's rows have their own ids."
        )
    check_edits(defaults.edits, ID_FIELD)
    file = DeviceFile(str(creation.from_file).removeprefix("@"), "--from", run.stdin)
    if parallel > 1:
        service.keep_pace()
    creation_of_all = FileCreation(
        service.enrollments, run, file, defaults, creation.if_exists, parallel=parallel
    )
    results = creation_of_all.results(is_progress_shown=has_room(display, run))
    told = with_failures_told(results, file.name, display, run)
    return Outcome(told, creation_of_all.exit_code, RESULT_COLUMNS)

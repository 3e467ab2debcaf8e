"""`dpsctl enrollment`: individual enrollments, one by one or many from a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dpsctl.certificate_files import read_slots
from dpsctl.commands.records import REGISTRATION_COLUMNS, enrollment_columns, show_record
from dpsctl.errors import UsageError
from dpsctl.frame import Noun
from dpsctl.options.enrollment import Removal, Settings
from dpsctl.options.individual import (
    AttestationTypeOption,
    Device,
    EnrollmentId,
    IndividualAttestation,
    OptionalEnrollmentId,
)
from dpsctl.options.records import Edits, Etag, IfExistsOption, ShowKeys, Top
from dpsctl.options.words import IfExists, Toggle
from dpsctl.payloads.attestation import (
    CLIENT,
    check_one_kind,
    check_type,
    given_attestation,
    new_attestation,
)
from dpsctl.payloads.enrollment import Change, changed_device, check_edits, edited, new_record
from dpsctl.run import Run
from dpsctl.service import creation
from dpsctl.service.dps import DpsService

Json = dict[str, Any]
ID_FIELD = "registrationId"
COLUMNS = enrollment_columns("Enrollment", ID_FIELD) | {"Device": "deviceId"}
command = Noun("enrollment", "Manage individual enrollments.")
registration = command.noun("registration", "Manage the registration of an enrollment's device.")


@command.verb(
    writes=True,
    columns=COLUMNS,
    examples=[
        "dpsctl enrollment create --eid device-1 --at symmetricKey",
        "dpsctl enrollment create --eid device-2 --at x509 --certificate-path device-2.pem",
        "dpsctl enrollment create --eid device-3 --at tpm --endorsement-key @device-3.ek",
    ],
)
def create(  # noqa: PLR0913 - each is one thing a user may say
    *,
    service: DpsService,
    run: Run,
    attestation: IndividualAttestation,
    device: Device,
    settings: Settings,
    edits: Edits,
    enrollment_id: OptionalEnrollmentId = None,
    attestation_type: AttestationTypeOption = None,
    if_exists: IfExistsOption = IfExists.fail,
) -> Json:
    """Create an individual enrollment.

    Keys of a symmetricKey enrollment that are not given are made by the service.
    """
    if enrollment_id is None or attestation_type is None:
        missing = "--enrollment-id" if enrollment_id is None else "--attestation-type"
        raise UsageError(
            f"{missing} is missing", "Give both --enrollment-id and --attestation-type."
        )
    check_type(attestation_type, attestation)
    check_edits(edits, fixed=[ID_FIELD])
    certificates = read_slots(attestation, run, signing=False)
    new = new_attestation(attestation, certificates, CLIENT)
    body = edited(changed_device(new_record(ID_FIELD, enrollment_id, new, settings), device), edits)
    change = Change(
        attestation=new, collection=CLIENT, settings=settings, edits=edits, device=device
    )
    return creation.create(service.enrollments, enrollment_id, body, if_exists, change.of)


@command.verb(
    columns=COLUMNS,
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


@command.verb(
    writes=True,
    columns=COLUMNS,
    examples=[
        "dpsctl enrollment update --eid device-1 --provisioning-status disabled",
        "dpsctl enrollment update --eid device-1 --device-id pump-7 --info serial=4711",
    ],
)
def update(  # noqa: PLR0913 - each is one thing a user may say
    *,
    service: DpsService,
    run: Run,
    enrollment_id: EnrollmentId,
    attestation: IndividualAttestation,
    removal: Removal,
    device: Device,
    settings: Settings,
    edits: Edits,
    etag: Etag = None,
) -> Json:
    """Change an individual enrollment; the rest stays as it is.

    The enrollment is read and written back with its etag, so nobody else's change is lost.
    """
    check_one_kind(attestation)
    check_edits(edits, fixed=[ID_FIELD])
    certificates = read_slots(attestation, run, signing=False)
    change = Change(
        attestation=given_attestation(attestation, certificates, CLIENT),
        collection=CLIENT,
        settings=settings,
        edits=edits,
        device=device,
        removal=removal,
    )
    return service.enrollments.update(enrollment_id, change.of, etag)


@command.verb(
    writes=True,
    examples=[
        "dpsctl enrollment delete --eid device-1",
        "dpsctl enrollment delete --eid device-1 --etag 'ETAG'  # only if it has not changed",
    ],
)
def delete(service: DpsService, enrollment_id: EnrollmentId, etag: Etag = None) -> Json | None:
    """Delete an individual enrollment."""
    return service.enrollments.delete(enrollment_id, etag)


@command.verb(
    "list",
    columns=COLUMNS,
    examples=[
        "dpsctl enrollment list -o table",
        "dpsctl enrollment list --show-keys -o jsonl",
    ],
)
def list_enrollments(
    service: DpsService, top: Top = -1, show_keys: ShowKeys = None
) -> Iterator[Json]:
    """List individual enrollments."""
    return service.enrollments.list(top, keys=show_keys is Toggle.true)


@registration.verb(
    "show",
    columns=REGISTRATION_COLUMNS,
    examples=[
        "dpsctl enrollment registration show --eid device-1",
        "dpsctl enrollment registration show --eid device-1 --query assignedHub -o tsv",
    ],
)
def show_registration(service: DpsService, enrollment_id: EnrollmentId) -> Json:
    """Show the registration of an enrollment's device."""
    return service.registrations.show(enrollment_id)


@registration.verb(
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
    """Forget the registration, so that the device is assigned afresh."""
    return service.registrations.delete(enrollment_id, etag)

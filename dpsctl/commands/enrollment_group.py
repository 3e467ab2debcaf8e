"""`dpsctl enrollment-group`: enrollment groups, their registrations, and device keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from typer import Option

from dpsctl.certificates.files import read_slots
from dpsctl.commands import audit, device_keys, rotation
from dpsctl.commands.records import (
    REGISTRATION_COLUMNS,
    SUMMARY_COLUMNS,
    enrollment_columns,
    show_record,
    summary_of,
)
from dpsctl.frame.verbs import Noun
from dpsctl.options.enrollment import GroupDefinition, Removal
from dpsctl.options.records import (
    Etag,
    GroupId,
    IfExistsOption,
    PageSize,
    RegistrationId,
    ShowKeys,
    Top,
)
from dpsctl.options.words import IfExists, Toggle
from dpsctl.payloads.attestation import (
    SIGNING,
    check_one_kind,
    given_attestation,
    new_attestation,
)
from dpsctl.payloads.enrollment import Change, check_edits, edited, new_record
from dpsctl.run import Outcome, Run
from dpsctl.service.creation import create_record
from dpsctl.service.dps import DpsService

Json = dict[str, Any]
ID_FIELD = "enrollmentGroupId"
GROUP_COLUMNS = enrollment_columns("Group", ID_FIELD)
command = Noun("enrollment-group", "Manage enrollment groups and derive device keys.")
registration = command.noun("registration", "Manage the registrations of a group's devices.")
command.verb(
    "compute-device-key",
    examples=[
        "dpsctl enrollment-group compute-device-key --key @group.key --rid device-1",
        "dpsctl enrollment-group compute-device-key --gid line-4 --rid device-1 -o tsv",
    ],
)(device_keys.compute_device_key)
command.verb(
    columns=audit.COLUMNS,
    examples=[
        "dpsctl enrollment-group audit -o table",
        "dpsctl enrollment-group audit --expires-in 30d -o csv",
    ],
)(audit.audit)
command.verb(
    writes=True,
    columns=GROUP_COLUMNS,
    examples=[
        "dpsctl enrollment-group rotate --gid line-5 --cp new.pem --step finish",
        "dpsctl enrollment-group rotate --gid line-4 --step stage --query attestation",
        "dpsctl enrollment-group rotate --gid line-4 --key @group.key  # which step is next?",
    ],
)(rotation.rotate)


@command.verb(
    writes=True,
    columns=GROUP_COLUMNS,
    examples=[
        "dpsctl enrollment-group create --gid line-4",
        "dpsctl enrollment-group create --gid line-5 --cp intermediate.pem --tags site=eu rack:=7",
    ],
)
def create(
    service: DpsService,
    run: Run,
    group_id: GroupId,
    definition: GroupDefinition,
    if_exists: IfExistsOption = IfExists.fail,
) -> Json:
    """Create an enrollment group.

    Without keys, certificates or CA names the service makes the group's symmetric keys.
    """
    change = _change(definition, Removal(), run)
    new = change.attestation or new_attestation(definition.attestation, {}, SIGNING)
    body = new_record(ID_FIELD, group_id, new, definition.settings)
    body = edited(body, definition.edits, definition.settings)
    return create_record(service.groups, group_id, body, if_exists, change.of)


@command.verb(
    columns=GROUP_COLUMNS,
    examples=[
        "dpsctl enrollment-group show --gid line-4",
        "dpsctl enrollment-group show --gid line-4 --show-keys --query attestation.symmetricKey",
    ],
)
def show(service: DpsService, run: Run, group_id: GroupId, show_keys: ShowKeys = None) -> Json:
    """Show an enrollment group."""
    return show_record(service.groups, group_id, show_keys, run)


@command.verb(
    writes=True,
    columns=GROUP_COLUMNS,
    examples=[
        "dpsctl enrollment-group update --gid line-4 --provisioning-status disabled",
        "dpsctl enrollment-group update --gid line-5 --cp new.pem --remove-secondary-certificate",
    ],
)
def update(
    service: DpsService,
    run: Run,
    group_id: GroupId,
    definition: GroupDefinition,
    removal: Removal,
    etag: Etag = None,
) -> Json:
    """Change an enrollment group; the rest of it stays as it is.

    The group is read and written back with its etag, so nobody else's change is lost.
    """
    change = _change(definition, removal, run)
    return service.groups.update(group_id, change.of, etag)


@command.verb(
    writes=True,
    examples=[
        "dpsctl enrollment-group delete --gid line-4",
        "dpsctl enrollment-group delete --gid line-4 --etag 'ETAG'  # only if it has not changed",
    ],
)
def delete(service: DpsService, group_id: GroupId, etag: Etag = None) -> Json | None:
    """Delete an enrollment group."""
    return service.groups.delete(group_id, etag)


@command.verb(
    "list",
    columns=GROUP_COLUMNS,
    examples=[
        "dpsctl enrollment-group list -o table",
        "dpsctl enrollment-group list --query '[].enrollmentGroupId' -o tsv",
    ],
)
def list_groups(
    service: DpsService, top: Top = -1, page_size: PageSize = None, show_keys: ShowKeys = None
) -> Iterator[Json]:
    """List enrollment groups."""
    return service.groups.list(top, page_size, keys=show_keys is Toggle.true)


@registration.verb(
    "show",
    columns=REGISTRATION_COLUMNS,
    examples=[
        "dpsctl enrollment-group registration show --rid device-1",
        "dpsctl enrollment-group registration show --rid device-1 --query assignedHub -o tsv",
    ],
)
def show_registration(service: DpsService, registration_id: RegistrationId) -> Json:
    """Show the registration of a device."""
    return service.registrations.show(registration_id)


@registration.verb(
    "list",
    columns=REGISTRATION_COLUMNS,
    examples=[
        "dpsctl enrollment-group registration list --gid line-4 -o table",
        "dpsctl enrollment-group registration list --gid line-4 -o jsonl",
        "dpsctl enrollment-group registration list --gid line-4 --summary -o table",
    ],
)
def list_registrations(
    service: DpsService,
    group_id: GroupId,
    top: Top = -1,
    page_size: PageSize = None,
    summary: Annotated[
        bool, Option("--summary", help="Count them by hub and status; a table draws bars.")
    ] = False,
) -> Iterator[Json] | Outcome:
    """List the registrations of a group's devices."""
    registrations = service.registrations.list(group_id, top, page_size)
    if summary:
        return Outcome(summary_of(registrations), 0, SUMMARY_COLUMNS)
    return registrations


@registration.verb(
    "delete",
    writes=True,
    examples=[
        "dpsctl enrollment-group registration delete --rid device-1",
        "dpsctl enrollment-group registration delete --rid device-1 --dry-run",
    ],
)
def delete_registration(
    service: DpsService, registration_id: RegistrationId, etag: Etag = None
) -> Json | None:
    """Forget a registration; the device is assigned afresh."""
    return service.registrations.delete(registration_id, etag)


def _change(definition: GroupDefinition, removal: Removal, run: Run) -> Change:
    """Read the certificates that are named, and check what needs no record to be judged by."""
    check_one_kind(definition.attestation)
    check_edits(definition.edits, ID_FIELD)
    certificates = read_slots(definition.attestation, run, signing=True)
    return Change(
        attestation=given_attestation(definition.attestation, certificates, SIGNING),
        collection=SIGNING,
        settings=definition.settings,
        edits=definition.edits,
        removal=removal,
    )

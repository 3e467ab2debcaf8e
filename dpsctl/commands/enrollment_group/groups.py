"""Create, show, update, delete and list enrollment groups, one record at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dpsctl.certificates.files import read_slots
from dpsctl.commands.doubts import Doubts
from dpsctl.commands.many import Task, refuse_etag, results_of, write_many
from dpsctl.commands.records import (
    delete_record,
    enrollment_columns,
    service_for,
    show_record,
    update_record,
)
from dpsctl.errors import UsageError
from dpsctl.frame.verbs import verb
from dpsctl.options.connection import Display
from dpsctl.options.enrollment import GroupDefinition, GroupFile, Removal
from dpsctl.options.records import (
    Etag,
    GroupId,
    IfExistsOption,
    OptionalGroupId,
    PageSize,
    Parallel,
    PassMissing,
    ShowKeys,
    Top,
)
from dpsctl.options.selection import GroupIds, Selection
from dpsctl.options.words import IfExists, Toggle
from dpsctl.payloads.attestation import (
    SIGNING,
    check_one_kind,
    given_attestation,
)
from dpsctl.payloads.enrollment import Change, check_edits
from dpsctl.run import Outcome, Run
from dpsctl.service.creation import create_record
from dpsctl.service.dps import DpsService

Json = dict[str, Any]
ID_FIELD = "enrollmentGroupId"
GROUP_COLUMNS = enrollment_columns("Group", ID_FIELD)


@verb(
    writes=True,
    holds_keys=True,
    columns=GROUP_COLUMNS,
    examples=[
        "dpsctl enrollment-group create --gid line-4",
        "dpsctl enrollment-group create --gid line-5 --cp intermediate.pem --tags site=eu rack:=7",
        "dpsctl enrollment-group create --from backup.jsonl --certificates . --if-exists skip",
    ],
)
def create(  # noqa: PLR0913 - each is one thing a user may say
    *,
    service: DpsService,
    run: Run,
    group_id: OptionalGroupId = None,
    definition: GroupDefinition,
    file: GroupFile,
    if_exists: IfExistsOption = IfExists.fail,
    show_keys: ShowKeys = None,
    display: Display,
) -> Json | Outcome | None:
    """Create an enrollment group, or many from a file.

    Without keys, certificates or CA names the service makes the group's symmetric keys. With
    --from each row of the file makes one; its values are named as in the REST body
    (initialTwin.tags.site), and what a row leaves out is as the flags say.
    """
    if file.from_file is not None:
        if group_id is not None:
            raise UsageError(
                "--from and --enrollment-id exclude each other",
                "The file's rows have their own ids.",
            )
        defaults = _change(definition, Removal(), run)
        return _create_many(service, run, defaults, file, if_exists, display)
    if group_id is None:
        raise UsageError(
            "--enrollment-id is missing", "Name the group, or give --from a file of groups."
        )
    change = _change(definition, Removal(), run)
    groups = service_for(service, change).groups
    doubts = Doubts(run)
    body = doubts.new(change, ID_FIELD, group_id)

    def update() -> Json | None:
        return update_record(groups, group_id, doubts.of(change), run)

    keys = show_keys is Toggle.true
    return create_record(groups, group_id, body, if_exists, update, keys=keys)


@verb(
    holds_keys=True,
    columns=GROUP_COLUMNS,
    can_watch=True,
    examples=[
        "dpsctl enrollment-group show --gid line-4",
        "dpsctl enrollment-group show --gid line-4 --show-keys --query attestation.symmetricKey",
    ],
)
def show(service: DpsService, run: Run, group_id: GroupId, show_keys: ShowKeys = None) -> Json:
    """Show an enrollment group."""
    return show_record(service.groups, group_id, show_keys, run)


@verb(
    writes=True,
    holds_keys=True,
    columns=GROUP_COLUMNS,
    examples=[
        "dpsctl enrollment-group update --gid line-4 --provisioning-status disabled",
        "dpsctl enrollment-group update --gid line-5 --cp new.pem --remove-secondary-certificate",
        "dpsctl enrollment-group update --where 'initialTwin.tags.rack==`7`' --ps disabled --yes",
    ],
)
def update(  # noqa: PLR0913 - each is one thing a user may say
    service: DpsService,
    run: Run,
    display: Display,
    definition: GroupDefinition,
    removal: Removal,
    selection: Selection,
    *,
    group_ids: GroupIds = None,
    etag: Etag = None,
) -> Json | Outcome | None:
    """Change enrollment groups; the rest of each stays as it is.

    A group is read and written back with its etag, so nobody else's change is lost. Many of them
    are chosen by their ids or by what is in them; then a result line tells what became of each.
    """
    from dpsctl.selection.choosing import GROUPS, one_id
    from dpsctl.selection.writing import updating

    change = _change(definition, removal, run)
    groups, changed = service_for(service, change).groups, Doubts(run).of(change)
    if (group_id := one_id(group_ids, selection)) is not None:
        return update_record(groups, group_id, changed, run, etag)
    refuse_etag(etag)
    task = Task("update", GROUPS, service, groups.list, display)
    return write_many(task, group_ids, selection, updating(groups, changed), run)


@verb(
    writes=True,
    examples=[
        "dpsctl enrollment-group delete --gid line-4",
        "dpsctl enrollment-group delete --gid line-4 --etag 'ETAG'  # only if it has not changed",
        "dpsctl enrollment-group delete --ids-from old-groups.txt --if-exists --yes",
    ],
)
def delete(  # noqa: PLR0913 - each is one thing a user may say
    service: DpsService,
    run: Run,
    display: Display,
    selection: Selection,
    *,
    group_ids: GroupIds = None,
    etag: Etag = None,
    if_exists: PassMissing = False,
) -> Json | Outcome | None:
    """Delete enrollment groups.

    Those that are chosen by what is in them are deleted only if they are still as they were read.
    """
    from dpsctl.selection.choosing import GROUPS, one_id
    from dpsctl.selection.writing import deleting

    records = service.groups
    if (group_id := one_id(group_ids, selection)) is not None:
        return delete_record(records.delete, group_id, etag, run, if_exists=if_exists)
    refuse_etag(etag)
    task = Task("delete", GROUPS, service, records.list, display)
    write = deleting(records.delete, if_exists=if_exists)
    return write_many(task, group_ids, selection, write, run)


@verb(
    "list",
    holds_keys=True,
    columns=GROUP_COLUMNS,
    can_watch=True,
    examples=[
        "dpsctl enrollment-group list -o table",
        "dpsctl enrollment-group list --query '[].enrollmentGroupId' -o tsv",
    ],
)
def list_groups(
    service: DpsService,
    top: Top = -1,
    page_size: PageSize = None,
    show_keys: ShowKeys = None,
    parallel: Parallel = 8,
) -> Iterator[Json]:
    """List enrollment groups."""
    if show_keys is Toggle.true:
        return service.groups.list_with_keys(top, page_size, parallel=parallel)
    return service.groups.list(top, page_size)


def _create_many(
    service: DpsService,
    run: Run,
    defaults: Change,
    file: GroupFile,
    if_exists: IfExists,
    display: Display,
) -> Outcome:
    from dpsctl.commands.enrollment_group.from_file import FileOfGroups
    from dpsctl.fleet.device_files import DeviceFile
    from dpsctl.selection.choosing import GROUPS

    path = str(file.from_file).removeprefix("@")
    described = FileOfGroups(
        DeviceFile(path, "--from", run.stdin), defaults, file.certificates, run
    )
    groups = described.groups()
    service.keep_pace()
    records = service_for(service, defaults).groups
    task = Task("create", GROUPS, service, records.list, display)
    return results_of(task, groups, described.creating(records, if_exists), file.parallel, run)


def _change(definition: GroupDefinition, removal: Removal, run: Run) -> Change:
    """Read the certificates that are named, and check what needs no record to be judged by."""
    check_one_kind(definition.attestation)
    check_edits(definition.edits, ID_FIELD)
    certificates = read_slots(definition.attestation, run)
    return Change(
        attestation=given_attestation(definition.attestation, certificates, SIGNING),
        collection=SIGNING,
        settings=definition.settings,
        edits=definition.edits,
        removal=removal,
    )

"""`enrollment-group registration`: the registrations of a group's devices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from typer import Option

from dpsctl.commands.many import Task, refuse_etag, write_many
from dpsctl.commands.records import (
    FAILED_COLUMNS,
    REGISTRATION_COLUMNS,
    SUMMARY_COLUMNS,
    delete_record,
    summary_of,
)
from dpsctl.frame.verbs import Noun, verb
from dpsctl.options.connection import Display
from dpsctl.options.records import Etag, PageSize, PassMissing, RegistrationId, Top
from dpsctl.options.selection import GroupIds, RegistrationIds, RegistrationSelection
from dpsctl.run import Outcome, Run
from dpsctl.service.dps import DpsService

Json = dict[str, Any]
GROUP_COLUMN = {"Group": "enrollmentGroupId"}


@verb(
    "show",
    columns=REGISTRATION_COLUMNS,
    can_watch=True,
    examples=[
        "dpsctl enrollment-group registration show --rid device-1",
        "dpsctl enrollment-group registration show --rid device-1 --query assignedHub -o tsv",
    ],
)
def show_registration(service: DpsService, registration_id: RegistrationId) -> Json:
    """Show the registration of a device."""
    return service.registrations.show(registration_id)


@verb(
    "list",
    columns=REGISTRATION_COLUMNS,
    can_watch=True,
    examples=[
        "dpsctl enrollment-group registration list --gid line-4 -o table",
        "dpsctl enrollment-group registration list --gid line-4 -o jsonl",
        "dpsctl enrollment-group registration list --gid line-4 --watch 10s | head -n 1",
        "dpsctl enrollment-group registration list --gid line-4 --summary -o table",
        "dpsctl enrollment-group registration list --all-groups --failed -o table",
    ],
)
def list_registrations(  # noqa: PLR0913 - each is one thing a user may say
    service: DpsService,
    run: Run,
    selection: RegistrationSelection,
    *,
    group_ids: GroupIds = None,
    registration_ids: RegistrationIds = None,
    top: Top = -1,
    page_size: PageSize = None,
    summary: Annotated[
        bool, Option("--summary", help="Count them by hub and status, in bars on a terminal.")
    ] = False,
) -> Iterator[Json] | Outcome:
    """List the registrations of groups' devices.

    Those of all devices in groups, or of devices that are named. Those of more groups than one have
    the group's id too, which the service does not give.
    """
    from dpsctl.selection.registered import Registered

    registered = Registered(service, group_ids, registration_ids, selection, page_size)
    found = registered.listed(top, run)
    if summary:
        return Outcome(summary_of(found), 0, SUMMARY_COLUMNS, is_for_people=True)
    columns = FAILED_COLUMNS if selection.failed else REGISTRATION_COLUMNS
    return Outcome(found, 0, GROUP_COLUMN | columns if registered.is_of_groups else columns)


@verb(
    "delete",
    writes=True,
    examples=[
        "dpsctl enrollment-group registration delete --rid device-1",
        "dpsctl enrollment-group registration delete --rid device-1 --dry-run",
        "dpsctl enrollment-group registration delete --all-groups --older-than 90d --yes",
    ],
)
def delete_registration(  # noqa: PLR0913 - each is one thing a user may say
    service: DpsService,
    run: Run,
    display: Display,
    selection: RegistrationSelection,
    *,
    registration_ids: RegistrationIds = None,
    group_ids: GroupIds = None,
    etag: Etag = None,
    if_exists: PassMissing = False,
) -> Json | Outcome | None:
    """Forget registrations; the devices are assigned afresh.

    Those of groups have to be narrowed, or --all of them meant. They are deleted only if they are
    still as they were read: a device that has registered since keeps its registration.
    """
    from dpsctl.selection.choosing import REGISTRATIONS, one_id
    from dpsctl.selection.registered import Registered
    from dpsctl.selection.writing import deleting

    delete = service.registrations.delete
    is_of_groups = bool(group_ids) or selection.all_groups
    if not is_of_groups and (one := one_id(registration_ids, selection)) is not None:
        return delete_record(delete, one, etag, run, if_exists=if_exists)
    refuse_etag(etag)
    registered = Registered(service, group_ids, registration_ids, selection)
    task = Task("delete", REGISTRATIONS, service, registered.read, display)
    write = deleting(delete, if_exists=if_exists)
    return write_many(task, registration_ids, selection, write, run)


registration = Noun(
    "registration",
    "Manage the registrations of a group's devices.",
    [show_registration, list_registrations, delete_registration],
)

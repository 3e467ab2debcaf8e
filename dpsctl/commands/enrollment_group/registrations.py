"""`enrollment-group registration`: the registrations of a group's devices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from typer import Option

from dpsctl.commands.records import REGISTRATION_COLUMNS, SUMMARY_COLUMNS, summary_of
from dpsctl.frame.verbs import Noun, verb
from dpsctl.options.records import Etag, GroupId, PageSize, RegistrationId, Top
from dpsctl.run import Outcome
from dpsctl.service.dps import DpsService

Json = dict[str, Any]


@verb(
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


@verb(
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


@verb(
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


registration = Noun(
    "registration",
    "Manage the registrations of a group's devices.",
    [show_registration, list_registrations, delete_registration],
)

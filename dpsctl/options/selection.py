"""Options that choose many records of a kind: by their ids, or by what is in them."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from dpsctl.options import kinds, panels
from dpsctl.options.checks import age_rule, ids_rule
from dpsctl.options.declaring import option_group
from dpsctl.options.records import Parallel

GroupIds = Annotated[
    list[str] | None,
    kinds.group_ids(
        Option,
        "--enrollment-id",
        "--eid",
        "--group-id",
        "--gid",
        help="Enrollment group ID, or several.",
        callback=ids_rule("--enrollment-id", "group id"),
    ),
]
EnrollmentIds = Annotated[
    list[str] | None,
    kinds.several(
        Option,
        "--enrollment-id",
        "--eid",
        metavar="ID...",
        help="Enrollment ID, which is the registration ID of the device; or several.",
        callback=ids_rule("--enrollment-id", "registration id"),
    ),
]
RegistrationIds = Annotated[
    list[str] | None,
    kinds.several(
        Option,
        "--registration-id",
        "--rid",
        metavar="ID...",
        help="Registration ID of the device, or several.",
        callback=ids_rule("--registration-id", "registration id"),
    ),
]


@option_group
class Selection:
    """Which records are meant, where it is not one by its id."""

    ids_from: Annotated[
        str | None,
        kinds.file(
            panels.selection, "--ids-from", help="Those of a file, an id a line; - is stdin."
        ),
    ] = None
    id_field: Annotated[
        str | None,
        panels.selection(
            "--id-field",
            metavar="NAME",
            help="The ids of the file are in this column of CSV, or field of JSON.",
        ),
    ] = None
    where: Annotated[
        str | None,
        kinds.jmespath(
            panels.selection,
            "--where",
            help="Those of which this is true, such as \"initialTwin.tags.site=='eu'\".",
        ),
    ] = None
    everything: Annotated[bool, panels.selection("--all", help="All that there are.")] = False
    parallel: Parallel = 8


@option_group
class RegistrationSelection(Selection):
    """Which registrations are meant: those of groups, as far as these are true of them."""

    all_groups: Annotated[
        bool, panels.selection("--all-groups", help="Look through every group.")
    ] = False
    older_than: Annotated[
        str | None,
        panels.selection(
            "--older-than",
            metavar="TIME",
            callback=age_rule,
            help="Those last updated so long ago (90d, 12h), or before a date (2026-01-31).",
        ),
    ] = None
    failed: Annotated[
        bool, panels.selection("--failed", help="Those of devices that could not be assigned.")
    ] = False

"""Options about one record or a list of them, whatever the noun."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from dpsctl.options import kinds, panels
from dpsctl.options.checks import etag_rule, id_rule, top_rule
from dpsctl.options.declaring import option_group
from dpsctl.options.words import IfExists, Toggle

_GROUP_ID = kinds.group_id(
    Option,
    "--enrollment-id",
    "--eid",
    "--group-id",
    "--gid",
    help="Enrollment group ID.",
    callback=id_rule("--enrollment-id", "group id"),
)
GroupId = Annotated[str, _GROUP_ID]
OptionalGroupId = Annotated[str | None, _GROUP_ID]
_REGISTRATION_ID = Option(
    "--registration-id",
    "--rid",
    metavar="ID",
    help="Registration ID of the device.",
    callback=id_rule("--registration-id", "registration id"),
)
RegistrationId = Annotated[str, _REGISTRATION_ID]
OptionalRegistrationId = Annotated[str | None, _REGISTRATION_ID]
Etag = Annotated[
    str | None,
    Option(
        "--etag",
        "-e",
        metavar="ETAG",
        help="Write only if the record still has this etag; '*' writes over any change.",
        callback=etag_rule,
    ),
]
Top = Annotated[
    int,
    Option(
        "--top",
        metavar="N",
        help="Return at most N records; -1 returns all of them.",
        callback=top_rule,
    ),
]
PageSize = Annotated[
    int | None,
    Option(
        "--page-size",
        metavar="N",
        min=1,
        help="Ask the service for N records at a time, which may send fewer.",
    ),
]
ShowKeys = Annotated[
    Toggle | None,
    kinds.toggle(
        Option,
        "--show-keys",
        "--keys",
        help="Include symmetric keys in the result.",
    ),
]
IfExistsOption = Annotated[
    IfExists,
    Option(
        "--if-exists",
        case_sensitive=False,
        help="If the record is there: fail, leave it, or update it with the flags given.",
    ),
]
Parallel = Annotated[
    int,
    Option(
        "--parallel",
        metavar="N",
        min=1,
        max=16,
        help="Send so many requests at a time.",
        show_default=True,
    ),
]
PassMissing = Annotated[
    bool, Option("--if-exists", help="What is gone already is as wanted, and no failure.")
]
DryRun = Annotated[
    bool, Option("--dry-run", help="Print the request that would be sent, and send no write.")
]

Watch = Annotated[
    float | None,
    kinds.interval(
        Option,
        "--watch",
        least=1,
        alone=5,
        help=(
            "Look again every 5 s, or TIME: a table redrawn on a terminal, else a JSON line a"
            " change."
        ),
    ),
]


@option_group
class Edits:
    """Changes to fields that no flag names."""

    set_values: Annotated[
        list[str] | None,
        kinds.assignments(
            panels.what,
            "--set",
            metavar="PATH=VALUE...",
            help="Set any field of the body: a.b=text or a.b:=JSON; iotHubs.0 is an index.",
        ),
    ] = None
    remove_paths: Annotated[
        list[str] | None,
        kinds.several(
            panels.what, "--remove", metavar="PATH...", help="Remove any field of the body."
        ),
    ] = None

"""Options of keys for a whole fleet: where the ids are, and what is made of each."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from dpsctl.options import kinds, panels
from dpsctl.options.checks import duration_rule
from dpsctl.options.declaring import option_group
from dpsctl.options.device import IdScope


@option_group
class Fleet:
    """Which ids to derive for, and how."""

    registration_ids: Annotated[
        str | None,
        kinds.file(
            panels.fleet,
            "--registration-ids",
            help="Derive for each id of a file, one a line; - is standard input.",
        ),
    ] = None
    id_field: Annotated[
        str | None,
        panels.fleet(
            "--id-field",
            metavar="NAME",
            help="The ids are in this column of CSV, or field of JSON (lines or an array).",
        ),
    ] = None
    id_template: Annotated[
        str | None,
        panels.fleet(
            "--id-template",
            metavar="TEXT",
            help="Make ids of columns: 'pump-{serial}', or filled up 'pump-{serial:0>6}'.",
        ),
    ] = None
    lower: Annotated[bool, panels.fleet("--lower", help="Make ids lower-case.")] = False
    append: Annotated[
        bool,
        panels.fleet(
            "--append",
            help="Write every row as it is, with its key; a bad one stays, with an error instead.",
        ),
    ] = False
    strict: Annotated[bool, panels.fleet("--strict", help="Stop at the first bad line.")] = False
    check_duplicates: Annotated[
        bool,
        panels.fleet(
            "--check-duplicates",
            help="Refuse ids that the service takes for an earlier one; remembers them all.",
        ),
    ] = False
    known: Annotated[
        list[str] | None,
        kinds.file(
            panels.fleet,
            "--known",
            help="Refuse ids of an earlier batch: its list, table or keys; may be repeated.",
        ),
    ] = None
    out: Annotated[
        str | None,
        kinds.file(
            panels.fleet,
            "--out",
            help="Write a file that only its owner may read, whole or not at all.",
        ),
    ] = None
    report: Annotated[
        str | None,
        kinds.file(
            panels.fleet,
            "--report",
            help="Write how many keys were made, first and last id, time, and checksums.",
        ),
    ] = None
    force: Annotated[
        bool, panels.fleet("--force", help="Replace the files of --out and --report.")
    ] = False
    jobs: Annotated[
        int, panels.fleet("--jobs", metavar="N", min=0, help="Processes; 0 is one a core.")
    ] = 1


@option_group
class Credential:
    """What is made of a device's key, if not the key itself."""

    sas: Annotated[
        bool, Option("--sas", help="Make SAS tokens for the provisioning service instead of keys.")
    ] = False
    expires_in: Annotated[
        str | None,
        Option(
            "--expires-in",
            metavar="TIME",
            callback=duration_rule("--expires-in"),
            help="How long the tokens are valid, such as 30m, 12h or 7d (1h unless given).",
        ),
    ] = None
    id_scope: IdScope = None
    connection_strings: Annotated[
        bool,
        Option("--connection-strings", help="Make connection strings for a hub instead of keys."),
    ] = False
    hub: Annotated[str | None, Option("--hub", metavar="HOST", help="Host name of the hub.")] = None

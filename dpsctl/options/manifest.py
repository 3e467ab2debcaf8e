"""Options of what works with manifests: which are read, and how they are compared."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from dpsctl.options import kinds, panels
from dpsctl.options.declaring import option_group
from dpsctl.options.words import RecordKind, Toggle


@option_group
class Manifests:
    """Which manifests are read, and what they may draw from."""

    paths: Annotated[
        list[str] | None,
        kinds.file(
            panels.manifests,
            "--file",
            "-f",
            metavar="PATH",
            help="A manifest, a folder of them, or - (standard input); may be repeated.",
        ),
    ] = None
    variables_file: Annotated[
        str | None,
        kinds.file(panels.manifests, "--vars", help="YAML or JSON with the values of $var."),
    ] = None
    variables: Annotated[
        list[str] | None,
        kinds.several(
            panels.manifests,
            "--var",
            metavar="NAME=TEXT...",
            help="A value of $var: NAME=TEXT, or NAME:=JSON.",
        ),
    ] = None
    root: Annotated[
        str | None,
        kinds.folder(
            panels.manifests,
            "--root",
            help="Let manifests name files anywhere under this folder.",
        ),
    ] = None
    allow_commands: Annotated[
        bool,
        panels.manifests("--allow-commands", help="Run the programs that $command names."),
    ] = False


@option_group
class Exported:
    """Which records are written as manifests, and how."""

    ids: Annotated[
        list[str] | None,
        kinds.several(
            Option, "--ids", metavar="GLOB...", help="Only records whose id matches one of these."
        ),
    ] = None
    kind: Annotated[
        RecordKind | None,
        Option("--kind", case_sensitive=False, help="Only records of this kind."),
    ] = None
    show_keys: Annotated[
        Toggle | None,
        kinds.toggle(Option, "--show-keys", "--keys", help="Include symmetric keys."),
    ] = None
    certificates: Annotated[
        str | None,
        kinds.folder(
            Option,
            "--certificates",
            help="Write certificates as the names of their files, which are looked for here.",
        ),
    ] = None
    split: Annotated[
        str | None,
        kinds.folder(Option, "--split", help="Write a file for each record into this folder."),
    ] = None
    force: Annotated[bool, Option("--force", help="Replace files of --split that exist.")] = False


Kind = Annotated[
    RecordKind | None,
    Option("--kind", case_sensitive=False, help="The schema of records of this kind alone."),
]
Prune = Annotated[bool, Option("--prune", help="Delete what $fleet owns and no manifest has.")]
SkipKeys = Annotated[
    bool, Option("--skip-keys", help="Compare no symmetric keys, which takes fewer rights.")
]
Full = Annotated[bool, Option("--full", help="Show every object, also those that are alike.")]
Unmanaged = Annotated[
    bool, Option("--unmanaged", help="Show the fields on the service that no manifest names.")
]
ExitCode = Annotated[bool, Option("--exit-code", help="Exit with 10 if there are differences.")]
Allow = Annotated[
    list[str] | None,
    kinds.several(
        Option,
        "--allow",
        metavar="CLASS...",
        help="Allow what takes something away: delete, replace, keys, certificates, disable, "
        "unblock, many.",
    ),
]
Backup = Annotated[
    str | None,
    kinds.file(
        Option,
        "--backup",
        help="Keep what is taken away, keys included, in a new file that 'apply -f' takes.",
    ),
]
DeleteFirst = Annotated[
    bool, Option("--delete-first", help="Delete before anything else, where limits need room.")
]
Save = Annotated[
    str | None,
    kinds.file(Option, "--save", help="Save the plan in a new file, for 'apply --plan'."),
]
SavedPlan = Annotated[
    str | None,
    kinds.file(
        Option,
        "--plan",
        help="Carry out a saved plan, if it is still what the manifests and the service ask for.",
    ),
]

"""The topic of scripts that were written for az."""

from __future__ import annotations

from dpsctl.reference.topics.page import Section, Topic

MIGRATING = Topic(
    "migrating",
    "from az iot to dpsctl",
    "Replace 'az iot dps' by 'dpsctl', 'az iot device' by 'dpsctl device' and 'az iot central' by"
    " 'dpsctl central'; the rest of a line stays. Commands, flags, aliases and accepted values are"
    " az's. docs/migration.md of the project names every one.",
    sections=(
        Section(
            "Lines that stay",
            "As with az: a name and a resource group, --query, -o.",
            examples=(
                "dpsctl enrollment-group list --dps-name my-dps --resource-group my-group -o table",
                (
                    "dpsctl enrollment-group update -n my-dps -g my-group --enrollment-id line-4"
                    " --provisioning-status disabled"
                ),
                "dpsctl show -n my-dps --query properties.idScope -o tsv",
            ),
        ),
        Section(
            "What is different",
            "",
            entries=(
                (
                    "Keys",
                    "No command prints them unless --show-keys, or a --query that names one, asks.",
                ),
                (
                    "update",
                    (
                        "Sends the etag it has read, merges what others wrote meanwhile, keeps"
                        " every field that is not named, and writes nothing where nothing changes."
                    ),
                ),
                ("@FILE", "A file that is missing is an error, not the text '@FILE'."),
                ("--dps", "Flags are not abbreviated: a new flag must not change an old script."),
                (
                    "--tags",
                    "Given twice, words add up; az drops the first. A name twice is refused.",
                ),
                (
                    "Exit codes",
                    "Each kind of failure has its own; 'not found' is 3 as with az.",
                ),
            ),
        ),
        Section(
            "What stays az's",
            "What makes and changes services themselves: create, update, delete, linked-hub,"
            " policy create and the like. Typed after dpsctl, each is answered with az's line.",
        ),
        Section(
            "Trying a script",
            "The emulator answers every name of a service, so a script that names its own runs as"
            " it is and touches nothing. --dry-run prints what would be sent.",
            examples=(
                (
                    "dpsctl emulator exec --seed records.json -- dpsctl enrollment-group list"
                    " -n my-dps -g my-group"
                ),
                "dpsctl enrollment-group update --gid line-4 --tags site=us --dry-run",
            ),
        ),
    ),
)

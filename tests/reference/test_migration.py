"""docs/migration.md names every command and flag that az and dpsctl share, and what differs."""

import re
from pathlib import Path

import pytest

from dpsctl.cli import tree
from dpsctl.frame.renamed import current_command
from dpsctl.reference.tree import pages

TEXT = (Path(__file__).parents[2] / "docs" / "migration.md").read_text(encoding="utf-8")
COMMANDS = {" ".join(page.path[1:]): page for page in pages(tree()) if not page.members}
CODE = re.compile(r"`([^`]+)`")
OWN_OF_ONE = re.compile(r"((?:`-[^`]+`(?:, )?)+) \(`([^`-][^`]*)`\)")


def section(title):
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title, head):
    """Yield the cells of each row of the table that begins with *head* in a section."""
    table = section(title).partition(f"| {head} |")[2].partition("\n\n")[0]
    for line in table.splitlines()[2:]:
        yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]


SHARED = {
    prefix + CODE.findall(cells[0])[0]: (set(CODE.findall(cells[1])), cells[2])
    for title, head, prefix in (
        ("Provisioning services", "az iot dps", ""),
        ("Devices", "az iot", ""),
        ("IoT Central", "az iot central", "central "),
    )
    for cells in rows(title, head)
}
COMMON = set(CODE.findall(TEXT.partition("left out of the tables:")[2].partition(".\n")[0]))
COMMON_OF_CENTRAL = {"--api-version", "--av"}
OWN = section("dpsctl's own")
OWN_COMMANDS = set(CODE.findall(OWN.partition("\n\nFlags")[0]))
OWN_FLAGS = set(CODE.findall(OWN.partition("at its commands:")[2].partition("; at single")[0]))
OWN_OF_SINGLE = {
    command: set(CODE.findall(flags))
    for flags, command in OWN_OF_ONE.findall(OWN.partition("; at single ones")[2])
}
STAYING = [
    name for cells in rows("What stays az's", "az iot dps") for name in CODE.findall(cells[0])
]
STAYING_IN_CENTRAL = [
    name for cells in rows("What stays az's", "az iot central") for name in CODE.findall(cells[0])
]


def flags_of(command):
    return {name for option in COMMANDS[command].options for name in option.names}


def test_every_command_is_in_one_table():
    assert set(SHARED) | OWN_COMMANDS == set(COMMANDS)
    assert not set(SHARED) & OWN_COMMANDS
    assert len(SHARED) > 40


@pytest.mark.parametrize("command", SHARED)
def test_flags_of_a_command_are_those_of_the_tables(command):
    told, verdict = SHARED[command]
    known = COMMON | OWN_FLAGS | OWN_OF_SINGLE.get(command, set())
    if command.startswith("central "):
        known |= COMMON_OF_CENTRAL

    assert told <= flags_of(command)
    assert flags_of(command) <= told | known
    assert re.match(r"same(;|$)|different: ", verdict)


@pytest.mark.parametrize("command", SHARED)
def test_flags_that_a_row_does_without_are_not_there(command):
    missing = SHARED[command][1].partition("without ")[2].partition("(")[0]

    assert not set(CODE.findall(missing)) & flags_of(command)


@pytest.mark.parametrize("name", STAYING)
def test_what_stays_azs_is_answered_with_azs_line(run_offline, name):
    refused = run_offline(f"{name} --name x", expect=2)

    assert f"az iot dps {name}" in refused.err


@pytest.mark.parametrize("name", STAYING_IN_CENTRAL)
def test_what_stays_azs_in_central_is_answered_with_azs_line(run_offline, name):
    for typed in (f"central {name} --id x", f"iot central {name} list"):
        assert f"That stays 'az iot central {name}" in run_offline(typed, expect=2).err


def test_old_spellings_are_read_as_the_table_has_them(run_offline):
    pairs = {
        old: CODE.findall(new)
        for olds, new in rows("Old spellings", "az")
        for old in CODE.findall(olds)
    }

    for old, new in pairs.items():
        if old.startswith("--"):
            command = "enrollment create" if old == "--device-info" else "enrollment-group create"
            line = f"{command} --eid e -n x {old}=pol --dry-run --ca-bundle no-such-file"
            assert (
                f"{old} is deprecated: write {new[0].split('=')[0]}"
                in run_offline(line, expect=2).err
            )
        else:
            assert current_command([old], None) == new[0].split()
    assert len(pairs) > 6

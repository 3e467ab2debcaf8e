"""Results in a real terminal: tables for people, of its width, in its colours."""

import shlex

import pytest
from rich.cells import cell_len
from terminal import Terminal

LONG = "assembly-hall-12-production-line-with-a-name-longer-than-half-of-the-screen"


@pytest.fixture
def shown(signed_in):  # noqa: ARG001 - it sets the environment
    """Run a command line in a terminal to its end; return the terminal."""

    def run(line, *, code=0, **given):
        with Terminal(shlex.split(line), **{"rows": 60, **given}) as terminal:
            assert terminal.end() == code, terminal.lines
        return terminal

    return run


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_table_is_as_wide_as_the_terminal_at_most(run, shown, columns):
    run("enrollment-group create --gid line-4 --ps disabled")
    run(f"enrollment-group create --gid {LONG}")

    terminal = shown("enrollment-group list -o table", columns=columns)

    assert len(terminal.lines) == 4
    assert max(cell_len(line) for line in terminal.lines) <= columns
    assert terminal.lines[0].split()[:3] == ["Group", "Attestation", "Status"]
    assert any(LONG in line for line in terminal.lines) == (columns == 200)
    assert terminal.colours("disabled") == {"red"}


@pytest.mark.parametrize(
    "line", ["doctor", "enrollment-group audit", "enrollment-group registration list {} --summary"]
)
def test_what_is_for_people_is_a_table_on_a_terminal_and_json_elsewhere(run, shown, line):
    run("enrollment-group create --gid g")
    line = line.format("--gid g")

    assert set(shown(line).lines[1]) == {"-", " "}
    assert run(line).out.startswith("[")
    assert shown(f"{line} -o json").lines[0].startswith("[")
    assert shown(f"{line} --query 'length(@)'").lines[0].isdecimal()
    assert shown(line, environment={"DPSCTL_OUTPUT": "json"}).lines[0].startswith("[")


def test_records_are_json_on_a_terminal_too(run, shown):
    run("enrollment-group create --gid g")

    assert shown("enrollment-group list").lines[0] == "["


@pytest.mark.parametrize(
    "setting", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"DPSCTL_COLOR": "never"}]
)
def test_table_without_colours_has_no_escapes(run, shown, setting):
    run("enrollment-group create --gid g --ps disabled")

    terminal = shown("enrollment-group list -o table", environment=setting)

    assert b"\x1b" not in terminal.written
    assert "disabled" in terminal.lines[2]
    assert max(map(len, terminal.lines)) <= 80


def test_keys_that_are_asked_for_are_whole(run, shown):
    made = run("enrollment-group create --gid g --show-keys").json

    titles, _, *rows = shown("enrollment-group list --show-keys -o table").lines

    first, second = titles.index("Primary key"), titles.index("Secondary key")
    assert made["attestation"]["symmetricKey"] == {
        "primaryKey": "".join(row[first:second].strip() for row in rows),
        "secondaryKey": "".join(row[second:].strip() for row in rows),
    }

"""`--watch`: what changes, as people see it in a terminal, and as scripts read it in a pipe."""

import json
import shlex
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from terminal import Terminal

from dpsctl.output.changes import Changes

GROUPS = "enrollment-group list --watch 1s"


@contextmanager
def piped(line, **given):
    """Run a command line whose stdout and stderr are pipes; *changes* reads the next lines."""
    command = [sys.executable, "-m", "dpsctl", *shlex.split(line)]
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **given}
    with subprocess.Popen(command, **given) as process:
        try:
            yield process
        finally:
            process.kill()


def until(stream, text):
    """Read lines until one has *text*."""
    return next(line for line in stream if text in line)


def changes(process, count):
    lines = [json.loads(process.stdout.readline()) for _ in range(count)]
    return [(line["change"], line["record"].get("enrollmentGroupId")) for line in lines]


@pytest.fixture
def in_terminal(signed_in):  # noqa: ARG001 - it sets the environment
    """Run a command line in a terminal."""
    return lambda line, **given: Terminal(shlex.split(line), **given)


def test_table_is_redrawn_in_place_with_changes_marked(run, in_terminal):
    run("enrollment-group create --gid line-4")
    run("enrollment-group create --gid line-5")

    with in_terminal(GROUPS) as terminal:
        terminal.wait_for("again every 1 s")
        assert [line[:9] for line in terminal.lines[2:4]] == ["   line-4", "   line-5"]
        run("enrollment-group update --gid line-5 --ps disabled")
        terminal.wait_for("~  line-5")
        run("enrollment-group create --gid line-6")
        terminal.wait_for("+  line-6")
        run("enrollment-group delete --gid line-4")
        terminal.wait_for("-  line-4")

        assert [line.split()[:2] for line in terminal.lines[2:5]] == [
            ["~", "line-5"],
            ["+", "line-6"],
            ["-", "line-4"],
        ]
        assert terminal.is_reversed("disabled")
        assert not terminal.is_reversed("symmetricKey")
        assert terminal.colours("disabled") == {"red"}


def test_ctrl_c_ends_with_130_and_leaves_the_table_and_the_cursor(run, in_terminal):
    run("enrollment-group create --gid line-4")

    with in_terminal(GROUPS) as terminal:
        terminal.wait_for("Ctrl-C ends")
        terminal.press("\x03")

        assert terminal.end() == 130
        assert terminal.lines[2].startswith("   line-4")
        assert len(terminal.lines) == 4
        assert terminal.cursor_is_shown


def test_devices_are_shown_as_they_come_in(run, emulator, in_terminal, monkeypatch):
    monkeypatch.setenv("DPSCTL_DEVICE_ENDPOINT_URL", emulator.endpoint)
    made = run("enrollment-group create --gid line-4 --show-keys").json
    key = made["attestation"]["symmetricKey"]["primaryKey"]
    register = f"device register --id-scope {emulator.id_scope} --group-key {key} --rid"
    run(f"{register} device-1")

    line = "enrollment-group registration list --gid line-4 --watch 1s"
    with in_terminal(line) as terminal, piped(line) as process:
        terminal.wait_for("   device-1")
        assert json.loads(process.stdout.readline())["change"] == "listed"
        run(f"{register} device-2")

        terminal.wait_for("+  device-2")
        added = json.loads(process.stdout.readline())
        assert (added["change"], added["record"]["registrationId"]) == ("added", "device-2")


def test_those_that_changed_last_come_first_where_not_all_fit(run, emulator, in_terminal):
    groups = [
        {"enrollmentGroupId": f"g{number:02}", "attestation": {"type": "symmetricKey"}}
        for number in range(40)
    ]
    emulator.seed({"enrollmentGroups": groups})

    with in_terminal(GROUPS, rows=15) as terminal:
        terminal.wait_for("and 30 more")
        assert terminal.lines[2].startswith("   g00")
        run("enrollment-group update --gid g35 --ps disabled")
        terminal.wait_for("~  g35")

        assert terminal.lines[2].startswith("~  g35")
        assert len(terminal.lines) == 14
        assert max(map(cell_len, terminal.lines)) <= 80


def test_pipe_gets_a_json_line_for_each_change(run, signed_in):
    run("enrollment-group create --gid line-4")

    with piped(GROUPS) as process:
        assert changes(process, 1) == [("listed", "line-4")]
        run("enrollment-group update --gid line-4 --ps disabled")
        assert changes(process, 1) == [("changed", "line-4")]
        run("enrollment-group create --gid line-5")
        assert changes(process, 1) == [("added", "line-5")]
        run("enrollment-group delete --gid line-4")
        assert changes(process, 1) == [("removed", "line-4")]
        run("enrollment-group create --gid line-4")
        assert changes(process, 1) == [("added", "line-4")]

        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
        assert process.stderr.read() == ""
    assert signed_in.policy_key not in str(process.args)


def test_pipe_that_nobody_reads_any_more_ends_the_watch(run):
    run("enrollment-group create --gid line-4")

    with piped("enrollment-group show --gid line-4 --watch 10m") as process:
        assert changes(process, 1) == [("listed", "line-4")]
        process.stdout.close()

        assert process.wait(timeout=30) == 141


def test_record_that_is_deleted_was_removed(run):
    run("enrollment-group create --gid line-4")

    with piped("enrollment-group show --gid line-4 --watch 1s") as process:
        assert changes(process, 1) == [("listed", "line-4")]
        run("enrollment-group delete --gid line-4")
        assert changes(process, 1) == [("removed", "line-4")]


def test_query_picks_what_is_watched(run):
    run("enrollment-group create --gid line-4")

    with piped(f"{GROUPS} --query 'length(@)'") as process:
        assert json.loads(process.stdout.readline()) == {"change": "listed", "record": 1}
        run("enrollment-group create --gid line-5")
        assert json.loads(process.stdout.readline()) == {"change": "changed", "record": 2}


def test_lost_connection_is_told_and_tried_again(run, emulator, in_terminal):
    run("enrollment-group create --gid line-4")

    line = f"{GROUPS} --retries 0"
    with in_terminal(line, columns=100) as terminal, piped(line) as process:
        terminal.wait_for("   line-4")
        changes(process, 1)
        emulator.faults.replace(["503"])
        terminal.wait_for("trying again in 2 s")
        assert terminal.lines[2].startswith("   line-4")
        assert terminal.colours("trying") == {"brown"}  # as pyte calls yellow
        assert "HTTP 503" in process.stderr.readline()

        emulator.faults.replace([])
        terminal.wait_for("Ctrl-C ends")
        assert "the service answers again" in until(process.stderr, "again (")


def test_first_look_that_fails_ends_the_watch(run):
    ran = run("enrollment-group show --gid missing --watch", expect=3)

    assert ran.out == ""


def test_more_calls_than_the_service_has_room_for_are_made_less_often(emulator, in_terminal):
    groups = [
        {"enrollmentGroupId": f"g{number}", "attestation": {"type": "symmetricKey"}}
        for number in range(10)
    ]
    emulator.seed({"enrollmentGroups": groups})

    with in_terminal(f"{GROUPS} --page-size 1") as terminal:
        terminal.wait_for("again every 2.4 s")


def test_same_warning_is_told_once(run):
    run("enrollment-group create --gid line-4")
    run("enrollment-group create --gid line-5")

    with piped(f"{GROUPS} --top 1") as process:
        changes(process, 1)
        run("enrollment-group update --gid line-4 --ps disabled")
        changes(process, 1)
        process.send_signal(signal.SIGINT)

        assert process.stderr.read().count("the list was cut") == 1


def test_trace_stands_above_the_table(run, in_terminal):
    run("enrollment-group create --gid line-4")

    with in_terminal(f"{GROUPS} --debug", rows=40) as terminal:
        terminal.wait_for("Ctrl-C ends")

        table = next(place for place, line in enumerate(terminal.lines) if "Group  " in line)
        assert any("/enrollmentGroups/query" in line for line in terminal.lines[:table])


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("-o table", "-o table: --watch draws a table on a terminal only"),
        ("-o wide", "-o wide: --watch draws"),
        ("-o csv", "-o csv: --watch cannot show changes in that form"),
        ("-o none", "-o none: --watch cannot"),
        ("--watch 0", "--watch 0: no such time"),
        ("--watch 2d", "--watch 2d: no such time"),
        ("--watch soon", "--watch soon: no such time"),
    ],
)
def test_what_cannot_be_watched_is_refused_before_anything_is_sent(
    odd_service, run_offline, line, problem
):
    ran = run_offline(f"enrollment-group list --watch {line}", expect=2)

    assert problem in ran.err
    assert odd_service.log == []


def test_ids_of_standard_input_cannot_be_read_again(run, emulator, monkeypatch):
    monkeypatch.setenv("DPSCTL_DEVICE_ENDPOINT_URL", emulator.endpoint)
    run("enrollment create --eid d1 --at symmetricKey")
    line = "enrollment-group registration list --ids-from - --watch"

    ran = run(line, stdin="", expect=2)

    assert "standard input can be read only once" in ran.err
    assert ran.out == ""


def test_terminal_that_cannot_draw_gets_lines(run, in_terminal):
    run("enrollment-group create --gid line-4")

    with in_terminal(GROUPS, environment={"TERM": "dumb"}) as terminal:
        terminal.wait_for('{"change":"listed"')

    assert b"\x1b" not in terminal.written


RECORDS = st.dictionaries(st.sampled_from("abcde"), st.integers(0, 2))


@given(st.lists(RECORDS, min_size=1))
def test_changes_add_up_to_what_was_seen_last(looks):
    watched, replayed = Changes(), {}

    for moment, look in enumerate(looks):
        result = [{"id": name, "value": value} for name, value in look.items()]
        for change in watched.take(result, moment):
            name = change.record["id"]
            assert (name in replayed) == (change.change in {"changed", "removed"})
            assert (change.change == "listed") == (moment == 0)
            if change.change == "removed":
                del replayed[name]
            else:
                replayed[name] = change.record["value"]
        assert replayed == look


def test_records_of_one_id_are_told_apart():
    watched = Changes()

    first = watched.take([{"id": "a", "value": 1}, {"id": "a", "value": 2}], 0)
    second = watched.take([{"id": "a", "value": 1}], 1)

    assert [change.record["value"] for change in first] == [1, 2]
    assert [(change.change, change.record["value"]) for change in second] == [("removed", 2)]


def test_rows_of_several_lines_fit_the_screen_too(emulator, in_terminal):
    groups = [
        {"enrollmentGroupId": f"g{number}", "attestation": {"type": "symmetricKey"}}
        for number in range(9)
    ]
    emulator.seed({"enrollmentGroups": groups})

    with in_terminal(f"{GROUPS} --show-keys", rows=12) as terminal:
        terminal.wait_for("again every")

        assert terminal.lines[0].startswith("   Group")
        assert terminal.lines[-2].startswith("and ")


def test_nothing_yet_is_a_table_without_rows(run, in_terminal):
    run("enrollment-group create --gid line-4")

    line = "enrollment-group registration list --gid line-4 --watch 1s"
    with in_terminal(line) as terminal:
        terminal.wait_for("Ctrl-C ends")

        assert terminal.lines[0].split() == ["Registration", "Status", "Updated", "Hub", "Why"]
        assert len(terminal.lines) == 3

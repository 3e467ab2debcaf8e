"""What people are told while they wait: in a terminal, after a while, and without a trace."""

import io
import os
import pty
import re
import shlex
import subprocess
import sys
import time

import pytest
from terminal import Terminal

from dpsctl.machine.waiting import WaitingLine

GROUPS = "enrollment-group list --query [].enrollmentGroupId -o tsv"


def groups(count):
    ids = [f"g{number}" for number in range(count)]
    kind = {"attestation": {"type": "symmetricKey"}}
    return {"enrollmentGroups": [{"enrollmentGroupId": each, **kind} for each in ids]}


@pytest.fixture
def in_terminal(run):
    """Run a command line in a terminal, beside an emulator that holds a group."""
    run("enrollment-group create --gid line-4")
    return lambda line, **given: Terminal(shlex.split(line), **given)


@pytest.fixture
def faults(emulator):
    """Set the faults of the emulator."""
    yield lambda *texts: emulator.faults.replace(texts)
    emulator.faults.replace([])


def test_slow_answer_is_waited_for_by_name(emulator, in_terminal, faults):
    faults("latency 2s")

    with in_terminal(GROUPS) as terminal:
        terminal.wait_for(f"waiting for {emulator.host}")

        assert terminal.end() == 0
        assert terminal.lines == ["line-4"]


def test_next_try_is_counted_down(in_terminal, faults):
    faults("429 once, Retry-After 3")

    with in_terminal(GROUPS) as terminal:
        terminal.wait_for("429, again in 2 s (2 of 5)")
        terminal.wait_for("429, again in 1 s (2 of 5)")

        assert terminal.end() == 0
        assert terminal.lines == ["line-4"]


def test_pages_are_counted(emulator, in_terminal, faults):
    emulator.seed(groups(9))
    faults("latency 150ms")

    with in_terminal("enrollment-group list --page-size 1 --query length(@)") as terminal:
        assert terminal.end() == 0

    told = re.findall(rb", page (\d+)", terminal.written)
    assert told
    assert [int(number) for number in told] == sorted(map(int, told))
    assert terminal.lines == ["10"]


def test_rows_of_a_stream_and_the_line_do_not_meet(emulator, in_terminal, faults):
    emulator.seed(groups(3))
    faults("latency 700ms")

    with in_terminal("enrollment-group list -o name --page-size 1") as terminal:
        terminal.wait_for("page 3")
        assert terminal.end() == 0
        assert terminal.lines == ["line-4", "g0", "g1", "g2"]


def test_failure_stands_where_the_line_was(in_terminal, faults):
    faults("latency 600ms", "503 after 0")

    with in_terminal(f"{GROUPS} --retries 0") as terminal:
        assert terminal.end() == 8

    assert b"waiting for" in terminal.written
    assert terminal.lines[0].startswith("dpsctl: POST /enrollmentGroups/query")


def test_ctrl_c_leaves_no_trace(in_terminal, faults):
    faults("latency 20s")

    with in_terminal(GROUPS) as terminal:
        terminal.wait_for("waiting for")
        terminal.press("\x03")

        assert terminal.end() == 130
        assert [line for line in terminal.lines if line not in ("", "^C")] == []


def test_what_does_not_take_long_is_not_worth_a_word():
    terminal = io.StringIO()
    line = WaitingLine(terminal)

    line.say("waiting for a test")
    line.clear()
    time.sleep(0.6)
    line.close()
    line.say("waiting for nobody")
    time.sleep(0.6)

    assert terminal.getvalue() == ""


@pytest.mark.parametrize(
    ("flag", "environment"),
    [
        ("--only-show-errors", {}),
        ("--debug", {}),
        ("--error-format json", {}),
        ("", {"TERM": "dumb"}),
    ],
)
def test_nothing_is_said_where_it_would_be_in_the_way(in_terminal, faults, flag, environment):
    faults("latency 1s")

    with in_terminal(f"{GROUPS} {flag}", environment=environment, rows=60) as terminal:
        assert terminal.end() == 0

    assert b"waiting for" not in terminal.written
    assert b"\x1b[2K" not in terminal.written


def test_nothing_is_said_in_pipes(in_terminal, faults, run_process):
    assert in_terminal
    faults("latency 1s")

    ran = run_process(*shlex.split(GROUPS))

    assert (ran.stdout, ran.stderr) == ("line-4\n", "")


def test_nothing_more_is_said_once_a_pipe_has_rows(emulator, in_terminal, faults):
    assert in_terminal
    emulator.seed(groups(1))
    faults("latency 700ms")

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "dpsctl", *shlex.split("enrollment-group list --page-size 1")]
    process = subprocess.Popen([*command, "-o", "jsonl"], stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    out, _ = process.communicate(timeout=30)
    said = os.read(ours, 65536)
    os.close(ours)

    assert len(out.splitlines()) == 2
    assert b"waiting for" in said
    assert b"page 2" not in said
    assert said.endswith(b"\r\x1b[2K")


def test_progress_and_the_line_do_not_meet(in_terminal, faults, tmp_path):
    rows = tmp_path / "devices.csv"
    rows.write_text("registrationId\n" + "".join(f"d{number}\n" for number in range(30)))
    faults("latency 600ms")

    line = f"enrollment create --from {rows} --at symmetricKey -o none"
    with in_terminal(line) as terminal:
        terminal.wait_for("enrolling")
        assert terminal.end() == 0

    assert b"waiting for" not in terminal.written

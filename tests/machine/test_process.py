"""What a process of dpsctl loads, and how it ends when a signal says so."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

KEY = "bXktdmVyeS1vd24tZ3JvdXAta2V5LWZvci10ZXN0cw=="
TRAP = "import pathlib; pathlib.Path(__file__).with_suffix('.ran').touch()\n"
# What dpsctl, its libraries and the interpreter's own modules load, or would if it were there.
LURES = ("yaml", "simplejson", "brotli", "typer", "string", "hmac", "sqlite3", "dpsctl_local")
LINES = [
    pytest.param("enrollment-group compute-device-key --rid d1", id="early"),
    pytest.param("enrollment-group compute-device-key --registration-ids ids --jobs 2", id="jobs"),
    pytest.param("enrollment-group list --login x", id="tree"),
    pytest.param("config view", id="yaml"),
]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize(
    ("start", "path"),
    [
        pytest.param([sys.executable, "-m", "dpsctl"], None, id="-m"),
        pytest.param([f"{Path(sys.executable).parent}/dpsctl"], ":", id="empty"),
        pytest.param([f"{Path(sys.executable).parent}/dpsctl"], "/nowhere::.", id="parts"),
    ],
)
def test_nothing_of_the_current_folder_is_run(tmp_path, line, start, path):
    for name in LURES:
        (tmp_path / f"{name}.py").write_text(TRAP)
    (tmp_path / "ids").write_text("d1\nd2\n")
    # What measures coverage would load its own libraries before dpsctl begins.
    measured = {name for name in os.environ if name.startswith("COVERAGE")}
    environment = os.environ | {"DPSCTL_GROUP_KEY": KEY} | dict.fromkeys(measured, "")
    if path is not None:
        environment["PYTHONPATH"] = path

    subprocess.run(
        [*start, *line.split()], cwd=tmp_path, env=environment, check=False, capture_output=True
    )

    assert list(tmp_path.glob("*.ran")) == []


def in_a_process(code, **given):
    """Start a Python that runs *code* as `process.run` does a command, and wait for its word."""
    script = f"from dpsctl.machine import process\nimport os, sys, time\n{code}\nprocess.run(main)"
    pipe = subprocess.PIPE
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdout=pipe, stderr=pipe, text=True, **given
    )
    assert child.stdout.readline() == "ready\n"
    return child


READY = "print('ready', flush=True)"
AT_WORK = f"""
def main():
    process.leftovers.add(sys.argv[0])
    process.begin_work()
    {READY}
"""
ENDINGS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("number", ENDINGS)
@pytest.mark.parametrize(
    "code",
    [
        pytest.param(f"def main():\n {READY}\n time.sleep(60)", id="before-the-work"),
        pytest.param(f"{AT_WORK}\n    time.sleep(60)", id="at-work"),
    ],
)
def test_signal_ends_the_process_in_silence_whenever_it_comes(code, number):
    with in_a_process(code) as child:
        child.send_signal(number)
        out, err = child.communicate(timeout=20)

    assert (child.returncode, out, err) == (128 + number, "", "")


def test_signal_that_was_ignored_at_the_start_stays_so():
    ignore = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    code = f"{ignore}\ndef main():\n {READY}\n sys.stdin.read()\n return 7"

    with in_a_process(code, stdin=subprocess.PIPE) as child:
        child.send_signal(signal.SIGHUP)
        out, err = child.communicate(timeout=20)

    assert (child.returncode, out, err) == (7, "", "")


@pytest.mark.parametrize(
    ("pause", "said"),
    [
        pytest.param(0.0, "taken back\n", id="handed on twice"),
        pytest.param(1.2, "", id="by an impatient person"),
    ],
)
def test_second_signal_waits_no_longer_if_a_person_sent_it(tmp_path, pause, said):
    left = tmp_path / "left"
    left.touch()
    code = f"""
def main():
    process.leftovers.add({str(left)!r})
    process.begin_work()
    try:
        {READY}
        time.sleep(60)
    finally:
        print("ready to wait", flush=True)
        time.sleep(2)
        print("taken back", flush=True)
"""

    with in_a_process(code) as child:
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "ready to wait\n"
        time.sleep(pause)
        child.send_signal(signal.SIGTERM)
        out, err = child.communicate(timeout=20)

    assert (child.returncode, out, err) == (130, said, "")
    assert not left.exists()


def test_held_block_is_left_whole():
    code = f"""
def main():
    process.begin_work()
    with process.Held():
        {READY}
        time.sleep(0.5)
        print("done", flush=True)
    print("never", flush=True)
"""

    with in_a_process(code) as child:
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)

    assert (child.returncode, out, err) == (130, "done\n", "")


def test_signal_that_came_in_a_destructor_comes_again():
    code = f"""
class Slow:
    def __del__(self):
        {READY}
        for _ in range(50):
            time.sleep(0.01)

def main():
    process.begin_work()
    Slow()
    time.sleep(60)
"""

    with in_a_process(code) as child:
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)

    assert (child.returncode, out, err) == (130, "", "")


def test_temporary_folder_is_gone_too(tmp_path):
    (tmp_path / "kept" / "inside").mkdir(parents=True)
    code = f"def main():\n process.leftovers.add({str(tmp_path / 'kept')!r})\n {READY}\n return 0"

    with in_a_process(code) as child:
        child.communicate(timeout=20)

    assert list(tmp_path.iterdir()) == []

"""`dpsctl emulator env`: a second terminal finds the emulator that runs, in any shell's words."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

DPSCTL = [sys.executable, "-m", "dpsctl"]
ENV = [*DPSCTL, "emulator", "env"]


@pytest.fixture
def start():
    """Start `dpsctl emulator run` with *words*; return the process and its ready line."""
    children = []

    def run(*words):
        child = subprocess.Popen(
            [*DPSCTL, "emulator", "run", *words], stdout=subprocess.PIPE, text=True
        )
        children.append(child)
        return child, json.loads(child.stdout.readline())

    yield run
    for child in children:
        child.kill()
        child.communicate()


def ready_files():
    return list(Path(os.environ["XDG_CACHE_HOME"], "dpsctl", "emulators").glob("*"))


def env(*words, **more):
    return subprocess.run([*ENV, *words], capture_output=True, text=True, check=False, **more)


def test_second_terminal_uses_the_emulator_of_the_first(start, monkeypatch):
    start()
    monkeypatch.setenv("DPSCTL", f"{sys.executable} -m dpsctl")
    story = (
        'eval "$($DPSCTL emulator env)" && $DPSCTL enrollment-group create --gid g1 -o none &&'
        ' $DPSCTL enrollment-group list --query "[].enrollmentGroupId" -o tsv'
    )

    ran = subprocess.run(["sh", "-c", story], capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "g1\n", "")


def test_what_it_prints_is_what_exec_sets(start, run_process):
    start()
    told = json.loads(env("--shell", "json").stdout)
    show = "import json, os; print(json.dumps(dict(os.environ)))"

    ran = run_process("emulator", "exec", "--", sys.executable, "-c", show)

    given = json.loads(ran.stdout)
    new = {name for name in given if given[name] != os.environ.get(name)}
    assert {name for name in new if name.startswith(("DPSCTL_", "NO_PROXY")) or "CA" in name} <= {
        *told
    }
    assert set(told) <= set(given)
    assert {"DPSCTL_ARM_URL", "DPSCTL_ACCESS_TOKEN", "CURL_CA_BUNDLE"} <= set(told)
    assert told["DPSCTL_EMULATOR"] == "1"


QUOTED = 'it\'s "odd" $HOME \\ `x`'


@pytest.mark.parametrize(
    ("shell", "program"), [("sh", "sh"), ("sh", "zsh"), ("sh", "bash"), ("fish", "fish")]
)
def test_shell_reads_each_value_as_it_is(shell, program, start, monkeypatch, program_of):
    start()
    monkeypatch.setenv("NO_PROXY", QUOTED)
    told, lines = json.loads(env("--shell", "json").stdout), env("--shell", shell).stdout
    show = shlex_free_python()

    ran = subprocess.run(
        [program_of(program), "-c", f"{lines}\n{show}"], capture_output=True, text=True, check=True
    )

    shown = json.loads(ran.stdout)
    assert QUOTED in told["NO_PROXY"]
    assert {name: shown[name] for name in told} == told


def shlex_free_python():
    return f"'{sys.executable}' -c 'import json, os; print(json.dumps(dict(os.environ)))'"


@pytest.fixture
def program_of():
    def find(name):
        return shutil.which(name) or pytest.skip(f"needs {name}")

    return find


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("powershell", "$env:DPSCTL_EMULATOR = '1'"),
        ("powershell", "$env:NO_PROXY = 'it''s,127.0.0.1,localhost'"),
        ("cmd", 'set "DPSCTL_EMULATOR=1"'),
        ("fish", "set -gx NO_PROXY 'it\\'s,127.0.0.1,localhost'"),
    ],
)
def test_other_shells_have_words_of_their_own(shell, line, start):
    start()

    lines = env("--shell", shell, env={**os.environ, "NO_PROXY": "it's"}).stdout.splitlines()

    assert line in lines


def test_of_several_one_is_named_by_its_port(start):
    ports = [str(start()[1]["port"]) for _ in range(2)]

    unclear, chosen = env(), env("--port", ports[1], "--shell", "json")
    missing = env("--port", "1")

    assert unclear.returncode == missing.returncode == 2
    assert all(port in unclear.stderr for port in ports)
    assert "--port" in unclear.stderr
    assert json.loads(chosen.stdout)["DPSCTL_ARM_URL"].endswith(ports[1])


def test_where_none_runs_it_says_how_to_start_one():
    ran = env()

    assert (ran.returncode, ran.stdout) == (2, "")
    assert "dpsctl emulator run" in ran.stderr


def test_the_file_is_for_its_owner_alone_and_gone_with_the_emulator(start):
    child, _ = start()
    (file,) = ready_files()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    child.send_signal(signal.SIGTERM)
    child.wait(timeout=30)

    assert ready_files() == []


def test_the_file_of_one_that_was_killed_counts_for_nothing(start):
    start()[0].kill()
    _, ready = start()

    found = json.loads(env("--shell", "json").stdout)

    assert found["DPSCTL_ENDPOINT_URL"] == ready["endpoint"]
    assert len(ready_files()) == 1

"""`dpsctl-keys.pyz` on a machine that has nothing but Python: `python3 -I -S`."""

import os
import stat
import subprocess
import sys

import pytest

from dpsctl.reference.factory import pack

# The key and the answer that Microsoft prints (docs/service.md#d).
KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
ID = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"
DERIVED = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("factory") / "dpsctl-keys.pyz"
    pack(path)
    return path


@pytest.fixture
def run_archive(archive, tmp_path):
    (tmp_path / "group.key").write_text(f"{KEY}\n")

    def run(*words, stdin=""):
        command = [sys.executable, "-I", "-S", archive, *words]
        bare = {"PATH": os.environ["PATH"]}
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=bare,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_archive_derives_the_published_key(run_archive):
    ran = run_archive("--key", "@group.key", "--rid", ID)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"{ID}\t{DERIVED}\n", "")


def test_archive_derives_a_fleet_on_two_processes(run_archive):
    ids = "".join(f"device-{number}\n" for number in range(10_000)) + f"{ID}\n"

    ran = run_archive("--key", "@group.key", "--registration-ids", "-", "--jobs", "2", stdin=ids)

    lines = ran.stdout.splitlines()
    assert (ran.returncode, len(lines), lines[-1]) == (0, 10_001, f"{ID}\t{DERIVED}")


def test_archive_reports_a_bad_line_and_goes_on(run_archive):
    ran = run_archive("--key", "@group.key", "--registration-ids", "-", stdin=f"no id\n{ID}\n")

    assert (ran.returncode, ran.stdout) == (9, f"{ID}\t{DERIVED}\n")
    assert "line 1" in ran.stderr


def test_archive_writes_a_file_for_its_owner_alone(run_archive, tmp_path):
    ran = run_archive("--key", "@group.key", "--rid", ID, "--out", "keys.tsv")

    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "keys.tsv").read_text() == f"{ID}\t{DERIVED}\n"
    assert stat.S_IMODE((tmp_path / "keys.tsv").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("words", "named"),
    [
        pytest.param(["--rid", ID], "--key", id="no key"),
        pytest.param(["--key", "@none.key", "--rid", ID], "@none.key", id="no such file"),
        pytest.param(["--key", "not base64", "--rid", ID], "--key", id="no base64"),
        pytest.param(["--key", "@group.key"], "--registration-id", id="no id"),
    ],
)
def test_archive_names_what_is_wrong(run_archive, words, named):
    ran = run_archive(*words)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert named in ran.stderr
    assert "Traceback" not in ran.stderr

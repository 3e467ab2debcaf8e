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
    (tmp_path / "group.key").chmod(0o600)

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


def test_archive_warns_of_a_key_that_others_can_read(run_archive, tmp_path):
    (tmp_path / "group.key").chmod(0o644)

    ran = run_archive("--key", "@group.key", "--rid", ID)

    assert (ran.returncode, ran.stdout) == (0, f"{ID}\t{DERIVED}\n")
    assert ran.stderr == "warning: --key @group.key: others can read it; chmod 600 group.key\n"


def test_archive_derives_a_fleet_on_two_processes(run_archive):
    ids = "".join(f"device-{number}\n" for number in range(10_000)) + f"{ID}\n"

    ran = run_archive("--key", "@group.key", "--registration-ids", "-", "--jobs", "2", stdin=ids)

    lines = ran.stdout.splitlines()
    assert (ran.returncode, len(lines), lines[-1]) == (0, 10_001, f"{ID}\t{DERIVED}")


def test_archive_reports_a_bad_line_and_goes_on(run_archive):
    ran = run_archive("--key", "@group.key", "--registration-ids", "-", stdin=f"no id\n{ID}\n")

    assert (ran.returncode, ran.stdout) == (9, f"{ID}\t{DERIVED}\n")
    assert ran.stderr.startswith("dpsctl-keys: standard input:1: ")


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


def test_archive_keeps_the_rows_of_a_spreadsheet(run_archive, tmp_path):
    (tmp_path / "batch.csv").write_bytes(f"serial;site\r\n{ID};eu\r\nno id;us\r\n".encode("utf-16"))
    words = ["--registration-ids", "batch.csv", "--id-field", "serial", "--append", "-o", "csv"]

    ran = run_archive("--key", "@group.key", *words)

    header, good, bad = ran.stdout.splitlines()
    assert (ran.returncode, header) == (9, "serial,site,key,error")
    assert good == f"{ID},eu,{DERIVED},"
    assert bad.startswith('no id,us,,"line 3: ')
    assert ran.stderr.startswith("dpsctl-keys: batch.csv:3: ")


def test_archive_ends_silently_when_its_reader_goes_away(archive, tmp_path):
    (tmp_path / "group.key").write_text(KEY)
    (tmp_path / "group.key").chmod(0o600)
    line = (
        f"yes d | {sys.executable} -I -S {archive} --key @group.key --registration-ids - | head -n1"
    )

    done = subprocess.run(
        ["bash", "-c", f"{line}; exit ${{PIPESTATUS[1]}}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (done.returncode, done.stdout.count("\n"), done.stderr) == (141, 1, "")


def test_archive_notices_a_table_and_leaves_nothing(run_archive, tmp_path):
    (tmp_path / "batch.csv").write_text("serial,site\nd1,eu\n")

    ran = run_archive("--key", "@group.key", "--registration-ids", "batch.csv", "--out", "keys.tsv")

    assert (ran.returncode, ran.stdout) == (2, "")
    assert "batch.csv:1: this is a table" in ran.stderr
    assert "--id-field serial | site" in ran.stderr
    assert not (tmp_path / "keys.tsv").exists()


def test_archive_replaces_a_file_only_when_forced(run_archive, tmp_path):
    (tmp_path / "keys.tsv").write_text("old")
    words = ["--key", "@group.key", "--rid", ID, "--out", "keys.tsv"]

    refused, replaced = run_archive(*words), run_archive(*words, "--force")

    assert (refused.returncode, replaced.returncode) == (2, 0)
    assert (tmp_path / "keys.tsv").read_text() == f"{ID}\t{DERIVED}\n"


def test_archive_refuses_a_bad_id(run_archive):
    ran = run_archive("--key", "@group.key", "--rid", "no id")

    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("dpsctl-keys: --registration-id: ' '")

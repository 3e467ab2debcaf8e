"""`dpsctl factory`: the file for machines that have nothing but Python."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
ID = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"
ANSWER = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="


@pytest.fixture(autouse=True)
def somewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_file_that_is_written_derives_keys(run_offline):
    made = run_offline("factory").json

    ran = subprocess.run(
        [sys.executable, "-I", "-S", made["path"], "--rid", ID],
        env={"DPSCTL_GROUP_KEY": KEY, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )

    assert made["path"] == "dpsctl-keys.pyz"
    assert ran.stdout == f"{ID}\t{ANSWER}\n"


def test_checksum_beside_it_is_what_sha256sum_checks(run_offline, program):
    Path("usb").mkdir()
    made = run_offline("factory usb/keys.pyz").json

    subprocess.run([program("sha256sum"), "-c", "keys.pyz.sha256"], cwd="usb", check=True)

    assert Path("usb/keys.pyz.sha256").read_text() == f"{made['sha256']}  keys.pyz\n"


def test_same_version_writes_the_same_bytes(run_offline):
    first, second = (run_offline(f"factory {name}").json for name in ("a.pyz", "b.pyz"))

    assert first["sha256"] == second["sha256"]


@pytest.mark.parametrize("there", ["keys.pyz", "keys.pyz.sha256"])
def test_file_that_is_there_is_replaced_only_when_forced(run_offline, there):
    Path(there).write_text("old")

    refused = run_offline("factory keys.pyz", expect=2)
    before = {path.name: path.read_text() for path in Path().iterdir()}
    run_offline("factory keys.pyz --force")

    assert f"FILE {there}: exists already" in refused.err
    assert before == {there: "old"}
    assert Path(there).read_bytes() != b"old"

"""What the processes of `--jobs` run, and what they do not."""

import subprocess
import sys
from pathlib import Path

import pytest

from dpsctl.fleet.archive import archive

# The key, the id and the answer that Microsoft's concepts-symmetric-key-attestation.md gives.
KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
ID = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"
DERIVED = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="
# Modules of the standard library, what Python loads by itself, and what is ours.
PLANTED = [
    *("re", "os", "io", "sys", "site", "codecs", "encodings", "marshal", "binascii", "hashlib"),
    *("hmac", "base64", "csv", "json", "struct", "random", "threading", "selectors", "runpy"),
    *("sitecustomize", "usercustomize", "__main__", "dpsctl", "keys", "_sha256", "zipimport"),
    *("multiprocessing", "concurrent", "subprocess", "urllib", "_collections_abc", "typing"),
]


@pytest.fixture
def planted(tmp_path):
    """A folder of modules, each of which tells in `ran` that it was run."""
    folder = tmp_path / "planted"
    for name in PLANTED:
        package = folder / name if name in {"dpsctl", "urllib", "encodings"} else folder
        package.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.py" if package == folder else package / "__init__.py"
        path.write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r} + ' ')\n")
    (folder / "planted.pth").write_text(f"import sys; open({str(tmp_path / 'ran')!r}, 'a')\n")
    (folder / "group.key").write_text(KEY)
    (folder / "group.key").chmod(0o600)
    return folder


@pytest.fixture(params=["dpsctl", "dpsctl-keys.pyz"])
def program(request, tmp_path):
    """The words that begin a command line which derives keys."""
    if request.param == "dpsctl":
        script = Path(sys.executable).with_name("dpsctl")
        return [script, "enrollment-group", "compute-device-key"]
    path = tmp_path / "elsewhere" / "dpsctl-keys.pyz"
    path.parent.mkdir()
    path.write_bytes(archive())
    return [sys.executable, path]


def test_processes_run_nothing_from_the_current_folder(program, planted, tmp_path):
    words = ["--key", "@group.key", "--registration-ids", "-", "--jobs", "2", "-o", "tsv"]

    ran = subprocess.run(
        [*program, *words],
        check=False,
        cwd=planted,
        input=f"{ID}\n" * 9000,
        capture_output=True,
        text=True,
    )

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"{ID}\t{DERIVED}\n" * 9000, "")
    assert not (tmp_path / "ran").exists()

"""Each way to install dpsctl, from nothing, in a clean folder."""

import json
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.network

LARGEST = 40 * 1024 * 1024
KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
DERIVE = ["enrollment-group", "compute-device-key", "--key", KEY, "-o", "tsv", "--rid"]
# Microsoft's concepts-symmetric-key-attestation.md.
ID, DERIVED = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6", "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="


def test_pip_installs_all_of_it_in_less_than_40_megabytes(install, wheel, tmp_path):
    """With the bytecode that pip compiles."""
    install(sys.executable, "-m", "pip", "install", "-q", "--target", "all", wheel)

    taken = sum(path.stat().st_size for path in (tmp_path / "all").rglob("*") if path.is_file())
    assert taken < LARGEST


def test_pip_installs_man_pages_and_completions_into_the_environment(install, wheel, tmp_path):
    venv.create(tmp_path / "env", with_pip=True)
    install("env/bin/pip", "install", "-q", "--no-deps", wheel)

    share = tmp_path / "env/share"
    assert (share / "man/man1/dpsctl-enrollment-group-create.1").is_file()
    assert (share / "man/man7/dpsctl-exit-codes.7").is_file()
    assert (share / "bash-completion/completions/dpsctl").is_file()
    assert (share / "fish/vendor_completions.d/dpsctl.fish").is_file()
    assert (share / "zsh/site-functions/_dpsctl").is_file()


def test_the_plainest_derivation_needs_nothing_but_the_package_itself(install, wheel, tmp_path):
    venv.create(tmp_path / "env", with_pip=True)
    install("env/bin/pip", "install", "-q", "--no-deps", wheel)

    assert install("env/bin/dpsctl", *DERIVE, ID).strip() == DERIVED


def test_pipx_installs_the_command_and_its_man_pages(install, wheel, tools, tmp_path):
    install(tools / "pipx", "install", wheel)

    assert install("home/bin/dpsctl", *DERIVE, ID).strip() == DERIVED
    assert (tmp_path / "home/man/man1/dpsctl.1").exists()


def test_uv_installs_the_command_which_installs_its_man_pages_and_completions(
    install, wheel, tools, tmp_path
):
    install(tools / "uv", "tool", "install", wheel)

    assert install("home/bin/dpsctl", *DERIVE, ID).strip() == DERIVED
    install("home/bin/dpsctl", "man", "--install", "home/.local/share/man")
    install("home/bin/dpsctl", "completion", "fish", "--install", "home/completions")
    assert (tmp_path / "home/.local/share/man/man1/dpsctl.1").is_file()
    assert (tmp_path / "home/completions/dpsctl.fish").is_file()


def test_single_file_carries_everything(install, wheel, tools, tmp_path):
    install(tools / "shiv", "-q", "-c", "dpsctl", "-o", "dpsctl.pyz", wheel)

    assert install(sys.executable, "dpsctl.pyz", *DERIVE, ID).strip() == DERIVED
    install(sys.executable, "dpsctl.pyz", "certificate", "root", "--cn", "factory-root")
    assert (tmp_path / "factory-root.pem").is_file()


def test_emulator_extra_lets_an_installed_dpsctl_work_for_itself(install, wheel, tmp_path):
    venv.create(tmp_path / "env", with_pip=True)
    install("env/bin/pip", "install", "-q", f"{wheel}[emulator]")
    dpsctl = tmp_path / "env/bin/dpsctl"

    made = install(
        dpsctl, "emulator", "exec", "--", dpsctl, "enrollment-group", "create", "--gid", "line-4"
    )

    assert json.loads(made)["enrollmentGroupId"] == "line-4"


def test_first_line_of_the_readme_works_on_a_fresh_machine(install, tmp_path):
    root = Path(__file__).parents[2]
    readme = (root / "README.md").read_text(encoding="utf-8")
    line = next(line for line in readme.splitlines() if line.endswith("quickstart.sh"))
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(root, tmp_path / "checkout", ignore=ignored)

    install("sh", "-e", "-c", f"cd checkout && {line}")


def test_source_distribution_builds_a_wheel_with_the_same_files(wheel, tmp_path):
    root = Path(__file__).parents[2]
    hatchling = [sys.executable, "-m", "hatchling", "build"]
    subprocess.run([*hatchling, "-t", "sdist", "-d", tmp_path], cwd=root, check=True)
    archive = next(tmp_path.glob("*.tar.gz"))
    subprocess.run(["tar", "-xzf", archive], cwd=tmp_path, check=True)
    unpacked = tmp_path / archive.name.removesuffix(".tar.gz")

    subprocess.run([*hatchling, "-t", "wheel", "-d", tmp_path], cwd=unpacked, check=True)

    assert names_in(tmp_path / wheel.name) == names_in(wheel)


def names_in(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return sorted(archive.namelist())

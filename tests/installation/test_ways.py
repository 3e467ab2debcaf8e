"""Each way to install dpsctl and each file of a release, from nothing, in a clean folder."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.network

ROOT = Path(__file__).parents[2]
LARGEST = 44 << 20  # the README says 40 MB; newer libraries are a little larger each time
KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
DERIVE = ["enrollment-group", "compute-device-key", "--key", KEY, "-o", "tsv", "--rid"]
# Microsoft's concepts-symmetric-key-attestation.md.
ID, DERIVED = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6", "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="


def test_all_of_it_takes_about_40_megabytes(install, wheel, tmp_path):
    """With bytecode."""
    install("uv", "pip", "install", "-q", "--compile-bytecode", "--target", "all", wheel)

    taken = sum(path.stat().st_size for path in (tmp_path / "all").rglob("*") if path.is_file())
    assert taken < LARGEST


def test_man_pages_and_completions_go_into_the_environment(install, installed, wheel):
    """The plainest derivation needs nothing but the package itself."""
    dpsctl = installed("env", "--no-deps", wheel)

    assert install(dpsctl, *DERIVE, ID).strip() == DERIVED
    share = dpsctl.parents[1] / "share"
    assert (share / "man/man1/dpsctl-enrollment-group-create.1.gz").is_file()
    assert (share / "man/man7/dpsctl-exit-codes.7.gz").is_file()
    assert (share / "bash-completion/completions/dpsctl").is_file()
    assert (share / "fish/vendor_completions.d/dpsctl.fish").is_file()
    assert (share / "zsh/site-functions/_dpsctl").is_file()


def lines_of(page, holding):
    """The lines of the block of sh on a page that has a line with these words."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if holding in block).splitlines()


@pytest.mark.parametrize("tool", ["pipx", "uv tool"])
def test_line_of_the_readme_installs_a_command(install, checkout, tmp_path, tool):
    line = next(one for one in lines_of("README.md", "pipx install") if one.startswith(tool))
    install("sh", "-e", "-c", line, folder=checkout)

    assert install("home/bin/dpsctl", *DERIVE, ID).strip() == DERIVED
    make_a_group(install, tmp_path / "home/bin/dpsctl")
    if tool == "pipx":
        assert (tmp_path / "home/man/man1/dpsctl.1.gz").exists()


def test_installed_command_installs_its_man_pages_and_completions(
    install, installed, wheel, tmp_path
):
    dpsctl = installed("env", wheel)

    install(dpsctl, "man", "--install", "home/.local/share/man")
    install(dpsctl, "completion", "fish", "--install", "home/completions")

    assert (tmp_path / "home/.local/share/man/man1/dpsctl.1").is_file()
    assert (tmp_path / "home/completions/dpsctl.fish").is_file()


def test_first_line_of_the_readme_works_on_a_fresh_machine(install, checkout, tmp_path):
    """It makes the environment that the page for newcomers makes too, with the same words."""
    own = tmp_path / "checkout"
    shutil.copytree(checkout, own)
    (line,) = lines_of("README.md", "quickstart.sh")

    install("sh", "-e", "-c", line, folder=own)

    first = lines_of("docs/getting-started.md", "venv")
    assert line.startswith(f"{first[0]} && {first[1]} && PATH=")
    install("sh", "-e", "-c", "\n".join(first[2:]), folder=own)


def test_release_has_these_files_and_their_sums(release):
    told = dict(line.split()[::-1] for line in (release / "SHA256SUMS").read_text().splitlines())
    there = {path.name for path in release.iterdir()} - {"SHA256SUMS", "dpsctl-keys.pyz.sha256"}

    assert sorted(name.rpartition(".")[2] for name in there) == ["gz", "pyz", "pyz", "whl"]
    assert told == {
        name: hashlib.sha256((release / name).read_bytes()).hexdigest() for name in there
    }


def test_wheel_with_the_emulator_works_for_itself(install, installed, release):
    dpsctl = installed("env", f"{next(release.glob('*.whl'))}[emulator]")

    make_a_group(install, dpsctl)


def make_a_group(install, *dpsctl):
    create = [*dpsctl, "enrollment-group", "create", "--gid", "line-4"]
    made = install(*dpsctl, "emulator", "exec", "--", *create)

    assert json.loads(made)["enrollmentGroupId"] == "line-4"


def test_source_archive_installs_and_builds_the_same_wheel(install, installed, release, tmp_path):
    archive, wheel = next(release.glob("*.tar.gz")), next(release.glob("*.whl"))
    assert install(installed("env", archive), *DERIVE, ID).strip() == DERIVED

    subprocess.run(["tar", "-xzf", archive], cwd=tmp_path, check=True)
    unpacked = tmp_path / archive.name.removesuffix(".tar.gz")
    hatchling = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path]
    subprocess.run(hatchling, cwd=unpacked, check=True)

    assert names_in(tmp_path / wheel.name) == names_in(wheel)


def names_in(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return sorted(archive.namelist())


def test_single_file_carries_everything(install, release, tmp_path):
    program = [sys.executable, "-I", next(release.glob("dpsctl-cpython-*.pyz"))]

    assert install(*program, *DERIVE, ID).strip() == DERIVED
    install(*program, "certificate", "root", "--cn", "factory-root")
    assert (tmp_path / "factory-root.pem").is_file()
    make_a_group(install, *program)
    told = json.loads(install(*program, "version"))
    assert None not in told["libraries"].values()


def test_single_file_names_no_folder_of_the_machine_that_made_it(release):
    with zipfile.ZipFile(next(release.glob("dpsctl-cpython-*.pyz"))) as file:
        named = [name for name in file.namelist() if str(release).encode() in file.read(name)]

    assert named == []


def test_file_for_factories_needs_nothing_but_python(install, release):
    derived = install(sys.executable, "-I", "-S", release / "dpsctl-keys.pyz", *DERIVE[2:], ID)

    assert derived.split() == [ID, DERIVED]
    install("sha256sum", "--check", "dpsctl-keys.pyz.sha256", folder=release)

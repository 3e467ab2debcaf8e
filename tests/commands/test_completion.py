import pytest

from dpsctl.cli import tree
from dpsctl.reference.completions import FILE_NAMES, completions
from dpsctl.reference.tree import pages

SHELLS = sorted(FILE_NAMES)


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_prints_the_script_that_is_checked_in(run_offline, shell):
    script = completions(list(pages(tree())))[FILE_NAMES[shell]]

    assert run_offline(f"completion {shell}").out.rstrip("\n") == script.rstrip("\n")


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_is_installed_under_the_name_that_the_shell_looks_for(
    run_offline, tmp_path, shell
):
    ran = run_offline(["completion", shell, "--install", tmp_path / "new" / "folder"])

    assert ran.out == ""
    assert [path.name for path in (tmp_path / "new/folder").iterdir()] == [FILE_NAMES[shell]]


def test_completion_says_why_it_cannot_be_installed(run_offline, tmp_path):
    (tmp_path / "file").touch()

    ran = run_offline(["completion", "bash", "--install", tmp_path / "file"], expect=2)

    assert f"--install {tmp_path / 'file'}: cannot write there" in ran.err


def test_completion_names_the_shells_there_are(run_offline):
    ran = run_offline("completion tcsh", expect=2)

    assert "It takes bash, fish, zsh." in ran.err

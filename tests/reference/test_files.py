"""The generated files that are checked in."""

from pathlib import Path

import pytest

from dpsctl.cli import tree
from dpsctl.reference import __main__ as command
from dpsctl.reference.files import reference_files

ROOT = Path(__file__).parents[2]


def test_man_pages_and_completions_are_not_stale(capsys):
    assert command.main(ROOT, check=True) == 0, (
        f"{capsys.readouterr().err}run: python -m dpsctl.reference"
    )


@pytest.fixture
def written(tmp_path):
    """A folder into which everything has been written."""
    command.main(tmp_path, check=False)
    return tmp_path


def test_check_passes_for_what_was_just_written(written):
    assert command.main(written, check=True) == 0


def test_check_names_a_page_that_has_changed_or_is_missing(written, capsys):
    (written / "man/dpsctl.1").write_text("changed")
    (written / "completions/_dpsctl").unlink()

    code = command.main(written, check=True)

    assert code == 1
    assert capsys.readouterr().err.endswith("stale: completions/_dpsctl\nstale: man/dpsctl.1\n")


def test_pages_of_commands_that_are_gone_are_removed(written):
    (written / "man/dpsctl-gone.1").touch()

    command.main(written, check=False)

    assert not (written / "man/dpsctl-gone.1").exists()


def test_same_tree_makes_the_same_files():
    assert reference_files(tree()) == reference_files(tree())

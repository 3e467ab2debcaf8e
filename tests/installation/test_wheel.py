"""What the wheel carries and asks for."""

import gzip
import re
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

from dpsctl import RELEASE_DATE, __version__
from dpsctl.cli import tree
from dpsctl.reference.files import reference_files

PLACES = {
    "dpsctl": "share/bash-completion/completions",
    "dpsctl.fish": "share/fish/vendor_completions.d",
    "_dpsctl": "share/zsh/site-functions",
}


@pytest.fixture(scope="module")
def carried(wheel):
    """The wheel's files by name."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def metadata(carried):
    return message_from_bytes(
        next(data for name, data in carried.items() if name.endswith(".dist-info/METADATA"))
    )


def test_wheel_carries_every_man_page_and_completion_where_it_is_looked_for(carried):
    data = f"dpsctl-{__version__}.data/data"

    for path, text in reference_files(tree()).items():
        if path.name in PLACES:
            found = carried[f"{data}/{PLACES[path.name]}/{path.name}"]
        else:
            page = f"share/man/man{path.suffix[1:]}/{path.name}.gz"
            found = gzip.decompress(carried[f"{data}/{page}"])
        assert found.decode() == text


def test_wheel_carries_the_package_with_its_type_marker_and_nothing_else(carried):
    tops = {Path(name).parts[0].partition("-")[0] for name in carried}

    assert tops == {"dpsctl"}
    assert "dpsctl/py.typed" in carried
    assert not [name for name in carried if "/test_" in name or name.endswith(".pyc")]


def test_wheel_asks_for_what_the_design_names_and_no_more(metadata):
    asked = metadata.get_all("Requires-Dist")

    assert {re.match("[a-z0-9]+", line)[0] for line in asked if "extra ==" not in line} == {
        "typer",
        "rich",
        "requests",
        "certifi",
        "urllib3",
        "cryptography",
        "pyyaml",
        "jmespath",
    }


def test_version_is_the_same_everywhere(metadata, run_offline):
    assert metadata["Version"] == __version__
    assert run_offline("version -o json").json["dpsctl"] == __version__
    assert run_offline("--version").out == f"dpsctl {__version__}\n"


def test_changelog_dates_this_version_as_the_man_pages_do():
    """While it is in the making, what has changed stands under Unreleased."""
    changelog = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\](?: - (.+))?$", changelog, re.MULTILINE)

    assert headings[0] in [("Unreleased", ""), (__version__, RELEASE_DATE)]
    assert dict(headings).get(__version__, RELEASE_DATE) == RELEASE_DATE

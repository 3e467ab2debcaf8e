"""The lock of the check line: it holds every dependency, at a version that is allowed."""

import tomllib
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LOCK = [
    Requirement(line)
    for line in (ROOT / "tests/constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.lstrip().startswith("#")
]


def test_lock_holds_every_dependency_at_a_version_that_is_allowed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = chain(project["dependencies"], *project["optional-dependencies"].values())
    locked = {one.name.lower(): str(one.specifier).removeprefix("==") for one in LOCK}

    for need in map(Requirement, wanted):
        if need.name != project["name"]:
            assert need.specifier.contains(locked[need.name.lower()], prereleases=True), need


def test_lock_names_no_place_of_this_machine():
    assert all(one.url is None for one in LOCK)
    assert all(str(one.specifier).startswith("==") for one in LOCK)

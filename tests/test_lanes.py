"""The lanes of the tests: what tests/conftest.py marks as quick, whole and sweep, and who skips."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dpsctl.cli import tree
from dpsctl.reference.tree import pages


@pytest.fixture
def lanes(request):
    return {mark.name for mark in request.node.iter_markers()} & {"quick", "whole", "sweep"}


def start():
    subprocess.run([sys.executable, "-c", ""], check=True)


def test_what_needs_nothing_is_quick(lanes):
    assert lanes == {"quick"}


def test_what_starts_a_process_is_whole(lanes):
    start()

    assert lanes == {"whole"}


@pytest.mark.usefixtures("signed_in")
def test_what_a_fixture_starts_counts_too(lanes):
    assert lanes == {"whole"}


@pytest.mark.parametrize("name", [page.name for page in pages(tree())])
def test_what_is_asked_of_every_command_is_a_sweep(lanes, name):
    assert lanes == {"sweep"}, name


@pytest.mark.parametrize(("variable", "code"), [("", 0), ("1", 1)])
def test_what_lacks_a_program_is_skipped_but_where_nothing_may_be(variable, code):
    path = "tests/commands/test_doctor.py::test_a_folder_of_certificates_is_trusted_too"
    environment = os.environ | {"PATH": "", "DPSCTL_TESTS_SKIP_NOTHING": variable}

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", path],
        cwd=Path(__file__).parents[1],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == code
    assert "needs the program openssl" in ran.stdout

"""The lanes of the tests: what tests/conftest.py marks as quick, whole and sweep."""

import subprocess
import sys

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

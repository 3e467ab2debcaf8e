"""Help topics: whether they tell the truth."""

import ast
import re
from pathlib import Path

import pytest

import dpsctl
from dpsctl import errors
from dpsctl.cli import tree
from dpsctl.commands.enrollment_group.audit import CERTIFICATES_END_SOON
from dpsctl.reference.topics import EXIT_CODES, topics
from dpsctl.reference.tree import TOPICS, pages
from dpsctl.run import READER_WENT_AWAY

VARIABLE = re.compile(r"(DPSCTL|AZURE|XDG|ACTIONS|CURL|REQUESTS)_[A-Z_]+")


@pytest.fixture(scope="module")
def made():
    return topics(list(pages(tree())))


def variables_in(path):
    """Every word of a module that looks like the name of an environment variable."""
    constants = (
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return (text for text in constants if VARIABLE.fullmatch(text))


def test_topics_are_those_that_help_names(made):
    assert tuple(made) == ("exit-codes", "environment")
    assert set(TOPICS) == set(made)


def test_environment_names_every_variable_that_the_code_reads(made):
    package = Path(dpsctl.__file__).parent
    read = {name for path in package.rglob("*.py") for name in variables_in(path)}

    told = {name for term, _ in made["environment"].entries for name in term.split(", ")}

    assert read - told == set()


def test_exit_codes_are_those_that_something_gives():
    told = {int(code) for code, _ in EXIT_CODES.entries}

    raised = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.DpsctlError)
    }

    assert raised | {0, CERTIFICATES_END_SOON, 130, READER_WENT_AWAY} == told


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("topic", TOPICS)
def test_topic_keeps_to_the_width_of_the_terminal(run_offline, monkeypatch, topic, columns):
    monkeypatch.setenv("COLUMNS", str(columns))

    shown = run_offline(f"help {topic}").out

    assert [
        line for line in shown.splitlines() if len(line) > columns and " " in line.strip()
    ] == []


def test_help_on_nothing_known_says_what_there_is(run_offline):
    ran = run_offline("help exit-code", expect=2)

    assert "hint: Did you mean exit-codes?" in ran.err

"""Help topics: whether they tell the truth."""

import ast
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import dpsctl
from dpsctl import errors
from dpsctl.cli import tree
from dpsctl.commands.enrollment_group.audit import CERTIFICATES_END_SOON
from dpsctl.options.words import ReportFormat
from dpsctl.reference.topics import EXIT_CODES, topics
from dpsctl.reference.topics.quoting import CMD, OLD_POWERSHELL, POWERSHELL, SH
from dpsctl.reference.tree import TOPICS, pages
from dpsctl.run import READER_WENT_AWAY

ROOT = Path(__file__).parents[2]
KEY = "ZHBzY3RsLWV4YW1wbGUtZ3JvdXAta2V5LWRwc2N0bA=="
GROUP = {
    "enrollmentGroupId": "line-4",
    "attestation": {
        "type": "symmetricKey",
        "symmetricKey": {"primaryKey": KEY, "secondaryKey": KEY},
    },
}

OTHERS = ("PowerShell", "cmd")  # shells that are not on this machine
TOLD = topics(list(pages(tree())))
EXAMPLES = {line for topic in TOLD.values() for part in topic.sections for line in part.examples}
IN_SH = {
    name: [line for part in topic.sections for line in part.examples if part.title not in OTHERS]
    for name, topic in TOLD.items()
    if any(part.examples for part in topic.sections)
}
VARIABLE = re.compile(r"(DPSCTL|AZURE|XDG|ACTIONS|CURL|REQUESTS)_[A-Z_]+")


@pytest.fixture
def made():
    return TOLD


def variables_in(path):
    """Every word of a module that looks like the name of an environment variable."""
    constants = (
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return (text for text in constants if VARIABLE.fullmatch(text))


def test_topics_are_those_that_help_names(made):
    assert tuple(made) == TOPICS


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

    shown = run_offline(f"help {topic}").out.splitlines()

    wide = [line for line in shown if len(line) > columns and " " in line.strip()]
    assert [line for line in wide if line.removeprefix("    ") not in EXAMPLES] == []


def test_help_on_nothing_known_says_what_there_is(run_offline):
    ran = run_offline("help exit-code", expect=2)

    assert "hint: Did you mean exit-codes?" in ran.err


def test_auth_and_output_list_every_option_that_help_leaves_to_them(made):
    for topic, heading in (("auth", "Connection"), ("output", "Output")):
        told = {word for term, _ in made[topic].sections[-1].entries for word in term.split(", ")}
        names = {word.split()[0] for word in told}
        for page in pages(tree()):
            for option in (one for one in page.options if one.heading == heading):
                assert names & {name for name in option.names if name.startswith("--")}


def test_output_names_every_form(made):
    told = {word for term, _ in made["output"].sections[0].entries for word in term.split(", ")}

    assert told == {form.value for form in ReportFormat}


@pytest.fixture
def folder(tmp_path, inside, emulator, monkeypatch):  # noqa: ARG001 - it sets the environment
    """A folder with the files that topics name, beside an emulator that holds what they name."""
    emulator.seed({"enrollmentGroups": [GROUP]})
    place = tmp_path / "topic"
    place.mkdir()
    files = {
        "login.txt": emulator.connection_string,
        "token.txt": emulator.central_token,
        "group.key": GROUP["attestation"]["symmetricKey"]["primaryKey"],
        "tags.json": '{"site": "eu"}',
        "records.json": '{"enrollmentGroups": []}',
    }
    for name, text in files.items():
        (place / name).write_text(text, encoding="utf-8")
        (place / name).chmod(0o600)
    program = tmp_path / "bin" / "dpsctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m dpsctl "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    places = [str(program.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(places))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *sys.path]))
    return place


@pytest.mark.parametrize("topic", IN_SH)
def test_every_example_of_a_topic_works_in_its_order(folder, emulator, topic):
    script = "\n".join(IN_SH[topic]).replace("0ne00000000", emulator.id_scope)

    ran = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )

    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr


def powershell(line):
    """Part a line of PowerShell as it does: a quote within its own kind is doubled."""
    found = re.findall(r"""'((?:[^']|'')*)'|"([^"`$]*)"|([^\s'"@(){};]+)""", line)
    assert " ".join(line.split()).count(" ") >= len(found) - 1
    return [
        single.replace("''", "'") if single else double or bare for single, double, bare in found
    ]


def c_runtime(text):
    """Part a command line as programs on Windows do, where single quotes are no quotes."""
    words = re.findall(r'(?:[^\s"\\]|\\.|"(?:[^"\\]|\\.)*")+', text)
    return [re.sub(r'\\?"', lambda quote: quote[0][1:], word) for word in words]


def handed_on(words):
    """What a program is given by a PowerShell before 7.3: it adds quotes, and escapes none."""
    return c_runtime(" ".join(f'"{word}"' if " " in word else word for word in words))


def test_quoting_says_the_same_to_dpsctl_in_every_shell():
    wanted = [shlex.split(line) for line in SH]

    assert [powershell(line) for line in POWERSHELL] == wanted
    assert [c_runtime(line) for line in CMD] == wanted


def test_older_powershell_hands_on_what_the_line_for_it_says():
    json_line = next(line for line in SH if "{" in line)

    assert [handed_on(powershell(line)) for line in OLD_POWERSHELL] == [shlex.split(json_line)]
    assert [handed_on(powershell(line)) for line in POWERSHELL] != [
        shlex.split(line) for line in SH
    ]

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dpsctl import early
from dpsctl.__main__ import run_tree

# The key, the id and the answer that Microsoft's concepts-symmetric-key-attestation.md gives.
KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
ID = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"
ANSWER = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="
COMMAND = ["enrollment-group", "compute-device-key"]


@pytest.mark.parametrize(
    ("options", "printed"),
    [
        pytest.param(["--key", KEY, "--rid", ID], f'"{ANSWER}"\n', id="json-unasked"),
        pytest.param([f"--key={KEY}", f"--rid={ID}"], f'"{ANSWER}"\n', id="equals"),
        pytest.param(
            ["--symmetric-key", KEY, "--registration-id", ID, "--output", "json"],
            f'"{ANSWER}"\n',
            id="long-names",
        ),
        pytest.param(["-o", "tsv", "--rid", ID, "--key", KEY], f"{ANSWER}\n", id="tsv"),
        pytest.param(
            ["--rid", "other", "--key", KEY, "--rid", ID, "--output=tsv"],
            f"{ANSWER}\n",
            id="last-wins",
        ),
    ],
)
def test_early_path_prints_the_documented_key(capsys, options, printed):
    code = early.run([*COMMAND, *options])

    assert (code, *capsys.readouterr()) == (0, printed, "")


def test_early_path_takes_the_key_from_the_environment(capsys, monkeypatch):
    monkeypatch.setenv("DPSCTL_GROUP_KEY", KEY)

    code = early.run([*COMMAND, "--rid", ID, "-o", "tsv"])

    assert (code, capsys.readouterr().out) == (0, f"{ANSWER}\n")


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param([], id="nothing"),
        pytest.param(["--help"], id="help"),
        pytest.param(["enrollment-group", "show", "--key", KEY, "--rid", ID], id="other-command"),
        pytest.param(["-o", "tsv", *COMMAND, "--key", KEY, "--rid", ID], id="leading-option"),
        pytest.param([*COMMAND, "--key", KEY, "--rid", ID, "--help"], id="help-of-the-command"),
        pytest.param([*COMMAND, "--key", KEY, "--rid", ID, "--debug"], id="unknown-option"),
        pytest.param([*COMMAND, "--key", KEY, "--rid", ID, "--gid", "g1"], id="group-id"),
        pytest.param([*COMMAND, "--key", KEY, "--rid", ID, "d2"], id="extra-word"),
        pytest.param([*COMMAND, "--key", KEY, "--rid"], id="no-value"),
        pytest.param([*COMMAND, "--key", KEY], id="no-id"),
        pytest.param([*COMMAND, "--rid", ID], id="no-key"),
        pytest.param([*COMMAND, "--key=", "--rid", ID], id="empty-key"),
        pytest.param([*COMMAND, "--key", KEY, "--rid", ""], id="empty-id"),
        pytest.param([*COMMAND, "--key", "@group.key", "--rid", ID], id="key-in-a-file"),
        pytest.param([*COMMAND, "--key", KEY, "--rid", "@-"], id="id-on-stdin"),
        pytest.param([*COMMAND, "--key", KEY, "--rid", "--", "-o", "tsv"], id="dashes"),
        pytest.param([*COMMAND, "--key", KEY[:-1], "--rid", ID], id="bad-key"),
        pytest.param([*COMMAND, "--key", "YQ==", "--rid", ID], id="short-key"),
        pytest.param([*COMMAND, "--key", KEY, "--rid", "press 4"], id="bad-id"),
        pytest.param([*COMMAND, "--key", KEY, "--rid", ID.upper()], id="upper-case-id"),
        pytest.param([*COMMAND, "--key", KEY, "--rid", ID, "-o", "yaml"], id="other-format"),
        pytest.param([*COMMAND, "--key", KEY, "--rid", ID, "-o=tsv"], id="short-with-equals"),
    ],
)
def test_early_path_steps_aside_in_silence(capsys, argv):
    code = early.run(argv)

    assert (code, *capsys.readouterr()) == (None, "", "")


@pytest.mark.parametrize("name", ["DPSCTL_LOGIN", "DPSCTL_OUTPUT", "DPSCTL_ANYTHING"])
def test_early_path_steps_aside_when_the_environment_says_more(capsys, monkeypatch, name):
    monkeypatch.setenv(name, "")

    code = early.run([*COMMAND, "--key", KEY, "--rid", ID])

    assert (code, *capsys.readouterr()) == (None, "", "")


def test_early_path_leaves_a_failing_stdout_to_the_command_tree(monkeypatch):
    with io.TextIOWrapper(io.FileIO("/dev/full", "w"), write_through=True) as full:
        monkeypatch.setattr(sys, "stdout", full)
        code = early.run([*COMMAND, "--key", KEY, "--rid", ID])

    assert code is None


SPELLINGS = {
    "--key": [KEY, "UFBQUFBQUFBQUFBQUFBQUA==", KEY.lower(), "aA-_", "YQ==", "@x", ""],
    "--symmetric-key": [KEY],
    "--rid": [ID, ID.upper(), "d1", "d 1", "d1.", "é", "--key", "@-", "a" * 128, "a" * 129],
    "--registration-id": ["d2"],
    "-o": ["tsv", "json", "yaml", "TSV", "none", "xml"],
    "--output": ["tsv", "json", "table"],
    "--only-show-errors": [""],
    "--gid": ["g1"],
}


def words(name):
    value = st.sampled_from(SPELLINGS[name])
    return value.map(lambda text: [name, text]) | value.map(lambda text: [f"{name}={text}"])


OPTIONS = st.lists(st.sampled_from(list(SPELLINGS)).flatmap(words), max_size=3)


@settings(max_examples=100)
@given(OPTIONS, st.permutations([["--key", KEY], ["--rid", ID]]), st.booleans())
def test_early_path_says_what_the_command_tree_says(others, needed, others_last):
    options = [*needed, *others] if others_last else [*others, *needed]
    argv = [*COMMAND, *chain.from_iterable(options)]

    early_answer = said_by(early.run, argv)

    if early_answer != (None, "", ""):
        assert early_answer == said_by(run_tree, argv)


def said_by(run, argv):
    """Return the code and what is printed on both streams."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = run(argv)
    return code, out.getvalue(), err.getvalue()


def test_early_path_needs_neither_typer_nor_a_library(unmeasured):
    script = (
        "import sys\n"
        "from dpsctl import early\n"
        f"early.run({[*COMMAND, '--key', KEY, '--rid', ID]!r})\n"
        "print(*sys.modules)"
    )

    answer, loaded = unmeasured(script).splitlines()

    assert answer == f'"{ANSWER}"'
    assert {"typer", "requests", "rich", "json"}.isdisjoint(loaded.split())

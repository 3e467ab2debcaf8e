import io
import os
import re
import sys
import tempfile
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer import Context

from dpsctl import early
from dpsctl.__main__ import main, run_tree
from dpsctl.cli import tree

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
        pytest.param(["--rid", ID, "--key", KEY, "-o", "jsonl"], f'"{ANSWER}"\n', id="jsonl"),
    ],
)
def test_early_path_prints_the_documented_key(capsys, options, printed):
    code = early.run([*COMMAND, *options])

    assert (code, *capsys.readouterr()) == (0, printed, "")


def test_early_path_takes_the_key_from_the_environment(capsys, monkeypatch):
    monkeypatch.setenv("DPSCTL_GROUP_KEY", KEY)

    code = early.run([*COMMAND, "--rid", ID, "-o", "tsv"])

    assert (code, capsys.readouterr().out) == (0, f"{ANSWER}\n")


@pytest.mark.parametrize("content", [KEY, f"{KEY}\n", f"{KEY}\r\n"], ids=["bare", "lf", "crlf"])
@pytest.mark.parametrize("reference", ["@group.key", "@./group.key", "@~/group.key", "@-"])
def test_early_path_takes_the_key_from_where_it_is_safe(
    capsys, monkeypatch, tmp_path, reference, content
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    (tmp_path / "group.key").write_text(content, newline="")
    (tmp_path / "group.key").chmod(0o600)

    code = early.run([*COMMAND, "--key", reference, "--rid", ID])

    assert (code, *capsys.readouterr()) == (0, f'"{ANSWER}"\n', "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DPSCTL_LOGIN", "HostName=h;SharedAccessKeyName=n;SharedAccessKey=k"),
        ("DPSCTL_ERROR_FORMAT", "json"),
        ("DPSCTL_COLOR", "always"),
        ("DPSCTL_OUTPUT", "json"),
        ("DPSCTL_ID_SCOPE", "0ne00000000"),
        ("DPSCTL_ENDPOINT_URL", "no URL"),
        ("DPSCTL_RETRIES", "0"),
        ("DPSCTL_TIMEOUT", "60"),
        ("DPSCTL_DEADLINE", "5m"),
        ("DPSCTL_NOBODY_KNOWS", "this"),
    ],
)
def test_early_path_does_not_mind_what_changes_nothing(capsys, monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    code = early.run([*COMMAND, "--key", KEY, "--rid", ID])

    assert (code, *capsys.readouterr()) == (0, f'"{ANSWER}"\n', "")


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
        pytest.param([*COMMAND, "--key", "@no.key", "--rid", ID], id="no-such-file"),
        pytest.param([*COMMAND, "--key", "@/", "--rid", ID], id="folder"),
        pytest.param([*COMMAND, "--key", "@", "--rid", ID], id="no-name"),
        pytest.param([*COMMAND, "--key", "@@x", "--rid", ID], id="at-sign"),
        pytest.param([*COMMAND, "--key", KEY, "--rid", "d1", "--rid", ID], id="twice"),
        pytest.param([*COMMAND, "--key", KEY, "--symmetric-key", KEY, "--rid", ID], id="two-keys"),
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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DPSCTL_OUTPUT", "table"),
        ("DPSCTL_DEBUG", "1"),
        ("DPSCTL_RETRIES", "-1"),
        ("DPSCTL_TIMEOUT", "0"),
        ("DPSCTL_CLOUD", "mars"),
        ("DPSCTL_CONTEXT", "a\nb"),
        ("_DPSCTL_COMPLETE", "bash_source"),
    ],
)
def test_early_path_steps_aside_for_an_environment_that_says_more(capsys, monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    code = early.run([*COMMAND, "--key", KEY, "--rid", ID])

    assert (code, *capsys.readouterr()) == (None, "", "")


def test_early_path_knows_every_variable_that_is_judged():
    """Text that nobody judges may be anything; what is judged has to be known here."""
    nouns = tree().commands.get("enrollment-group")
    options = [option for option in nouns.commands.get(COMMAND[1]).params if option.envvar]

    judged = {
        str(option.envvar): option
        for option in options
        if option.callback is not None or repr(option.type) != "STRING"
    }

    assert {*judged, "_DPSCTL_COMPLETE"} == set(early._HARMLESS)
    for name, option in judged.items():
        for value in early._HARMLESS[name]:
            option.process_value(Context(nouns), value)


def test_early_path_lets_the_command_tree_open_a_pipe(capsys):
    reading, writing = os.pipe()
    os.write(writing, KEY.encode())
    os.close(writing)

    code = early.run([*COMMAND, "--key", f"@/dev/fd/{reading}", "--rid", ID])

    assert (code, *capsys.readouterr()) == (None, "", "")
    assert os.read(reading, 100) == KEY.encode()
    os.close(reading)


def test_early_path_gives_standard_input_back(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"no key")))

    code = early.run([*COMMAND, "--key", "@-", "--rid", ID])

    assert (code, *capsys.readouterr()) == (None, "", "")
    assert sys.stdin.buffer.read() == b"no key"


def test_early_path_warns_of_a_file_that_others_can_read(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path("group.key").write_text(KEY)
    Path("group.key").chmod(0o644)

    code = early.run([*COMMAND, "--key", "@group.key", "--rid", ID, "-o", "tsv"])

    said = "warning: --key @group.key: others can read it; chmod 600 group.key\n"
    assert (code, *capsys.readouterr()) == (0, f"{ANSWER}\n", said)


CONTENTS = [
    *(KEY.encode(), f"{KEY}\n".encode(), f"{KEY}\r\n".encode(), f"{KEY}\n\n".encode()),
    *(f"\ufeff{KEY}".encode(), KEY.encode("utf-16"), f" {KEY}".encode(), f"'{KEY}'".encode()),
    *(b"", b"\n", b"YQ==", b"\xff\xfe", KEY[:-1].encode()),
]
FILES = ["group.key", "a b;c", "é'", "a\tb", "@x", "-", "~", "code=secret"]
SPELLINGS = {
    "--key": [KEY, "UFBQUFBQUFBQUFBQUFBQUA==", KEY.lower(), "aA-_", "YQ==", "@x", "@@x", "@", ""],
    "--symmetric-key": [KEY, "@-", *(f"@{name}" for name in FILES)],
    "--rid": [ID, ID.upper(), "d1", "d 1", "d1.", "é", "--key", "@-", "a" * 128, "a" * 129],
    "--registration-id": ["d2", "@group.key"],
    "-o": ["tsv", "json", "jsonl", "yaml", "TSV", "none", "xml"],
    "--output": ["tsv", "json", "table", "@-"],
    "--only-show-errors": [""],
    "--secondary": [""],
    "--gid": ["g1"],
    "--": [""],
}
VARIABLES = {
    name
    for path in (Path(early.__file__).parent).rglob("*.py")
    for name in re.findall(r"_?DPSCTL_[A-Z_]+", path.read_text())
} | {"AZURE_SUBSCRIPTION_ID", "NO_COLOR", "FORCE_COLOR", "_DPSCTL_COMPLETE"}
VALUES = [
    *(KEY, "@group.key", "", " ", "json", "JSON", "tsv", "text", "table", "key", "public", "false"),
    *(
        "0",
        "1",
        "-1",
        "30",
        "0.5",
        "1e3",
        "5m",
        "999999999",
        "nan",
        "²",
        "é",
        "a b",
        "json\r",
        "a\x1bb",
    ),
]


def words(name):
    value = st.sampled_from(SPELLINGS[name])
    return value.map(lambda text: [name, text]) | value.map(lambda text: [f"{name}={text}"])


OPTIONS = st.just([]) | st.lists(st.sampled_from(list(SPELLINGS)).flatmap(words), max_size=2)
KEYS = st.sampled_from(
    [["--key", KEY], *(["--key", f"@{name}"] for name in FILES), ["--key=@-"], []]
)
ENVIRONMENTS = st.dictionaries(
    st.sampled_from(sorted(VARIABLES)), st.sampled_from(VALUES), max_size=2
)


@dataclass(frozen=True)
class World:
    """What a command line finds: its environment, its files, and whether a person looks on."""

    environment: dict[str, str]
    file: bytes
    mode: int
    stdin: bytes
    is_watched: bool


TEXTS = st.just(KEY.encode()) | st.sampled_from(CONTENTS)
MODES = st.sampled_from([0o600, 0o640, 0o604, 0o644])
WORLDS = st.builds(World, ENVIRONMENTS, TEXTS, MODES, TEXTS, st.booleans())


@settings(max_examples=200)
@given(OPTIONS, KEYS.flatmap(lambda key: st.permutations([key, ["--rid", ID]])), OPTIONS, WORLDS)
def test_dpsctl_says_the_same_as_without_the_early_path(before, needed, after, world):
    argv = [*COMMAND, *chain.from_iterable([*before, *needed, *after])]

    assert said_by(main, argv, world) == said_by(run_tree, argv, world)


def said_by(run, argv, world):
    """Return the code and what is printed on both streams."""
    err = io.StringIO()
    err.isatty = lambda: world.is_watched
    with (
        tempfile.TemporaryDirectory() as folder,
        chdir(folder),
        patch.dict(os.environ, world.environment),
        patch("sys.stdin", io.TextIOWrapper(io.BytesIO(world.stdin))),
        redirect_stdout(io.StringIO()) as out,
        redirect_stderr(err),
    ):
        for name in FILES:
            Path(name).write_bytes(world.file)
            Path(name).chmod(world.mode)
        try:
            code = run(argv)
        except SystemExit as end:  # Typer's own, where a variable asks for a completion script
            code = end.code
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

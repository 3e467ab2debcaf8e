"""How help looks, for every command, at two widths."""

import re
import shlex
import subprocess
import sys

import pytest

from dpsctl.cli import tree
from dpsctl.reference.tree import TOPICS, pages

PAGES = {" ".join(page.path[1:]): page for page in pages(tree())}
HEAVY = {"requests", "rich", "cryptography", "yaml", "jmespath", "sqlite3", "werkzeug", "OpenSSL"}
COMMANDS = [path for path, page in PAGES.items() if not page.members]


@pytest.fixture(params=[40, 80])
def columns(request, monkeypatch):
    """Terminals of a phone's width and of the usual one."""
    monkeypatch.setenv("COLUMNS", str(request.param))
    return request.param


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path or "dpsctl")
@pytest.mark.parametrize("asked", ["--help", "--help-all"])
def test_help_keeps_to_the_width_of_the_terminal(run_offline, path, columns, asked):
    shown = run_offline(f"{path} {asked}").out

    before_examples = shown.partition("\nExamples:\n")[0].splitlines()
    assert [line for line in before_examples if len(line) > columns and " " in line.strip()] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path or "dpsctl")
def test_whole_help_tells_every_option_under_headings_that_appear_once(run_offline, path):
    shown = run_offline(f"{path} --help-all").out

    headings = re.findall(r"^(\w.*):$", shown, re.MULTILINE)
    words = " ".join(shown.split())
    assert len(headings) == len(set(headings))
    assert headings[-2:] == ["Output", "Examples"]
    for option in PAGES[path].options:
        assert f"{', '.join(option.names)}" in words
        assert " ".join(option.help.split()) in words
        assert [choice for choice in option.choices if choice not in words] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path or "dpsctl")
def test_help_names_topics_for_what_nearly_all_commands_take(run_offline, path):
    shown = run_offline(f"{path} --help").out.partition("\nExamples:\n")[0]

    *_, last = shown.rstrip().split("\n\n")
    words = " ".join(shown.split())
    headings = [option.heading for option in PAGES[path].options]
    assert "dpsctl help output" in last
    assert "--help-all" in last
    assert ("dpsctl help auth" in last) == ("Connection" in headings)
    for option in PAGES[path].options:
        is_folded = option.heading in {"Connection", "Output"}
        assert (" ".join(option.help.split()) in words) != is_folded


def test_help_and_whole_help_are_two_words_that_nothing_shortens(run_offline):
    ran = run_offline("enrollment-group show --help-al", expect=2)

    assert "Did you mean --help-all?" in ran.err
    assert "--help-all" in run_offline("enrollment-group --help-al", expect=2).err


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path or "dpsctl")
def test_help_ends_with_examples_that_can_be_copied(run_offline, path):
    shown = run_offline(f"{path} -h").out

    examples = shown.partition("\nExamples:\n")[2].splitlines()
    assert examples == [f"  {example}" for example in PAGES[path].examples]
    assert len(examples) >= (1 if PAGES[path].members else 2)


def test_help_aligns_what_options_do(run_offline):
    shown = run_offline("enrollment-group create --help").out

    assert "\n  --remove PATH...            Remove any field of the body.\n" in shown
    assert "\n  --dry-run                   Print the request that would be sent" in shown
    assert "\n  --certificate-path, --cp FILE\n                              Primary" in shown


def test_help_puts_what_options_do_below_them_where_that_is_narrow(run_offline, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")

    shown = run_offline("enrollment-group create --help").out

    assert "\n  --primary-key, --pk KEY\n      Primary symmetric key, base64 of" in shown


def test_help_shows_accepted_values_as_they_are_spelled(run_offline):
    shown = run_offline("enrollment-group create --help").out

    assert "--allocation-policy, --ap <custom|geoLatency|hashed|static>" in shown


@pytest.mark.parametrize("path", [path for path in COMMANDS if path not in TOPICS])
def test_help_topic_is_the_same_as_the_help_of_the_command(run_offline, path):
    assert run_offline(f"help {path}").out == run_offline(f"{path} --help").out


@pytest.mark.parametrize(
    "environment",
    [{"GITHUB_ACTIONS": "true"}, {"FORCE_COLOR": "1"}, {"CLICOLOR_FORCE": "1", "TERM": "xterm"}],
    ids="-".join,
)
@pytest.mark.parametrize("line", ["--help", "enrollment-group create --help", "enrollment-grup"])
def test_help_and_errors_are_plain_text_in_a_pipe(run_process, monkeypatch, environment, line):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    ran = run_process(*shlex.split(line))

    assert not re.search("\x1b|[\u2500-\u257f]", ran.stdout + ran.stderr)


def test_help_of_no_command_loads_anything_heavy(unmeasured):
    lines = [[*path.split(), asked] for path in PAGES for asked in ("-h", "--help-all")]
    code = (
        "import contextlib, io, sys; from dpsctl.__main__ import main\n"
        f"with contextlib.redirect_stdout(io.StringIO()): codes = [main(x) for x in {lines}]\n"
        "print(any(codes), *sys.modules)"
    )

    failed, *loaded = unmeasured(code).split()

    assert failed == "False"
    assert HEAVY.isdisjoint(loaded)


def test_longest_help_takes_little_longer_than_python_takes_to_start():
    """The budget is measured by tests/benchmarks/startup.py; this is what a busy machine keeps."""
    took = least_cpu("-m", "dpsctl", "enrollment-group", "update", "--help")

    assert took < 16 * least_cpu("-c", "pass")


def least_cpu(*words):
    return min(cpu_of([sys.executable, *words]) for _ in range(5))


def cpu_of(command):
    import resource  # Windows has none

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("enrollment foo", "hint: 'dpsctl enrollment --help' lists what it takes."),
        ("enrollment enrollment", "hint: 'dpsctl enrollment --help' lists what it takes."),
        ("device explain extra", "hint: 'dpsctl device explain --help' lists what it takes."),
        ("device explan", "hint: Did you mean explain? 'dpsctl device --help' lists"),
    ],
)
def test_word_that_no_command_has_is_looked_for_in_that_command(run_offline, words, hint):
    assert hint in run_offline(f"help {words}", expect=2).err

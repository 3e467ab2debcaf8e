"""What bash, zsh and fish offer for every command and option, asked of the shells themselves."""

import re
import shlex
import subprocess

import pytest

from dpsctl.cli import tree
from dpsctl.frame.descriptions import OptionPage
from dpsctl.reference.completions import FILE_NAMES
from dpsctl.reference.fish import fish_script
from dpsctl.reference.tree import pages

SHELLS = ["bash", "bash 3.2", "fish", "zsh"]
PAGES = {" ".join(page.path): page for page in pages(tree())}
OPTIONS = tuple(f"{path} -" for path in PAGES)
MEMBERS = tuple(f"{path} " for path, page in PAGES.items() if page.members)
# An option that many commands take, such as --output, is asked for at one of them.
VALUED = {
    (option.name, option.choices): (f"{path} {option.name}", option)
    for path, page in PAGES.items()
    for option in page.options
    if option.takes_value and not page.members
}
CHOSEN = {at: set(option.choices) for at, option in VALUED.values() if option.choices}
FILED = tuple(at for at, option in VALUED.values() if option.takes_file)
KNOWN = [
    *(at for at, option in VALUED.values() if option.known_values),
    *(path for path, page in PAGES.items() if page.known_values),
]
TEXTS = tuple(
    at
    for at, option in VALUED.values()
    if not (option.choices or option.takes_file or option.takes_folder or option.known_values)
)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("shell", SHELLS)
def test_shell_offers_every_option(offers, shell, path):
    offered = offers(shell, OPTIONS)[f"{path} -"].split()

    names = {name for option in PAGES[path].options for name in option.names}
    assert names == {word.removesuffix("=") for word in offered}


@pytest.mark.parametrize("line", MEMBERS, ids=str.strip)
@pytest.mark.parametrize("shell", SHELLS)
def test_shell_offers_every_command(offers, shell, line):
    offered = offers(shell, MEMBERS)[line].split()

    assert {name for name, _ in PAGES[line.strip()].members} <= set(offered)


@pytest.mark.parametrize("at", CHOSEN)
@pytest.mark.parametrize("shell", SHELLS)
def test_shell_offers_the_values_of_an_option_behind_an_equals_sign(offers, shell, at):
    name = at.split()[-1]

    offered = offers(shell, tuple(f"{each}=" for each in CHOSEN))[f"{at}="].split()

    assert {word.removeprefix(f"{name}=") for word in offered} == CHOSEN[at]


@pytest.mark.parametrize("at", CHOSEN)
@pytest.mark.parametrize("shell", SHELLS)
def test_shell_offers_the_values_of_an_option_as_the_next_word(offers, shell, at):
    offered = offers(shell, tuple(f"{each} " for each in CHOSEN))[f"{at} "].split()

    assert set(offered) >= CHOSEN[at]


@pytest.mark.parametrize("shell", SHELLS)
def test_shell_offers_files_where_a_file_is_meant(offers, shell):
    lines = tuple(f"{at} " for at in FILED)

    offered = offers(shell, lines)

    assert FILED
    assert [
        line for line in lines if not {"<files>", "group.key"} & set(offered[line].split())
    ] == []


@pytest.mark.parametrize("shell", SHELLS)
def test_shell_offers_files_behind_an_at_sign_and_nothing_else_for_text(offers, shell):
    at_signs, nothing = tuple(f"{at} @" for at in TEXTS), tuple(f"{at} " for at in TEXTS)

    behind, without = offers(shell, at_signs), offers(shell, nothing)

    files = {"<files>", "group.key", "@group.key"}
    assert [line for line in at_signs if not files & set(behind[line].split())] == []
    assert {line: words for line, words in without.items() if words.strip()} == {}


@pytest.mark.parametrize("at", KNOWN)
@pytest.mark.parametrize("shell", SHELLS)
def test_shell_asks_dpsctl_for_the_values_it_knows(offers, shell, at):
    lines = tuple(f"{each} li" for each in KNOWN)

    assert offers(shell, lines)[f"{at} li"].split() == ["line-4"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("dpsctl completion ", {"bash", "fish", "zsh"}),
        ("dpsctl help exi", {"exit-codes"}),
        ("dpsctl -o json enrollment-group cr", {"create"}),
        ("dpsctl enrollment-group --output json cr", {"create"}),
        ("dpsctl enrollment-group create --allocation-policy ge", {"geoLatency"}),
    ],
    ids=["argument", "topic", "option-first", "option-between", "part-of-a-value"],
)
@pytest.mark.parametrize("shell", SHELLS)
def test_shell_offers_what_fits_the_place(offers, shell, line, expected):
    assert set(offers(shell, (line,))[line].split()) == expected


@pytest.mark.parametrize("shell", FILE_NAMES)
def test_script_is_without_syntax_errors(reference, program, shell):
    script = reference / "completions" / FILE_NAMES[shell]

    checked = subprocess.run(
        [program(shell), "-n", script], capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_bash_script_satisfies_shellcheck(reference, program):
    script = reference / "completions" / FILE_NAMES["bash"]

    checked = subprocess.run(
        [program("shellcheck"), script], capture_output=True, text=True, check=False
    )

    assert checked.stdout == ""


# What came after bash 3.2, the last one that macOS has.
NEWER = {
    "case that goes on": r";;&|;&",
    "builtin": r"\b(mapfile|readarray|coproc)\b",
    "kind of variable": r"\b(declare|local|typeset) -\w*[Angul]",
    "case of letters": r"\$\{\w+(\[[^]]*\])?(\^|,)",
    "transformation": r"\$\{\w+(\[[^]]*\])?@[A-Za-z]",
    "place from the end": r"\[-\d|\$\{\w+:\d+: *-\d",
    "redirection": r"\|&|&>>|\{\w+\}[<>]",
    "test": r"\[\[ -[vR]\b",
    "steps": r"\{\d+\.\.\d+\.\.",
    "wait of a fraction": r"\bread -\w*[tN]",
    "escape": r"\$'[^']*\\u",
    "time": r"printf [^\n]*%\(",
    "option": r"shopt -s (globstar|lastpipe|autocd)",
    "case inside $()": r"\$\([^)\n]*\bcase\b",
}


@pytest.mark.parametrize("what", NEWER)
def test_bash_script_has_nothing_that_is_newer_than_macos_bash(reference, what):
    script = (reference / "completions" / FILE_NAMES["bash"]).read_text()
    code = "".join(line for line in script.splitlines(True) if not line.lstrip().startswith("#"))

    assert re.findall(f".*(?:{NEWER[what]}).*", code) == []


def test_bash_asks_for_what_is_newer_only_where_it_can_do_without(reference):
    script = (reference / "completions" / FILE_NAMES["bash"]).read_text()

    asked = re.findall("compopt.*", script)

    assert asked
    assert all("2> /dev/null" in line for line in asked)


def test_bash_answers_within_a_few_milliseconds(reference, program):
    line = "dpsctl enrollment-group create --allocation"
    words = shlex.split(line)
    timed = (
        f"source {reference}/completions/dpsctl; COMP_LINE={shlex.quote(line)};"
        f" COMP_POINT={len(line)}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1};"
        " TIMEFORMAT=%U; time for i in {1..100}; do _dpsctl; done; true"
    )

    took = subprocess.run(
        [program("bash"), "-c", timed], capture_output=True, text=True, check=True
    )

    assert float(took.stderr) / 100 < 0.005


def test_new_option_changes_no_line_of_the_others():
    listed = list(pages(tree()))
    at = next(n for n, page in enumerate(listed) if page.name == "dpsctl-enrollment-group-create")
    new = OptionPage(names=("--of-tomorrow",), help="New.")
    changed = [*listed]
    changed[at] = listed[at]._replace(options=(*listed[at].options, new))

    before, after = (set(fish_script(some).splitlines()) for some in (listed, changed))

    assert before < after
    assert all("of-tomorrow" in line.replace("_", "-") for line in after - before)

"""What README.md and other pages show is true: their blocks run, what they name exists.

The blocks of sh and of Python on a page run in order, as a reader would, in one folder beside an
emulator. A block behind `<!-- not run: REASON -->` is left out; so are lines that install from the
network, which tests/installation runs.
"""

import importlib
import json
import os
import re
import stat
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest

from dpsctl.cli import tree
from dpsctl.reference.topics import EXIT_CODES
from dpsctl.reference.tree import pages

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
CODES = ROOT / "docs" / "troubleshooting.md"
FOR_USERS_TOO = ("getting-started", "operators", "authentication", "troubleshooting", "ci")
FENCE = re.compile(
    r"^(?P<indent> *)(?:<!-- not run: (?P<reason>[^\n>]+) -->\n(?P=indent))?"
    r"```(?P<language>sh|python)\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
INSTALLING = re.compile(r"\bpip3? install\b|\bpipx (install|run)\b|\buvx? (tool )?\w+")
A_TEST = re.compile(r"^def test_", re.MULTILINE)
NAMED = re.compile(r"`(\w[\w./-]*(?:\.(?:py|sh|toml|yaml)|/))`")
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
# Stands for `dpsctl` on a page: it keeps what each call printed.
PROGRAM = """\
#!{python}
import json, subprocess, sys
ran = subprocess.run([{python!r}, "-m", "dpsctl", *sys.argv[1:]], stdout=subprocess.PIPE)
with open({log!r}, "a") as log:
    print(json.dumps([sys.argv[1:], ran.stdout.decode()]), file=log)
sys.stdout.buffer.write(ran.stdout)
sys.exit(ran.returncode)
"""
# What calls of some pages print, by words that only they have.
PRINTED = {
    "getting-started.md": {
        "site=eu": '"line-4"\n',
        "--reprovision-policy": (
            '{\n  "migrateDeviceData": false,\n  "updateHubAssignment": false\n}\n'
        ),
        "body.provisioningStatus": '"disabled"\n',
        "assignedHub": '"hub-1.azure-devices.net"\n',
        "pump-7": '"pump-7"\n',
        "device-6.pem": '"assigned"\n',
        "line-6.pem attestation.type": '"x509"\n',
    },
    "migration.md": {"line-7 id": '"line-7"\n'},
}
PUBLIC = ["dpsctl.keys", "dpsctl.emulator", "dpsctl.emulator.server", "dpsctl.pytest_plugin"]


class Block(NamedTuple):
    """A block of a page; it is not run if there is a *reason*."""

    reason: str | None
    language: str
    code: str


def text_of(page):
    return page.read_text(encoding="utf-8")


def blocks_of(page):
    for found in FENCE.finditer(text_of(page)):
        yield Block(found["reason"], found["language"], textwrap.dedent(found["code"]))


RUN = {page.name: [one for one in blocks_of(page) if not one.reason] for page in PAGES}


@pytest.fixture
def environment(tmp_path, emulator):
    """Where the emulator is found, and `dpsctl` is this one."""
    program = tmp_path / "bin" / "dpsctl"
    program.parent.mkdir()
    program.write_text(PROGRAM.format(python=sys.executable, log=str(tmp_path / "log")), "utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    places = [str(program.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
    paths = {"PATH": os.pathsep.join(places), "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    return os.environ | emulator.environment | paths | {"HOME": str(tmp_path)}


def words_of(block, folder):
    """Return the command that runs a block; what holds tests is a module of tests."""
    if block.language == "sh":
        kept = (line for line in block.code.splitlines() if not INSTALLING.search(line))
        return ["sh", "-e", "-c", "\n".join(kept)]
    if A_TEST.search(block.code):
        module = folder / "test_line.py"
        module.write_text(block.code, encoding="utf-8")
        return [*PYTEST, str(module)]
    return [sys.executable, "-c", block.code]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if RUN[page.name]], ids=lambda page: page.name
)
def test_every_block_of_a_page_works_in_its_order(environment, tmp_path, page):
    for block in RUN[page.name]:
        ran = subprocess.run(
            words_of(block, tmp_path),
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )
        assert ran.returncode == 0, f"{block.code}\n{ran.stdout}\n{ran.stderr}"
        assert "Traceback" not in ran.stderr
    check_printed(tmp_path / "log", PRINTED.get(page.name, {}))


def check_printed(log, printed):
    """Hold what calls printed against what they are known to print; a query finds something."""
    calls = [json.loads(line) for line in text_of(log).splitlines()] if log.exists() else []
    for words, out in calls:
        if "--query" in words and "none" not in words:
            assert out.strip() not in {"", "null", "[]"}, words
    for key, wanted in printed.items():
        found = [out for words, out in calls if {*key.split()} <= {*words}]
        assert found == [wanted], key


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_is_found(page):
    found = list(blocks_of(page))
    markers = re.findall(r"^ *<!-- not run", text_of(page), re.MULTILINE)

    assert len(re.findall(r"^ *```(?:sh|python)$", text_of(page), re.MULTILINE)) == len(found)
    assert len(markers) == sum(block.reason is not None for block in found)


def test_readme_shows_what_is_run():
    assert len(RUN["README.md"]) > 3


FOR_USERS = [README, *(ROOT / "docs" / f"{name}.md" for name in FOR_USERS_TOO)]


@pytest.mark.parametrize("page", FOR_USERS, ids=lambda page: page.name)
def test_every_flag_that_a_page_for_users_names_exists(page):
    text = text_of(page)
    known = {name for page in pages(tree()) for option in page.options for name in option.names}

    assert set(re.findall(r"`(--[a-z-]+)", text)) - known == set()


def test_troubleshooting_names_every_exit_code():
    told = set(re.findall(r"^\| (\d+) (?=\|)", text_of(CODES), re.MULTILINE))

    assert {code for code, _ in EXIT_CODES.entries} - told == set()


def test_there_are_no_more_pages_than_somebody_reads():
    assert len(PAGES) - 2 <= 14
    assert len(text_of(README).splitlines()) <= 110


@pytest.fixture(scope="module")
def places():
    """Every file and folder of the project, as a path from the root."""
    inside = (path for top in ("dpsctl", "tests") for path in (ROOT / top).rglob("*"))
    return [f"/{path.relative_to(ROOT)}" for path in (*ROOT.iterdir(), *inside)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page, places):
    """It may be named by the end of its path."""
    named = {name.rstrip("/") for name in NAMED.findall(text_of(page))}

    assert {name for name in named if not any(one.endswith(f"/{name}") for one in places)} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_target_that_a_page_makes_is_in_the_makefile(page):
    there = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    made = re.findall(r"(?:^ *|`)make ([a-z]+(?: [a-z]+)*)", text_of(page), re.MULTILINE)

    assert set(" ".join(made).split()) <= there


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names_are_described(module):
    names = importlib.import_module(module).__all__

    assert {
        name for name in names if f"`{name}" not in text_of(ROOT / "docs" / "python.md")
    } == set()

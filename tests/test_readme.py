"""Every command of the README's sh blocks, run in order as a reader would, beside an emulator.

A block behind `<!-- not run: REASON -->` is left out; so are lines that install from the network,
which tests/installation runs.
"""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dpsctl.cli import tree
from dpsctl.reference.topics import EXIT_CODES
from dpsctl.reference.tree import pages

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"(?:^<!-- not run[^:\n]*: (?P<reason>[^>]+) -->\n+)?^```sh\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
INSTALLING = re.compile(r"\bpip3? install\b|\bpipx (install|run)\b|\buvx? (tool )?\w+")
BLOCKS = [match.groupdict() for match in BLOCK.finditer(README)]
RUN = [
    "\n".join(line for line in block["code"].splitlines() if not INSTALLING.search(line))
    for block in BLOCKS
    if not block["reason"]
]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """Run lines of sh in one folder, where `dpsctl` is this one; what one leaves the next finds."""
    folder = tmp_path_factory.mktemp("readme")
    program = folder / "bin" / "dpsctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m dpsctl "$@"\n', encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (folder / "tests").symlink_to(ROOT / "tests")
    places = [str(program.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
    paths = {"PATH": os.pathsep.join(places), "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}

    def run(text, environment):
        return subprocess.run(
            ["sh", "-e", "-c", text],
            cwd=folder,
            env=os.environ | environment | paths | {"HOME": str(folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )

    return run


def test_every_sh_block_is_found():
    assert len(RUN) > 3
    assert len(BLOCKS) == README.count("```sh\n")


def test_every_command_of_the_readme_works_in_its_order(session, emulator):
    environment = dict(emulator.environment)

    for code in RUN:
        ran = session(code, environment)
        assert ran.returncode == 0, f"{code}\n{ran.stdout}\n{ran.stderr}"
        assert "Traceback" not in ran.stderr


def test_every_flag_that_the_readme_names_exists():
    """Those of az stand in the table of what is different; `--opt=value` is any option."""
    text = "\n".join(line for line in README.splitlines() if not line.startswith("|"))
    known = {name for page in pages(tree()) for option in page.options for name in option.names}

    assert set(re.findall(r"`(--[a-z-]+)", text)) - known == {"--opt"}


def test_readme_names_every_exit_code():
    told = set(re.findall(r"\| (\d+) (?=\|)", README))

    assert {code for code, _ in EXIT_CODES.entries} - told == set()

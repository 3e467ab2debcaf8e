"""The generated files in a folder, and shells that say what they would complete."""

import os
import subprocess
from functools import cache
from pathlib import Path

import pytest

from dpsctl.cli import tree
from dpsctl.reference.files import reference_files

HERE = Path(__file__).parent
COMMANDS = {
    "bash": ["bash", HERE / "offers.bash", "{folder}/completions/dpsctl"],
    "bash 3.2": ["bash", HERE / "offers.bash", "{folder}/completions/dpsctl", "3.2"],
    "fish": ["fish", "--no-config", HERE / "offers.fish", "{folder}/completions/dpsctl.fish"],
    "zsh": ["zsh", "-f", HERE / "offers.zsh", "{folder}/completions", "{folder}/offered"],
}


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    """A folder with the man pages and completions as the command tree is now."""
    folder = tmp_path_factory.mktemp("reference")
    for path, text in reference_files(tree()).items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def offers(reference, program, tmp_path_factory):
    """Ask a shell what it offers behind each of some command lines; it runs in a folder of files.

    Asked for values that dpsctl knows, a stand-in for dpsctl knows two.
    """
    folder = tmp_path_factory.mktemp("shell")
    for name in ("group.key", "my intermediate.pem"):
        (folder / name).touch()
    stand_in = tmp_path_factory.mktemp("bin") / "dpsctl"
    stand_in.write_text("#!/bin/sh\nprintf '%s\\n' lab-1 line-4\n", encoding="utf-8")
    stand_in.chmod(0o755)
    path = os.pathsep.join([str(stand_in.parent), os.environ["PATH"]])

    @cache
    def asked(shell, lines):
        command = [str(word).format(folder=reference) for word in COMMANDS[shell]]
        typed = "\n".join(lines) + "\n"
        given = {"cwd": folder, "env": os.environ | {"PATH": path}, "input": typed}
        return subprocess.run(command, capture_output=True, text=True, check=True, **given)

    def ask(shell, lines):
        program(str(COMMANDS[shell][0]))
        answer = asked(shell, lines)
        assert not answer.stderr
        return dict(zip(lines, answer.stdout.splitlines(), strict=True))

    return ask

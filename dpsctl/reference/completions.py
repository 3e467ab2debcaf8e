"""Completion scripts for bash, zsh and fish: static, so that a TAB starts no Python."""

from __future__ import annotations

from collections.abc import Sequence

from dpsctl.reference.bash import bash_script
from dpsctl.reference.fish import fish_script
from dpsctl.reference.tree import CommandPage
from dpsctl.reference.zsh import zsh_script

SCRIPTS = {"bash": bash_script, "fish": fish_script, "zsh": zsh_script}
FILE_NAMES = {"bash": "dpsctl", "fish": "dpsctl.fish", "zsh": "_dpsctl"}


def completions(pages: Sequence[CommandPage]) -> dict[str, str]:
    """Return each shell's script by the file name under which that shell looks for it."""
    return {FILE_NAMES[shell]: make(pages) for shell, make in SCRIPTS.items()}

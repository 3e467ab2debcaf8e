"""`dpsctl completion`: the completion script of a shell."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from dpsctl.errors import UsageError
from dpsctl.frame.arguments import Group
from dpsctl.frame.verbs import verb
from dpsctl.options import kinds


class Shell(StrEnum):
    """The shells there are scripts for."""

    bash = "bash"
    fish = "fish"
    zsh = "zsh"


@verb(
    examples=[
        "dpsctl completion bash --install ~/.local/share/bash-completion/completions",
        "dpsctl completion fish > ~/.config/fish/completions/dpsctl.fish",
    ],
    default_output="tsv",
)
def completion(
    root: Group,
    shell: Annotated[Shell, Argument(case_sensitive=False, help="The shell to complete in.")],
    install: Annotated[
        str | None,
        kinds.folder(Option, "--install", help="Write the script there, under its own name."),
    ] = None,
) -> str | None:
    """Print the completion script of a shell, or install it.

    The script is static: a TAB starts no Python, but for values that only dpsctl knows.
    """
    from dpsctl.reference.completions import FILE_NAMES, SCRIPTS
    from dpsctl.reference.tree import pages

    script = SCRIPTS[shell.value](list(pages(root)))
    if install is None:
        return script
    try:
        Path(install).mkdir(parents=True, exist_ok=True)
        (Path(install) / FILE_NAMES[shell.value]).write_text(script, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"--install {install}: cannot write there: {error.strerror}", "Name a folder of yours."
        ) from None
    return None


command = completion

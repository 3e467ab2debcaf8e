"""`dpsctl help`: the help of a command, or a topic that belongs to none."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer import Argument

from dpsctl.errors import UsageError
from dpsctl.frame.arguments import Group
from dpsctl.frame.help_page import width_of_terminal
from dpsctl.frame.verbs import verb
from dpsctl.reference.tree import TOPICS


@verb(
    "help",
    examples=[
        "dpsctl help auth",
        "dpsctl help quoting",
        "dpsctl help enrollment-group create",
    ],
    default_output="tsv",
)
def show_help(
    root: Group,
    words: Annotated[
        list[str] | None, Argument(metavar="[TOPIC...]", help="A command's words, or a topic.")
    ] = None,
) -> str:
    """Show the help of a command or a topic.

    The topics are auth, emulator, environment, exit-codes, factory, migrating, output and quoting.
    """
    if words and len(words) == 1 and words[0] in TOPICS:
        from dpsctl.reference.topics import as_text, topics
        from dpsctl.reference.tree import pages

        return as_text(topics(pages(root))[words[0]], width_of_terminal())
    return _command_help(root, words or [])


def _command_help(root: Group, words: list[str]) -> str:
    context: Any = root.make_context("dpsctl", [], resilient_parsing=True)
    command: Any = root
    for place, word in enumerate(words):
        inner = command.get_command(context, word) if isinstance(command, Group) else None
        if inner is None:
            raise _no_help_on(words, place, command)
        command = inner
        context = typer.Context(command, info_name=word, parent=context, resilient_parsing=True)
    return str(command.get_help(context))


def _no_help_on(words: list[str], place: int, command: Any) -> UsageError:
    from dpsctl.frame.complaints import did_you_mean

    above, word = words[:place], words[place]
    names = list(getattr(command, "commands", ()))
    if above:
        ask = did_you_mean(word, names).lstrip()
        lists = f"'dpsctl {' '.join(above)} --help' lists what it takes."
        return UsageError(f"There is no help on '{' '.join(words)}'", f"{ask} {lists}".lstrip())
    ask = did_you_mean(word, [*names, *TOPICS]).lstrip()
    return UsageError(
        f"There is no help on '{' '.join(words)}'",
        f"{ask} 'dpsctl --help' lists commands; topics are {', '.join(TOPICS)}.".lstrip(),
    )


command = show_help

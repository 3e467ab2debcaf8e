"""The command tree as plain data: what every page and every completion is made from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from dpsctl.frame.arguments import Group
from dpsctl.frame.descriptions import ArgumentPage, OptionPage, arguments_of, options_of

# What `dpsctl help` tells besides the help of commands; dpsctl.reference.topics writes it.
TOPICS = (
    "auth",
    "emulator",
    "environment",
    "exit-codes",
    "factory",
    "migrating",
    "output",
    "quoting",
)


class CommandPage(NamedTuple):
    """A command or a group of commands; *path* begins with `dpsctl`.

    *words* is what its first argument can be, as far as that is known.
    """

    path: tuple[str, ...]
    summary: str
    description: str
    options: tuple[OptionPage, ...]
    arguments: tuple[ArgumentPage, ...]
    members: tuple[tuple[str, str], ...]
    examples: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of its man page."""
        return "-".join(self.path)

    @property
    def known_values(self) -> str:
        """Name what dpsctl itself can list for the first argument, or nothing."""
        return next((argument.known_values for argument in self.arguments), "")

    @property
    def takes_command_line(self) -> bool:
        """Whether a command line of another program follows, whose options are not dpsctl's."""
        return any(argument.name == "COMMAND..." for argument in self.arguments)


def pages(root: Group) -> Iterator[CommandPage]:
    """Walk the tree under *root*: a group, then what is in it."""
    topics = tuple(dict.fromkeys((*root.list_commands(None), *TOPICS)))
    yield from _pages(root, ("dpsctl",), topics)


def _pages(command: Any, path: tuple[str, ...], topics: tuple[str, ...]) -> Iterator[CommandPage]:
    members: Any = getattr(command, "commands", {})
    shown = [name for name in members if not name.startswith("_")]
    arguments = arguments_of(command)
    summary, _, description = (command.help or "").partition("\n\n")
    yield CommandPage(
        path=path,
        summary=summary.replace("\n", " "),
        description=description,
        options=tuple(options_of(command)),
        arguments=tuple(arguments),
        members=tuple((name, members.summary(name)) for name in shown),
        examples=tuple(command.examples),
        words=tuple(word for argument in arguments[:1] for word in _words(argument, topics)),
    )
    for name in shown:
        yield from _pages(members.get(name), (*path, name), topics)


def _words(argument: ArgumentPage, topics: tuple[str, ...]) -> tuple[str, ...]:
    return topics if argument.name == "TOPIC..." else argument.choices

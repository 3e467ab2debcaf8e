"""The command tree as plain data: what every page and every completion is made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dpsctl.arguments import Group


# Options whose values `dpsctl __known` can list.
_KNOWN = {"--gid": "group-ids", "--context": "contexts"}


@dataclass(frozen=True)
class OptionPage:
    """An option: its spellings, what it takes, and what it does.

    *value* is what stands for the value in help, empty for a switch; *may_stand_alone* if the
    value can be left out; *several* if it takes more words than one.
    """

    names: tuple[str, ...]
    value: str
    choices: tuple[str, ...]
    help: str
    heading: str
    envvar: str
    default: str
    required: bool
    may_stand_alone: bool
    several: bool

    @property
    def takes_file(self) -> bool:
        """Whether the value is a path."""
        return self.value == "FILE"

    @property
    def known_values(self) -> str:
        """Name the values that dpsctl itself can list, or nothing."""
        return next((_KNOWN[name] for name in self.names if name in _KNOWN), "")


@dataclass(frozen=True)
class CommandPage:
    """A command or a group of commands; *path* begins with `dpsctl`."""

    path: tuple[str, ...]
    summary: str
    description: str
    options: tuple[OptionPage, ...]
    arguments: tuple[str, ...]
    argument_choices: tuple[str, ...]
    members: tuple[tuple[str, str], ...]
    examples: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of its man page."""
        return "-".join(self.path)


def pages(root: Group) -> Iterator[CommandPage]:
    """Walk the tree under *root*: a group, then what is in it."""
    yield from _pages(root, ("dpsctl",))


def _pages(command: Any, path: tuple[str, ...]) -> Iterator[CommandPage]:
    members: Any = getattr(command, "commands", {})
    shown = [name for name in members if not name.startswith("_")]
    arguments = _shown(command, "argument")
    summary, _, description = (command.help or "").partition("\n\n")
    yield CommandPage(
        path=path,
        summary=summary.replace("\n", " "),
        description=description,
        options=(*(_option(param) for param in _shown(command, "option")), _HELP),
        arguments=tuple(param.metavar or param.name.upper() for param in arguments),
        argument_choices=tuple(choice for param in arguments for choice in _choices(param)),
        members=tuple((name, members.summary(name)) for name in shown),
        examples=tuple(command.examples) if hasattr(command, "examples") else (),
    )
    for name in shown:
        yield from _pages(members.get(name), (*path, name))


_HELP = OptionPage(
    names=("-h", "--help"),
    value="",
    choices=(),
    help="Show help and exit.",
    heading="Options",
    envvar="",
    default="",
    required=False,
    may_stand_alone=False,
    several=False,
)


def _shown(command: Any, kind: str) -> list[Any]:
    return [
        param
        for param in command.params
        if param.param_type_name == kind and not getattr(param, "hidden", False)
    ]


def _option(param: Any) -> OptionPage:
    choices = _choices(param)
    metavar = param.metavar or ""
    toggles = metavar == "[true|false]"
    value = "" if param.is_flag else metavar or "|".join(choices) or param.type.name.upper()
    default = param.default if not param.is_flag else None
    return OptionPage(
        names=tuple(sorted(param.opts, key=lambda name: (name.startswith("--"), -len(name)))),
        value=value,
        choices=choices,
        help=param.help or "",
        heading=param.rich_help_panel or "Options",
        envvar=str(param.envvar or ""),
        default="" if default is None or callable(default) else str(_word(default)),
        required=bool(param.required),
        may_stand_alone=toggles,
        several=metavar.endswith("..."),
    )


def _choices(param: Any) -> tuple[str, ...]:
    return tuple(_word(choice) for choice in getattr(param.type, "choices", ()))


def _word(choice: Any) -> str:
    return str(getattr(choice, "value", choice))

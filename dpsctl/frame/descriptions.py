"""What options and arguments say of themselves, for help, man pages and completions alike."""

from __future__ import annotations

from typing import Any, NamedTuple

from dpsctl.options.kinds import Kind, kind_of

# Kinds of values that `dpsctl __known` can list.
_KNOWN = {Kind.GROUP_ID: "group-ids", Kind.CONTEXT: "contexts"}
_LAST = ("Connection", "Output")


class OptionPage(NamedTuple):
    """An option: its spellings, what it takes, and what it does.

    *value* is what stands for the value in help, empty for a switch or where *choices* say it.
    """

    names: tuple[str, ...]
    value: str = ""
    choices: tuple[str, ...] = ()
    help: str = ""
    heading: str = "Options"
    envvars: tuple[str, ...] = ()
    default: str = ""
    limits: str = ""
    required: bool = False
    kind: Kind = Kind.PLAIN

    @property
    def name(self) -> str:
        """The spelling that tells most: its first long one."""
        return next((name for name in self.names if name.startswith("--")), self.names[0])

    @property
    def takes_value(self) -> bool:
        """Whether the option is more than a switch."""
        return bool(self.value or self.choices)

    @property
    def takes_file(self) -> bool:
        """Whether the value is a path."""
        return Kind.FILE in self.kind

    @property
    def takes_folder(self) -> bool:
        """Whether the value is a folder."""
        return Kind.FOLDER in self.kind

    @property
    def may_stand_alone(self) -> bool:
        """Whether the value can be left out."""
        return Kind.MAY_STAND_ALONE in self.kind

    @property
    def several(self) -> bool:
        """Whether the option takes more words than one."""
        return Kind.SEVERAL in self.kind

    @property
    def known_values(self) -> str:
        """Name the values that dpsctl itself can list, or nothing."""
        return _known_values(self.kind)


class ArgumentPage(NamedTuple):
    """A word that a command takes by its place."""

    name: str
    help: str
    choices: tuple[str, ...]
    required: bool
    kind: Kind

    @property
    def known_values(self) -> str:
        """Name the values that dpsctl itself can list, or nothing."""
        return _known_values(self.kind)

    @property
    def usage(self) -> str:
        """How it stands in a line that shows how to call the command."""
        return self.name if self.required else f"[{self.name}]"


def _known_values(kind: Kind) -> str:
    return next((values for known, values in _KNOWN.items() if known in kind), "")


HELP = (
    OptionPage(names=("-h", "--help"), help="Show help and exit."),
    OptionPage(names=("--help-all",), help="Show help with every option, and exit."),
)


def options_of(command: Any) -> list[OptionPage]:
    """Describe the options of *command*, in the order of their headings."""
    options = [*(_option(param) for param in _shown(command, "option")), *HELP]
    headings = ["Options", *(option.heading for option in options)]
    return sorted(options, key=lambda option: _rank(option.heading, headings))


def arguments_of(command: Any) -> list[ArgumentPage]:
    """Describe the arguments of *command*."""
    return [
        ArgumentPage(
            name=(param.metavar or param.name.upper()).strip("[]"),
            help=param.help or "",
            choices=choices_of(param),
            required=bool(param.required),
            kind=kind_of(param),
        )
        for param in _shown(command, "argument")
    ]


def choices_of(param: Any) -> tuple[str, ...]:
    """Return the words that *param* accepts, as they are spelled, or nothing if it takes others."""
    return tuple(_word(choice) for choice in getattr(param.type, "choices", ()))


def _rank(heading: str, headings: list[str]) -> tuple[int, int]:
    """Order the headings: a command's own as declared, how it connects, then what it writes."""
    return _LAST.index(heading) if heading in _LAST else -1, headings.index(heading)


def _shown(command: Any, kind: str) -> list[Any]:
    return [
        param
        for param in command.params
        if param.param_type_name == kind and not getattr(param, "hidden", False)
    ]


def _option(param: Any) -> OptionPage:
    choices = choices_of(param)
    named = param.metavar or ("" if choices else param.type.name.upper())
    return OptionPage(
        names=tuple(sorted(param.opts, key=lambda name: name.startswith("--"))),
        value="" if param.is_flag else named,
        choices=choices,
        help=param.help or "",
        heading=param.rich_help_panel or "Options",
        envvars=_envvars(param.envvar),
        default=_default(param),
        limits=_limits(param.type),
        required=bool(param.required),
        kind=kind_of(param),
    )


def _envvars(names: str | list[str] | None) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names or ())


def _default(param: Any) -> str:
    default = param.default
    if param.is_flag or default is None or callable(default):
        return ""
    return f"{default:g}" if isinstance(default, float) else _word(default)


def _limits(kind: Any) -> str:
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    if least is None:
        return ""
    return f"{least:g} or more" if most is None else f"{least:g} to {most:g}"


def _word(choice: Any) -> str:
    return str(getattr(choice, "value", choice))

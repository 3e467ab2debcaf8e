"""What is wrong with a command line, said in one voice: what it was, and what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.options.durations import SecondsRule
from dpsctl.options.kinds import Kind, kind_of

# How Typer's message about a value goes on, behind the value itself.
_CHOICE = " is not one of "
_NO_NUMBER = " is not "
_TOO_MANY = "Got unexpected extra argument"
_NUMBERS = ("int", "float", "time")
# Other tools' words for what a verb here does.
_SYNONYMS = {
    "add": "create",
    "describe": "show",
    "edit": "update",
    "get": "show",
    "ls": "list",
    "new": "create",
    "remove": "delete",
    "rm": "delete",
    "start": "run",
}
_NO_LOGIN = (
    "Every command says itself whom it asks: --login or --dps-name, their variables, or a context "
    "('dpsctl config set --help')."
)
_LIKE_A_NAME = re.compile("(-[a-z]+)+")
_MOST_GUESSES = 3
_NEAR = 0.7


def usage_error(error: Any) -> UsageError:
    """Turn Typer's complaint about a command line into ours."""
    path = error.ctx.command_path if getattr(error, "ctx", None) else "dpsctl"
    message = str(getattr(error, "format_message", error.__str__)())
    param = getattr(error, "param", None)
    if message.startswith("Usage:"):
        return UsageError(f"'{path}' needs a command.\n\n{message}")
    if message.startswith("Missing") and param is not None:
        return _missing(param, path, getattr(error.ctx.command, "examples", ()))
    if _CHOICE in message and param is not None:
        return _no_such_value(error, param)
    if param is not None and param.type.name.startswith(_NUMBERS):
        return _no_such_number(error, param)
    if message.startswith(_TOO_MANY):
        words = message.partition(" (")[2].removesuffix(".").removesuffix(")")
        return UsageError(
            f"{words!r}: nothing is expected there",
            f"A value with spaces needs quotes. '{path} --help' lists what it takes.",
        )
    context = getattr(error, "ctx", None)  # None for a flag that was given a value
    is_early = hasattr(error, "option_name") and hasattr(
        getattr(context, "command", None), "commands"
    )
    behind = "Options of a command stand behind its name. " if is_early else ""
    return UsageError(message.rstrip("."), f"{behind}'{path} --help' lists what it takes.")


def no_such_option(name: str, options: Mapping[str, Any], path: str) -> UsageError:
    """Name what was probably meant; a secret that sticks to its option is not repeated."""
    known = [option for option in options if option.startswith("--")]
    meant = [option for option in known if option.startswith(name)]
    help_line = f"'{path} --help' lists what it takes."
    for option in known:
        if not meant and Kind.SECRET in kind_of(options[option]) and name.startswith(option):
            rest = name.removeprefix(option)
            if not _LIKE_A_NAME.fullmatch(rest):
                return UsageError(f"{option} and its value need a space or '=' between them")
            return UsageError(
                f"No such option: {name}", f"{option} @FILE reads it from a file. {help_line}"
            )
    spelled = {option: param.opts[0] for option, param in options.items()}
    ask = did_you_mean(name, known, meant, spelled)
    return UsageError(f"No such option: {name}.{ask}", help_line)


def no_such_command(name: str, known: Iterable[str], path: str) -> UsageError:
    """Name what was probably meant by the word *name* behind *path*."""
    if name in {"login", "init"} and path == "dpsctl":
        return UsageError(f"No such command '{name}'.", _NO_LOGIN)
    ask = did_you_mean(name, known, {_SYNONYMS.get(name, "")}.intersection(known))
    return UsageError(f"No such command '{name}'.{ask}", f"'{path} --help' lists what it takes.")


def did_you_mean(
    word: str,
    known: Iterable[str],
    meant: Iterable[str] = (),
    spelled: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Ask whether *meant*, or what *word* resembles, was meant; say nothing if there is neither.

    A wrong guess is worse than none: what is mistyped begins as it should, or is a part of it. Of
    many names for a few things the first ones are asked for, as *spelled* has them.
    """
    from difflib import SequenceMatcher

    def is_near(each: str) -> bool:
        name = each.lower().strip("-")
        has_part = len(bare) > 2 and bare in name.split("-")
        return has_part or (
            name[0] == bare[0] and SequenceMatcher(None, bare, name).ratio() >= _NEAR
        )

    bare = word.lower().strip("-")
    close = sorted(meant) or (sorted(each for each in known if is_near(each)) if bare else [])
    if len(close) > _MOST_GUESSES:
        close = sorted({spelled.get(each, each) for each in close})
    is_clear = 0 < len(close) <= _MOST_GUESSES
    return f" Did you mean {' or '.join(close)}?" if is_clear else ""


def _missing(param: Any, path: str, examples: Sequence[str]) -> UsageError:
    from dpsctl.frame.descriptions import choices_of

    name = (
        " / ".join(param.opts) if param.param_type_name == "option" else param.human_readable_name
    )
    choices = choices_of(param)
    fitting = (each for each in examples if any(f"{opt} " in each for opt in param.opts))
    if choices:
        hint = f"It takes {', '.join(choices)}."
    elif example := next(fitting, ""):
        hint = f"Write it so: {example}"
    else:
        hint = f"'{path} --help' lists what it takes."
    return UsageError(f"{name} is missing", hint)


def _no_such_value(error: Any, param: Any) -> UsageError:
    """Say which words *param* accepts; Typer writes them in lower case."""
    from dpsctl.frame.descriptions import choices_of

    value = _value_before(_CHOICE, error.message)
    choices = choices_of(param)
    ask = did_you_mean(value, choices).lstrip()
    return UsageError(
        f"{_source_of(error, param)} {value}: no such value",
        f"{ask} It takes {', '.join(choices)}.".lstrip(),
    )


def _no_such_number(error: Any, param: Any) -> UsageError:
    """Say which numbers, or times, *param* accepts; Typer speaks of types."""
    rule = getattr(param.type, "func", None)
    if isinstance(rule, SecondsRule):
        return UsageError(f"{_source_of(error, param)} {error.message}: no such time", rule.hint)
    kind = "a whole number" if param.type.name.startswith("int") else "a number"
    least, most = getattr(param.type, "min", None), getattr(param.type, "max", None)
    bounds = "" if least is None else f" of {least} or more"
    if most is not None:
        bounds = f" from {least} to {most}"
    return UsageError(
        f"{_source_of(error, param)} {_value_before(_NO_NUMBER, error.message)}: no such number",
        f"Give {kind}{bounds}.",
    )


def _value_before(rest: str, message: str) -> str:
    """Take the value out of Typer's *message*, which quotes a text and not a number."""
    from ast import literal_eval

    value = message.rpartition(rest)[0]
    return str(literal_eval(value)) if value.startswith(("'", '"')) else value


def _source_of(error: Any, param: Any) -> str:
    """Name the option or the variable that gave *param* its value."""
    source = error.ctx.get_parameter_source(param.name) if error.ctx else None
    if getattr(source, "name", "") == "ENVIRONMENT":
        return str(param.envvar)
    return str(param.opts[0] if param.param_type_name == "option" else param.human_readable_name)

"""Groups of options: spread over a command line, and gathered again from what was parsed."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, get_type_hints

import typer

from dpsctl.options.connection import Sources, Typed
from dpsctl.run import Run

_TYPED = "COMMANDLINE"


def gather_connection(options: Any, values: dict[str, Any], ctx: typer.Context) -> Any:
    """Gather how to connect; who is named on the command line beats who the environment names."""
    typed = {name for name in ("login", "dps_name", "context") if _origin(name, ctx) == _TYPED}
    hidden = {"login", "dps_name"} - typed if typed else ()
    login = {"login": Typed(values["login"])} if "login" in typed else {}
    return gather(options, {**values, **dict.fromkeys(hidden), **login})


def sources_of(ctx: typer.Context, run: Run) -> Sources:
    """Name the flag or the variable that gave each option its value."""
    sources = Sources()
    for param in ctx.command.params:
        origin = _origin(str(param.name), ctx)
        if origin == _TYPED:
            sources[str(param.name)] = param.opts[0]
        elif origin == "ENVIRONMENT":
            names = [param.envvar] if isinstance(param.envvar, str) else param.envvar or []
            sources[str(param.name)] = next(name for name in names if run.environ.get(name))
    return sources


def _origin(name: str, ctx: typer.Context) -> str:
    return getattr(ctx.get_parameter_source(name), "name", "")


def gather(group: Any, values: Mapping[str, Any]) -> Any:
    """Make the option group *group*, and the groups in it, of the parsed values."""
    hints = _hints_of(group)
    return group(
        **{
            item.name: gather(hints[item.name], values)
            if is_dataclass(hints[item.name])
            else values[item.name]
            for item in fields(group)
        }
    )


@cache
def _hints_of(group: Any) -> dict[str, Any]:
    """Read a group's annotations, once: each is an expression that makes an option."""
    return get_type_hints(group, include_extras=True)


def parameters_of(group: Any) -> Iterator[inspect.Parameter]:
    """Yield a parameter for each option of *group*, and of the groups in it."""
    hints = _hints_of(group)
    for item in fields(group):
        if is_dataclass(hints[item.name]):
            yield from parameters_of(hints[item.name])
        else:
            yield keyword_parameter(item.name, hints[item.name], item.default)


def keyword_parameter(
    name: str, annotation: Any, default: Any = inspect.Parameter.empty
) -> inspect.Parameter:
    """Make the parameter of one option."""
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def give_signature(function: Any, parameters: Sequence[inspect.Parameter]) -> None:
    """Make Typer see *parameters* in place of the function's own."""
    unique = {parameter.name: parameter for parameter in parameters}
    function.__signature__ = inspect.Signature(list(unique.values()))
    function.__annotations__ = {name: item.annotation for name, item in unique.items()}

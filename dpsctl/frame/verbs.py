"""Verbs and nouns, and a verb's way: option groups in, a service in, the result shown.

A command is a plain function. Its parameters say what it needs: an option (`Annotated[...]`),
a group of options (a frozen dataclass of them or of groups, spread over the command line and
gathered again),
or something of the run (`DpsService`, `Run`). It returns data, an iterator or an `Outcome`.
"""

from __future__ import annotations

import gc
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, get_origin, get_type_hints

import typer
from typer.main import get_command

from dpsctl.frame.arguments import Command, Group
from dpsctl.frame.deadline import ending_after
from dpsctl.frame.option_groups import (
    gather,
    gather_connection,
    give_signature,
    keyword_parameter,
    parameters_of,
    sources_of,
)
from dpsctl.frame.showing import View, compiled, show_result
from dpsctl.machine import process
from dpsctl.options.connection import Connection, Display, ReportOutput, Sources
from dpsctl.options.records import DryRun, ShowKeys, Watch
from dpsctl.options.words import ErrorFormat, Toggle
from dpsctl.run import READER_WENT_AWAY, Run
from dpsctl.service.contract import Purpose, Service

if TYPE_CHECKING:
    from dpsctl.output.query import CompiledQuery

_PLAIN: dict[str, Any] = {
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "add_completion": False,
}


@dataclass(eq=False, repr=False)
class Verb:
    """A command as `@verb(...)` declares it, beside its function.

    *writes* adds `--dry-run`; *holds_keys* adds `--show-keys`, without which the result is shown
    without symmetric keys; *columns* are a table's titles and their JMESPath; an example is a
    command line; *context_settings* are Typer's. A verb that *is_report* writes its result for
    people too: as text and markdown. One that *can_watch* has `--watch`, which calls it again.
    """

    name: str
    function: Callable[..., Any]
    writes: bool = False
    holds_keys: bool = False
    columns: Mapping[str, str] | None = None
    examples: Sequence[str] = ()
    context_settings: Mapping[str, Any] = field(default_factory=dict)
    default_output: str = "json"
    is_report: bool = False
    can_watch: bool = False

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    def build(self) -> Command:
        """Make the command that Typer runs."""
        app = typer.Typer(**_PLAIN)
        make = app.command(
            self.name,
            cls=Command,
            help=inspect.getdoc(self.function),
            context_settings=dict(self.context_settings),
        )
        make(_Call(self).as_callback())
        command: Command = get_command(app)  # type: ignore[assignment] # cls says so
        command.examples = tuple(self.examples)
        return command


def verb(name: str | None = None, **traits: Any) -> Callable[[Callable[..., Any]], Verb]:
    """Declare the decorated function as a verb, named after it unless *name* is given.

    *traits* are the other fields of `Verb`. The noun that has the verb lists it.
    """

    def declare(function: Callable[..., Any]) -> Verb:
        return Verb(name or function.__name__, function, **traits)

    return declare


@dataclass(eq=False, repr=False)
class Noun:
    """A list of verbs, and of nouns under this one."""

    name: str
    summary: str
    members: Sequence[Verb | Noun]

    @property
    def examples(self) -> list[str]:
        """An example of each verb, the noun's own first; two of them if there is but one."""
        members = sorted(self.members, key=lambda member: isinstance(member, Noun))
        each = 1 if len(members) > 1 else 2
        return [example for member in members for example in member.examples[:each]]

    def build(self) -> Group:
        """Make the group that Typer runs; its verbs are built when they are called."""
        members = sorted(self.members, key=lambda member: isinstance(member, Noun))
        verbs = [member for member in members if isinstance(member, Verb)]
        group = build_group(self.name, self.summary, Members({one.name: one for one in members}))
        # Those of its own verbs, two at least; a noun of nothing but nouns shows theirs.
        group.examples = tuple(self.examples[: max(len(verbs), 2) if verbs else None])
        return group


class Members(dict[str, Any]):
    """Commands by name, built when one is asked for."""

    def get(self, name: str, default: Any = None) -> Any:
        """Build the command *name*, if there is one."""
        return self[name].build() if name in self else default

    def summary(self, name: str) -> str:
        """Say what the command *name* does, without building it."""
        return str(self[name].summary)


def build_group(name: str, summary: str, members: Members, **switches: Any) -> Group:
    """Make a group of *members* that takes the display options in front of the verb.

    *switches* are further options of the group, annotated, off unless given.
    """
    app = typer.Typer(name=name, cls=Group, help=summary, no_args_is_help=True, **_PLAIN)

    def accept(**_: Any) -> None:
        """Take the options; the verb reads them again."""

    own = [keyword_parameter(switch, hint, default=False) for switch, hint in switches.items()]
    parameters = [*own, *parameters_of(Display)]
    give_signature(accept, parameters)
    app.callback()(accept)
    group: Group = get_command(app)  # type: ignore[assignment] # cls says so
    group.commands = members
    return group


class _Call:
    """One verb's way from parsed options to a shown result."""

    def __init__(self, verb: Verb) -> None:
        self.verb = verb
        self.hints = get_type_hints(verb.function, include_extras=True)
        self.wanted = {
            name: self.hints[name] for name in inspect.signature(verb.function).parameters
        }

    def as_callback(self) -> Callable[..., int]:
        """Return the function that Typer calls, with every option spread over its signature."""

        def callback(ctx: typer.Context, **values: Any) -> int:
            return self.run(ctx, values)

        context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        give_signature(callback, [context, *self.parameters()])
        return callback

    def parameters(self) -> Iterator[inspect.Parameter]:
        """Name every option of the command: its own, then those of its kind."""
        own = list(self._own_parameters())
        yield from own
        if self.verb.holds_keys and all(one.name != "show_keys" for one in own):
            yield keyword_parameter("show_keys", ShowKeys, default=None)
        if self.verb.writes:
            yield keyword_parameter("dry_run", DryRun, default=False)
        if self.verb.can_watch:
            yield keyword_parameter("watch", Watch, default=None)
        for hint in self.wanted.values():
            if _is_service(hint):
                yield from parameters_of(hint.options)
        for parameter in parameters_of(Display):
            is_output = self.verb.is_report and parameter.name == "output"
            yield keyword_parameter("output", ReportOutput, None) if is_output else parameter

    def _own_parameters(self) -> Iterator[inspect.Parameter]:
        declared = inspect.signature(self.verb.function).parameters
        for name, hint in self.wanted.items():
            if is_dataclass(hint) and hint is not Run:
                yield from parameters_of(hint)
            elif get_origin(hint) is Annotated:
                yield keyword_parameter(name, hint, declared[name].default)

    def run(self, ctx: typer.Context, values: dict[str, Any]) -> int:
        """Gather, connect, call and show."""
        run = ctx.find_object(Run) or Run({})
        process.begin_work()
        display = gather(Display, values)
        run.debug, run.verbose, run.quiet = display.debug, display.verbose, display.only_show_errors
        run.in_json = display.error_format is ErrorFormat.json
        run.warn_of_command_line()
        run.say_what_is_waited_for()
        query = compiled(display.query)
        if self.verb.holds_keys and query is not None and query.names_keys:
            values["show_keys"] = Toggle.true
        view = self._view(display, query, keys=values.get("show_keys") == Toggle.true)
        view.format(run)
        try:
            with ending_after(values.get("deadline")):
                given = {name: self._value(name, values, ctx, run) for name in self.wanted}
                if not gc.isenabled():  # what is loaded by now stays, not searched for garbage
                    gc.freeze()
                    gc.enable()
                return self._shown(given, view, values.get("watch"), run)
        except BrokenPipeError:  # Typer would make it exit code 1
            return READER_WENT_AWAY
        finally:
            run.waiting.close()

    def _shown(self, given: dict[str, Any], view: View, every: float | None, run: Run) -> int:
        if every is None:
            return show_result(self.verb.function(**given), view, run)
        from dpsctl.frame.watching import watch

        for service in given.values():
            if isinstance(service, Service):
                service.keep_pace()
        return watch(lambda: self.verb.function(**given), view, every, run)

    def _view(self, display: Display, query: CompiledQuery | None, *, keys: bool) -> View:
        return View(
            display=display,
            query=query,
            columns=self.verb.columns,
            default_format=self.verb.default_output,
            is_report=self.verb.is_report,
            holds_keys=self.verb.holds_keys,
            keys=keys,
        )

    def _value(self, name: str, values: dict[str, Any], ctx: typer.Context, run: Run) -> Any:
        hint = self.wanted[name]
        if hint is Run:
            return run
        if hint is Group:
            return ctx.find_root().command
        if _is_service(hint):
            options = gather_connection(hint.options, values, ctx)
            connect = import_module(hint.connector).connect
            return connect(options, run, self._purpose(values))
        if hint is Connection:
            return gather_connection(Connection, values, ctx)
        if hint is Sources:
            return sources_of(ctx, run)
        return gather(hint, values) if is_dataclass(hint) else values[name]

    def _purpose(self, values: Mapping[str, Any]) -> Purpose:
        """Say what the command will do; keys are shown only to those who may write."""
        writes = self.verb.writes or values.get("show_keys") == Toggle.true
        return Purpose(writes, values.get("dry_run", False))


def _is_service(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Service)

"""Command lines in az's shapes, rewritten into those that Typer reads.

az knows three shapes that Typer lacks: a flag with an optional value (`--edge-enabled`,
`--edge-enabled false`), an option with several values (`--iot-hubs a b`) and `@file` for any
value. What an option takes, its kind says.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from typer import Context, echo
from typer.core import TyperCommand, TyperGroup, TyperOption

from dpsctl.errors import UsageError
from dpsctl.frame.renamed import current_command, current_options
from dpsctl.machine.permissions import exposure
from dpsctl.options.checks import refuse_controls
from dpsctl.options.kinds import Kind, Words, kind_of
from dpsctl.run import Run
from dpsctl.text.values import added_up, expand_file_reference

_LEADING = "dpsctl.leading"
_BASE64 = re.compile(r"[A-Za-z0-9+/]{60,}={0,2}")


def _show_whole_help(ctx: Any, _param: Any, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        echo(ctx.command.get_help(ctx, whole=True))
        ctx.exit()


_WHOLE_HELP = TyperOption(
    param_decls=["--help-all"],
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_whole_help,
)


class Command(TyperCommand):
    """A command that reads az's argument shapes; its help ends with *examples*."""

    examples: tuple[str, ...] = ()

    def get_params(self, ctx: Any) -> list[Any]:
        """Add what every command takes besides its own options."""
        return [*super().get_params(ctx), _WHOLE_HELP]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Rewrite *args*, after the global options given before the command's name."""
        given = [*ctx.meta.pop(_LEADING, []), *args]
        rest = super().parse_args(ctx, _Words(self, ctx).rewritten(given))
        for param in self.get_params(ctx):
            refuse_controls(param.opts[0], ctx.params.get(str(param.name)), kind_of(param))
        return rest

    def get_help(self, ctx: Any, *, whole: bool = False) -> str:
        """Write the help: plain, under headings, the examples last; *whole* is --help-all."""
        from dpsctl.frame.help_page import help_page

        return help_page(self, ctx.command_path, whole=whole)


class Group(TyperGroup):
    """A noun; global options before the verb are handed on to the verb."""

    examples: tuple[str, ...] = ()

    def get_params(self, ctx: Any) -> list[Any]:
        """Add what every noun takes besides its own options."""
        return [*super().get_params(ctx), _WHOLE_HELP]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep the options in front of the verb: the verb reads them first, so later ones win.

        `NOUN help VERB` is `NOUN VERB --help`.
        """
        if args[:1] == ["help"] and "help" not in self.commands:
            args = [*args[1:], "--help"]
        if not ctx.resilient_parsing:
            _, rest, _ = self.make_parser(ctx).parse_args(args=list(args))
            leading = args[: len(args) - len(rest)]
            ctx.meta.setdefault(_LEADING, []).extend(word for word in leading if word != "--")
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; say what may have been meant if there is none."""
        if ctx.parent is None:
            args = current_command(args, ctx.find_object(Run))
        if args[0] not in self.commands:
            from dpsctl.frame.az_lines import complaint
            from dpsctl.frame.complaints import no_such_command

            known = self.list_commands(ctx)
            path = ctx.command_path
            raise complaint(path, args, known) or no_such_command(args[0], known, path)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Typer's signature
        """Name the commands that help shows, without building them."""
        return [name for name in self.commands if not name.startswith("_")]

    def get_help(self, ctx: Any, *, whole: bool = False) -> str:
        """Write the help, a line a command from the table of commands: none of them is built."""
        from dpsctl.frame.help_page import help_page

        members: Any = self.commands
        shown = [(name, members.summary(name)) for name in self.list_commands(ctx)]
        return help_page(self, ctx.command_path, shown, whole=whole)


class _Words:
    """One command line being rewritten."""

    def __init__(self, command: TyperCommand, ctx: Context) -> None:
        self.options = {name: param for param in command.get_params(ctx) for name in param.opts}
        self.path = ctx.command_path
        self.interspersed = ctx.allow_interspersed_args
        self.run = ctx.find_object(Run)
        self.waiting: deque[str] = deque()
        self.added: dict[str, Sequence[str]] = {}

    def rewritten(self, args: Iterable[str]) -> list[str]:
        """Return the words as Typer reads them; every value stands behind its option's `=`."""
        self.waiting = deque(current_options(list(args), self.options, self.run))
        words: list[str] = []
        while self.waiting:
            word = self.waiting.popleft()
            if word == "--" or not (self.interspersed or word.startswith("-")):
                return [*words, word, *self.waiting]
            name, value = self._parts_of(word)
            option = self.options.get(name)
            if option is None and word.startswith("--"):
                from dpsctl.frame.complaints import no_such_option

                raise no_such_option(name, self.options, self.path)
            if option is None or getattr(option, "is_flag", False):
                words.append(word)
            else:
                words.extend(self._spelled(option, name, None if value is None else [value]))
        return words

    def _parts_of(self, word: str) -> tuple[str, str | None]:
        """Cut `--option=value`, and `-ovalue` of one letter, into the option and its value."""
        name, equals, value = word.partition("=")
        if name not in self.options and word[:2] in self.options:
            return word[:2], word[2:]
        return name, value if equals else None

    def _spelled(self, option: Any, name: str, values: list[str] | None) -> list[str]:
        kind = kind_of(option)
        if values is None:
            values = self._following(kind, name, option.metavar)
        if Kind.SECRET in kind and self.run is not None:
            _notice(option.opts[0], values, self.run, kind)
        values = [self._expanded(kind, name, value) for value in values]
        if Kind.SECRET in kind and self.run is not None:
            for value in values:
                self.run.masker.add(value)
        if Kind.OBJECT in kind:
            values = [Words(self._added_up(option, name, values)).spelled]
        joint = "=" if name.startswith("--") else ""
        return [part for value in values for part in _together(name, joint, value)]

    def _added_up(self, option: Any, name: str, values: list[str]) -> Sequence[str]:
        """Return all that was given of *option* until now: Typer takes the last."""
        words, has_replaced = added_up(self.added.get(option.name, ()), values, name)
        if has_replaced and self.run is not None:
            self.run.noticed.append(f"{name} is given twice: the second object replaces the first")
        self.added[option.name] = words
        return words

    def _following(self, kind: Kind, name: str, metavar: str | None) -> list[str]:
        """Take the option's values off the waiting words."""
        if Kind.MAY_STAND_ALONE in kind:
            return [self.waiting.popleft()] if self._next_is_value() else ["true"]
        if Kind.FILE in kind and self.waiting:
            _refuse_content(name, kind, self.waiting[0])
        if not self.waiting or not _may_be_value(self.waiting[0], kind):
            raise UsageError(f"{name} needs a value", _value_hint(name, metavar, self.waiting))
        values = [self.waiting.popleft()]
        while Kind.SEVERAL in kind and self._next_is_value():
            values.append(self.waiting.popleft())
        return values

    def _next_is_value(self) -> bool:
        return bool(self.waiting) and not self.waiting[0].startswith("-")

    def _expanded(self, kind: Kind, name: str, value: str) -> str:
        if Kind.FILE in kind:
            value = value.removeprefix("@")
            _refuse_content(name, kind, value)
        elif value == "-" and kind & (Kind.SECRET | Kind.OBJECT):
            raise UsageError(f"{name} -: that is no value", f"{name} @- reads standard input.")
        elif self.run is not None and Kind.LITERAL not in kind:
            value = expand_file_reference(value, name, self.run.stdin)
        if not value.strip() and Kind.MAY_BE_EMPTY not in kind:
            raise UsageError(f"{name}: the value is empty", "Leave the option out, or fill it in.")
        if Kind.FILE not in kind and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise UsageError(f"{name}: the value is not UTF-8 text")
        return value


def _notice(flag: str, secrets: list[str], run: Run, kind: Kind) -> None:
    """Keep what may have to be said of the way that secrets were given."""
    for secret in secrets:
        if not secret.startswith("@"):
            run.typed_secrets.append(flag)
        if Kind.FILE not in kind:  # whoever reads that says it
            run.noticed += filter(None, [exposure(secret, f"{flag} {secret}")])


def _together(name: str, joint: str, value: str) -> list[str]:
    return [f"{name}={value}"] if joint else [name, value]


def _refuse_content(name: str, kind: Kind, value: str) -> None:
    """Refuse a PEM or base64 text where its file is meant; a path may look like base64 too."""
    if Kind.LINES in kind:
        return
    if "-----BEGIN" in value or "\n" in value:
        what = "the text of a file"
    elif _BASE64.fullmatch(value) and not os.path.exists(value):  # noqa: PTH110 - pathlib: 12 ms
        what = "base64"
    else:
        return
    raise UsageError(
        f"{name}: that is {what}, and no path", "Name the file; - reads it from standard input."
    )


def _may_be_value(word: str, kind: Kind) -> bool:
    """Tell a value from an option: `-` is standard input, and -1 is a number, as with az."""
    if Kind.FILE | Kind.LINES in kind and word.startswith("-----BEGIN "):
        return True
    return not word.startswith("-") or word == "-" or word[1:].replace(".", "", 1).isdecimal()


def _value_hint(name: str, metavar: str | None, waiting: deque[str]) -> str:
    if not waiting or waiting[0].startswith("--"):
        return f"Write {name} {metavar or 'VALUE'}."
    joint = "=" if name.startswith("--") else ""
    return f"A value that starts with a dash is written {name}{joint}VALUE."

"""How help looks: plain, under headings, aligned at the width of the terminal."""

from __future__ import annotations

import inspect
import shutil
import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from dpsctl.frame.descriptions import ArgumentPage, OptionPage, arguments_of, options_of

_WIDEST = 80
# A terminal that is narrower has no room for two columns.
_NARROW = 60
_INDENT = 2
_COLUMN = 30
_DEEP = 6

Entry = tuple[str, str]
# Headings of what nearly every command takes alike, and the topics that tell it once.
_TOLD_ELSEWHERE = {"Connection": "auth", "Output": "output"}


def help_page(
    command: Any, path: str, members: Iterable[Entry] = (), *, whole: bool = False
) -> str:
    """Write the help of *command*; *members* are a group's commands and what they do.

    Options that a topic tells of are one line together, unless the *whole* is asked for.
    """
    width = width_of_terminal()
    lines = [*_usage(command, path, width), "", *_description(command.help or "", width)]
    elsewhere = []
    for heading, entries in _sections(command, list(members), width):
        if heading in _TOLD_ELSEWHERE and not whole:
            elsewhere.append(f"{heading}: 'dpsctl help {_TOLD_ELSEWHERE[heading]}',")
        else:
            lines += ["", f"{heading}:", *_table(entries, width)]
    if elsewhere:
        lines += ["", *_wrapped(f"{' '.join(elsewhere)} all: --help-all.", width, 0)]
    if command.examples:
        # Each whole on its line: people copy them.
        lines += ["", "Examples:", *(f"{'':{_INDENT}}{line}" for line in command.examples)]
    return "\n".join(lines)


def width_of_terminal() -> int:
    """Measure the terminal, as COLUMNS or the system says; longer lines read badly."""
    return min(shutil.get_terminal_size().columns, _WIDEST)


def _usage(command: Any, path: str, width: int) -> list[str]:
    words = ["Usage:", path, "[OPTIONS]", *(argument.usage for argument in arguments_of(command))]
    if hasattr(command, "commands"):
        words.append("COMMAND")
    usage = " ".join(words)
    return textwrap.wrap(usage, width, subsequent_indent=" " * _DEEP, break_long_words=False)


def _description(text: str, width: int) -> Iterator[str]:
    for number, paragraph in enumerate(inspect.cleandoc(text).split("\n\n")):
        if number:
            yield ""
        yield from _wrapped(" ".join(paragraph.split()), width, _INDENT)


def _sections(
    command: Any, members: list[Entry], width: int
) -> Iterator[tuple[str, Iterable[Entry]]]:
    if members:
        yield "Commands", members
    arguments = arguments_of(command)
    if arguments:
        yield "Arguments", [(argument.name, _about(argument)) for argument in arguments]
    for heading, options in groupby(options_of(command), lambda option: option.heading):
        yield heading, [_entry(option, width) for option in options]


def _about(argument: ArgumentPage) -> str:
    return f"{argument.help} {_one_of(argument.choices)}".strip()


def _entry(option: OptionPage, width: int) -> Entry:
    """Spell an option, and say what it does; words that find no room on the left stand there."""
    value = option.value or (f"<{'|'.join(option.choices)}>" if option.choices else "")
    spelled = f"{', '.join(option.names)} {value}".strip()
    if option.value or not option.choices or len(spelled) + _INDENT <= width:
        return spelled, f"{option.help}{_facts(option)}"
    spelled = f"{', '.join(option.names)} VALUE"
    return spelled, f"{option.help} {_one_of(option.choices)}{_facts(option)}"


def _one_of(choices: Iterable[str]) -> str:
    listed = ", ".join(choices)
    return f"One of {listed}." if listed else ""


def _facts(option: OptionPage) -> str:
    facts = [
        "required" if option.required else "",
        option.limits,
        f"default: {option.default}" if option.default else "",
        f"env: {', '.join(option.envvars)}" if option.envvars else "",
    ]
    said = "; ".join(filter(None, facts))
    return f" [{said}]" if said else ""


def _table(entries: Iterable[Entry], width: int) -> Iterator[str]:
    """Write terms on the left and their meaning beside them, or under them where that is narrow."""
    column = _DEEP if width < _NARROW else _COLUMN
    for term, meaning in entries:
        terms = _wrapped(term, width, _INDENT)
        meanings = _wrapped(meaning, width, column)
        if len(terms[-1]) + _INDENT <= column and meanings:
            terms[-1] = f"{terms[-1]:{column}}{meanings.pop(0).lstrip()}"
        yield from (*terms, *meanings)


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )

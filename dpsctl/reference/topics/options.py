"""The options under one heading of all commands, as terms of a topic."""

from __future__ import annotations

from collections.abc import Iterable

from dpsctl.frame.descriptions import OptionPage
from dpsctl.reference.topics.page import Entry
from dpsctl.reference.tree import CommandPage


def options_under(heading: str, pages: Iterable[CommandPage]) -> tuple[Entry, ...]:
    """Name each option that any command has under *heading*, once however commands spell it."""
    entries: list[Entry] = []
    told: set[str] = set()
    for option in (option for page in pages for option in page.options):
        spelled = {name for name in option.names if name.startswith("--")}
        if option.heading == heading and not spelled & told:
            told |= spelled
            entries.append(_entry(option))
    return tuple(entries)


def _entry(option: OptionPage) -> Entry:
    value = option.value or (f"<{'|'.join(option.choices)}>" if option.choices else "")
    variables = f" [env: {', '.join(option.envvars)}]" if option.envvars else ""
    return f"{', '.join(option.names)} {value}".strip(), f"{option.help}{variables}"

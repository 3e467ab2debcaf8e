"""Spellings that az has deprecated and still takes, read as what took their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.run import Run

_COMMANDS = {
    "compute-device-key": ("enrollment-group", "compute-device-key"),
    "registration": ("enrollment-group", "registration"),
}
# The words that say the same; the last one takes the value.
_OPTIONS = {
    "--device-info": ("--device-information",),
    "--credential-policy-name": ("--adr-cert-policy-name",),
    "--cpn": ("--adr-cert-policy-name",),
    "--iot-hub-host-name": ("--allocation-policy=static", "--iot-hubs"),
    "--hn": ("--allocation-policy=static", "--iot-hubs"),
}


def current_command(words: Sequence[str], run: Run | None) -> list[str]:
    """Return *words*, which follow the program's name, with the command's name of today."""
    name, *rest = words
    if name not in _COMMANDS:
        return list(words)
    new = _COMMANDS[name]
    _warn(f"'dpsctl {name}'", f"'dpsctl {' '.join(new)}'", run)
    return [*new, *rest]


def current_options(words: Sequence[str], options: Mapping[str, Any], run: Run | None) -> list[str]:
    """Return a command's *words* with the names that its *options* have today.

    Raises UsageError where an option is given by its old name and its new one.
    """
    current: list[str] = []
    for place, word in enumerate(words):
        if word == "--":
            return [*current, *words[place:]]
        name, equals, value = word.partition("=")
        new = _OPTIONS.get(name, ())
        if name in options or not new or new[-1] not in options:
            current.append(word)
            continue
        _refuse_both(name, new, words, options)
        _warn(name, " ".join(new).replace("=", " "), run)
        current += [*new[:-1], f"{new[-1]}{equals}{value}"]
    return current


def _refuse_both(
    name: str, new: Sequence[str], words: Sequence[str], options: Mapping[str, Any]
) -> None:
    given = {word.partition("=")[0] for word in words}
    for option in (word.partition("=")[0] for word in new):
        if given.intersection(options[option].opts):
            raise UsageError(
                f"{name} and {option} exclude each other",
                f"{name} is an old spelling of {' '.join(new).replace('=', ' ')}: leave it out.",
            )


def _warn(old: str, new: str, run: Run | None) -> None:
    if run is not None:
        run.noticed.append(f"{old} is deprecated: write {new}")

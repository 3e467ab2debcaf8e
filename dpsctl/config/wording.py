"""What a context may say, setting by setting, and how each is judged."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.options.durations import SecondsRule
from dpsctl.options.words import AuthType, CloudName, OutputFormat

LOGIN_REFERENCES = ("login_env", "login_file", "login_command")
# The addresses that a context may give, and the variables that give them too, and win.
ADDRESSES = {
    "endpoint_url": "DPSCTL_ENDPOINT_URL",
    "device_endpoint_url": "DPSCTL_DEVICE_ENDPOINT_URL",
    "arm_url": "DPSCTL_ARM_URL",
}
# What is said of the one service of the context, and of no other that somebody names.
OF_THE_SERVICE = ("dps_name", *LOGIN_REFERENCES, "id_scope", *ADDRESSES, "ca_bundle")
_TIME = SecondsRule(0.1)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise ValueError(text)
    return int(text)


# What a context may say: any text (None), one of some words, or what a function reads.
_WORDS: dict[str, type[StrEnum]] = {
    "auth_type": AuthType,
    "cloud": CloudName,
    "output": OutputFormat,
}
SETTINGS: dict[str, Callable[[str], Any] | None] = {
    **dict.fromkeys(OF_THE_SERVICE),
    "resource_group": None,
    "subscription": None,
    "service_api_version": None,
    **_WORDS,
    "timeout": _TIME,
    "retries": _count,
    "central_app": None,
}
_HINTS = {"timeout": _TIME.hint, "retries": "Give 0 or more."}
_VARIABLE = re.compile("[A-Za-z_][A-Za-z0-9_]*")


def check_setting(name: str, value: Any, source: str) -> Any:
    """Return *value* as the setting *name* takes it. Raises UsageError naming *source*."""
    if name not in SETTINGS:
        from difflib import get_close_matches

        near = get_close_matches(name, SETTINGS, 1)
        advice = f"Did you mean {near[0]}? " if near else ""
        secrets = "A secret is only named here: login_env, login_file or login_command. "
        raise UsageError(
            f"{source}: there is no such setting",
            f"{secrets if name == 'login' else advice}Settings are {', '.join(SETTINGS)}.",
        )
    if name == "login_command" and isinstance(value, list) and value:
        value = [str(word) for word in value]
        _refuse_secrets(name, value, source)
        return value
    if isinstance(value, bool | list | dict | None) or not str(value).strip():
        raise UsageError(f"{source}: wanted a text", f"Write {name}: TEXT.")
    _refuse_secrets(name, [str(value)], source)
    return _read(name, str(value), source)


def _read(name: str, text: str, source: str) -> Any:
    read = SETTINGS[name]
    if read is None:
        return text
    try:
        known = read(text.lower())
    except ValueError:
        known = None
    if known is None and name in _HINTS:
        raise UsageError(f"{source}: {text[:40]!r} is none", _HINTS[name])
    if known is None:
        words = ", ".join(str(word) for word in _WORDS[name])
        raise UsageError(f"{source}: {text[:40]!r} is none of {words}", "Use one of these.")
    return str(known) if isinstance(known, StrEnum) else known


def _refuse_secrets(name: str, words: list[str], source: str) -> None:
    """Refuse the secret itself where only its place is to be named. Raises UsageError."""
    from dpsctl.masking import mask_keys, mask_looks

    is_path = name in ("login_file", "login_command")  # a long one looks like a key
    if any(mask_looks(word) != word or (not is_path and mask_keys(word) != word) for word in words):
        raise UsageError(
            f"{source}: that looks like a secret, and none is kept here",
            "Name where it is: login_env=VARIABLE, login_file=FILE or login_command=COMMAND.",
        )
    if name == "login_env" and not _VARIABLE.fullmatch(words[0]):
        raise UsageError(
            f"{source}: that is no name of a variable",
            "Name the variable that holds the connection string, such as login_env=LAB_LOGIN.",
        )


def check_one_login(settings: Mapping[str, Any]) -> None:
    """Refuse *settings* of a context that name several connection strings. Raises UsageError."""
    named = [name for name in LOGIN_REFERENCES if name in settings]
    if len(named) > 1:
        raise UsageError(
            f"{' and '.join(named)}: a context names one connection string",
            f"'dpsctl config unset {named[0]}' removes one of them.",
        )

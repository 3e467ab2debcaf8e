"""Rules about the value of a single option, asked while the command line is read.

Each is a Typer callback: it returns the value or raises UsageError. None means not given.
"""

from __future__ import annotations

from collections.abc import Callable

from dpsctl import keys
from dpsctl.errors import UsageError

_ID_RULE = "Use letters, digits and - . _ : and end in a letter, a digit or '-'."
_KEY_RULE = "Give base64 of 16 to 64 bytes."


def id_rule(flag: str, what: str) -> Callable[[str | None], str | None]:
    """Return the check that an id is one the service could have (facts.md B8)."""

    def check(value: str | None) -> str | None:
        if value is not None:
            try:
                keys.check_id(value, what)
            except keys.IdFormatError as error:
                raise UsageError(f"{flag}: {error}", _ID_RULE) from None
        return value

    return check


def base64_rule(flag: str) -> Callable[[str | None], str | None]:
    """Return the check that a value is base64 of something."""

    def check(value: str | None) -> str | None:
        if value is not None:
            try:
                keys.decode_key(value)
            except keys.KeyFormatError as error:
                raise UsageError(f"{flag}: {error}", "Give it as base64.") from None
        return value

    return check


def key_rule(flag: str) -> Callable[[str | None], str | None]:
    """Return the check that a key is one the service would take (facts.md B3)."""

    def check(value: str | None) -> str | None:
        if value is not None:
            try:
                complaint = keys.key_length_warning(value)
            except keys.KeyFormatError as error:
                raise UsageError(f"{flag}: {error}", _KEY_RULE) from None
            if complaint:
                raise UsageError(f"{flag}: {complaint}", _KEY_RULE)
        return value

    return check


def top_rule(value: int) -> int:
    """Accept a number of records, or -1 for all of them."""
    if value == 0 or value < -1:
        raise UsageError(f"--top {value}: no such number of records", "Give 1 or more, or -1.")
    return value

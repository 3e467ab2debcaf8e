"""Rules about the value of a single option, asked while the command line is read.

Each is a Typer callback: it returns the value or raises UsageError. None means not given.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from dpsctl import keys
from dpsctl.errors import UsageError
from dpsctl.options.durations import seconds_in
from dpsctl.options.kinds import Kind

# docs/service.md#j1
NAMESPACE = re.compile("[a-z0-9][a-z0-9-]*[a-z0-9]")
REGISTRY_NAME = re.compile("[0-9a-zA-Z][a-zA-Z0-9-]*")
_ID_RULE = "Use letters, digits and - . _ : and end in a letter, a digit or '-'."
_KEY_RULE = "Give base64 of 16 to 64 bytes."
_LONGEST_CENTRAL_ID = 255
_LARGEST_PAGE = 100


def id_rule(flag: str, what: str) -> Callable[[str | None], str | None]:
    """Return the check that an id is one the service could have (docs/service.md#b8)."""

    def check(value: str | None) -> str | None:
        if value is not None:
            try:
                keys.check_id(value, what)
            except keys.IdFormatError as error:
                raise UsageError(f"{flag}: {error}", _ID_RULE) from None
        return value

    return check


def registry_rule(flag: str, what: re.Pattern[str], longest: int) -> Callable[[str | None], Any]:
    """Return the check that a name may be one of the device registry's, or empty (to clear it)."""

    def check(value: str | None) -> str | None:
        if value and not (what.fullmatch(value) and 3 <= len(value) <= longest):
            raise UsageError(
                f"{flag} {value[:80]}: no name of the device registry",
                f"It has 3 to {longest} letters, digits and dashes, no dash first"
                + (" or last, and no capitals." if what is NAMESPACE else "."),
            )
        return value

    return check


def ids_rule(flag: str, what: str) -> Callable[[list[str] | None], list[str] | None]:
    """Return the check that each of several ids is one the service could have."""
    check_one = id_rule(flag, what)

    def check(values: list[str] | None) -> list[str] | None:
        for value in values or []:
            check_one(value)
        return values

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
    """Return the check that a key is one the service would take (docs/service.md#b3)."""

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


def refuse_controls(flag: str, value: Any, kind: Kind) -> None:
    """Refuse control characters in an id, a name or a URL. Raises UsageError.

    A list may be parted by line breaks. Paths may hold anything, and secrets have rules of their
    own.
    """
    if kind & (Kind.LINES | Kind.FILE | Kind.FOLDER | Kind.SECRET):
        return
    kept = "\t\n\r" if Kind.SEVERAL in kind else ""
    for text in value if isinstance(value, list | tuple) else [value]:
        if isinstance(text, str) and any(
            _is_control(letter) for letter in text if letter not in kept
        ):
            raise UsageError(f"{flag}: a control character in {text[:60]!r}", "Leave it out.")


def _is_control(letter: str) -> bool:
    return letter < " " or "\x7f" <= letter <= "\x9f"


def etag_rule(value: str | None) -> str | None:
    """Accept what a header can carry: an etag stands in If-Match, just as it was typed."""
    if value is not None and not (value.isascii() and value.isprintable() and " " not in value):
        raise UsageError("--etag: that is no etag", "Copy it from what 'show' prints.")
    return value


def version_rule(value: str | None) -> str | None:
    """Accept a version as Azure names them: a date, of a preview or not."""
    if value is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d(-preview)?", value):
        raise UsageError(
            f"--service-api-version {value}: versions are dates", "2021-10-01 is one of them."
        )
    return value


def top_rule(value: int) -> int:
    """Accept a number of records, or -1 for all of them."""
    if value == 0 or value < -1:
        raise UsageError(f"--top {value}: no such number of records", "Give 1 or more, or -1.")
    return value


def path_segment_rule(flag: str) -> Callable[[str | None], str | None]:
    """Return the check that an id can stand in a path, percent-encoded: dots alone cannot."""

    def check(value: str | None) -> str | None:
        if value in {".", ".."}:
            raise UsageError(f"{flag} {value}: no record can have this id", "Give its whole id.")
        return value

    return check


def central_id_rule(flag: str, others: str) -> Callable[[str | None], str | None]:
    """Return the check of an id: letters, digits, *others*, 255 at most (docs/service.md#f2)."""

    def check(value: str | None) -> str | None:
        if value is None:
            return None
        if len(value) > _LONGEST_CENTRAL_ID:
            raise UsageError(
                f"{flag}: the id has {len(value)} characters",
                f"At most {_LONGEST_CENTRAL_ID} are allowed.",
            )
        if not all(letter.isascii() and (letter.isalnum() or letter in others) for letter in value):
            allowed = " and ".join(others)
            raise UsageError(f"{flag} {value}: no such id", f"Use letters, digits, {allowed}.")
        return value

    return check


def page_size_rule(value: int | None) -> int | None:
    """Accept a page size of IoT Central."""
    if value is not None and not 1 <= value <= _LARGEST_PAGE:
        raise UsageError(f"--page-size {value}: no such page", f"Give 1 to {_LARGEST_PAGE}.")
    return value


def age_rule(value: str | None) -> str | None:
    """Accept a time with its unit, a second at least, or a date in ISO 8601."""
    if value is not None and (value.isdecimal() or (seconds_in(value) or 0) < 1):
        from datetime import datetime

        try:
            datetime.fromisoformat(value if not value.isdecimal() else "")
        except ValueError:
            raise UsageError(
                f"--older-than {value!r}: neither a time nor a date",
                "Write 90d, 12h or 30m, or a date such as 2026-01-31.",
            ) from None
    return value


def duration_rule(flag: str) -> Callable[[str | None], str | None]:
    """Return the check that a value is a time that `seconds_in` can read, a second at least."""

    def check(value: str | None) -> str | None:
        if value is not None and (seconds_in(value) or 0) < 1:
            raise UsageError(f"{flag} {value!r}: no such time", "Write 90s, 30m, 12h or 7d.")
        return value

    return check

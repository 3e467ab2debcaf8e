"""Calls to a service as data: where they go, what is asked, what came back. Loads nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from dpsctl.errors import ServiceError
from dpsctl.frozen import frozen
from dpsctl.service.hints import Hint, hint_for

SignsAnew = Callable[[ServiceError], bool]


def signs_as_ever(_: ServiceError) -> bool:
    """Say that there is one way to sign alone."""
    return False


@frozen
class Target:
    """Where requests go and how long they may take.

    *timeout* is in seconds; *verify* is a CA file or True for the default ones; *certificate* is
    the caller's own and its private key, two files; *hint* says what to do about a refusal, and
    *signs_anew* of a 401 whether requests are signed in another way from now on. A
    *url* that has to be looked up first is a function; *planned_url* is then what a dry run shows.
    *is_version_chosen* says that somebody asked for the *api_version*: it is the default otherwise.
    """

    url: str | Callable[[], str]
    api_version: str
    is_version_chosen: bool = True
    verify: str | bool = True
    timeout: float = 30.0
    retries: int = 4
    dry_run: bool = False
    planned_url: str | None = None
    certificate: tuple[str, str] | None = None
    hint: Hint = hint_for
    signs_anew: SignsAnew = signs_as_ever


@frozen
class Request:
    """One REST call; *repeatable* ones may be sent again after an answer was lost.

    *query* is percent-encoded and names the api-version; without it, it is the target's. A *path*
    that *is_link* was given by an answer: it has a host and a query of its own. Which *page* of a
    list it asks for, people are told.
    """

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True
    query: str = ""
    media_type: str = "application/json"
    is_link: bool = False
    page: int = 1


@frozen
class Answer:
    """What came back; *may_have_happened* if an earlier try failed after it was sent."""

    status: int
    headers: Mapping[str, str]
    body: Any
    may_have_happened: bool


def header_problem(value: str) -> str | None:
    """Say why no header can carry *value*, without repeating any of it; None if one can."""
    if any(letter in "\r\n" for letter in value):
        return "it has a line break in it"
    if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in value):
        return "it has a control character in it"
    if any(ord(letter) > 0xFF for letter in value):
        return "it has a character in it that HTTP has no place for (outside Latin-1)"
    return None

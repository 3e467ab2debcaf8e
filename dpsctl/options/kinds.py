"""Kinds of values that options take: each sets what help writes for one, and how one is read.

A kind is declared around a panel, or `Option`: `kinds.file(panels.issuer, "--issuer", help="...")`.
Typer knows nothing of kinds, but hands an option's metavar on as it is: the kind travels on that.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Flag, auto
from typing import Any, Self

from dpsctl.options.durations import IntervalRule, SecondsRule

Declare = Callable[..., Any]


class Kind(Flag):
    """What is known of a value; several of these may hold."""

    PLAIN = 0
    MAY_STAND_ALONE = auto()  # the option without a value means `true`
    MAY_BE_EMPTY = auto()  # which clears the field; of all else it is a script's unset variable
    SEVERAL = auto()  # more words than one may follow
    OBJECT = auto()  # all words of an option together are one value
    LINES = auto()  # any text; else it is an id, a name or a URL, without control characters
    LITERAL = auto()  # an `@` in front is the value's own: no file is meant
    FILE = auto()  # a path already, so that an `@` in front adds nothing; with LINES, or its text
    FOLDER = auto()
    SECRET = auto()  # never repeated, and warned of where it is typed
    CONTEXT = auto()
    GROUP_ID = auto()


class Words(tuple[str, ...]):
    """What an option of several words was given, where they are one value, such as of --tags."""

    __slots__ = ()

    @property
    def spelled(self) -> str:
        """The one text that carries the words through Typer, for `parse` to read."""
        import json

        return json.dumps(self)

    @classmethod
    def parse(cls, spelled: str) -> Words:
        """Read the words that `spelled` wrote."""
        import json

        return cls(json.loads(spelled))


class _Metavar(str):
    """What stands for a value in help, with the *kind* of that value."""

    __slots__ = ("kind",)
    kind: Kind

    def __new__(cls, text: str, kind: Kind) -> Self:
        made = super().__new__(cls, text)
        made.kind = kind
        return made


def kind_of(declared: Any) -> Kind:
    """Return the kind of an option or an argument, as it was declared or as Typer made it."""
    kind: Kind = getattr(declared.metavar, "kind", Kind.PLAIN)
    return kind


def toggle(declare: Declare, *names: str, **traits: Any) -> Any:
    """Declare an option whose value, true or false, may be left out; it gives a `Toggle`."""
    metavar = _Metavar("[true|false]", Kind.MAY_STAND_ALONE)
    return declare(*names, metavar=metavar, case_sensitive=False, **traits)


def file(declare: Declare, *names: str, metavar: str = "FILE", **traits: Any) -> Any:
    """Declare an option that takes the path of a file."""
    return declare(*names, metavar=_Metavar(metavar, Kind.FILE), **traits)


def file_or_text(declare: Declare, *names: str, metavar: str = "FILE", **traits: Any) -> Any:
    """Declare an option that takes the path of a file, or what would stand in it."""
    return declare(*names, metavar=_Metavar(metavar, Kind.FILE | Kind.LINES), **traits)


def folder(declare: Declare, *names: str, metavar: str = "FOLDER", **traits: Any) -> Any:
    """Declare an option that takes the path of a folder."""
    return declare(*names, metavar=_Metavar(metavar, Kind.FOLDER), **traits)


def secret(declare: Declare, *names: str, metavar: str = "KEY", **traits: Any) -> Any:
    """Declare an option that takes a secret: it is masked, and warned of on a command line."""
    return declare(*names, metavar=_Metavar(metavar, Kind.SECRET), **traits)


def passphrase(declare: Declare, *names: str, metavar: str = "FILE", **traits: Any) -> Any:
    """Declare an option that takes a passphrase's file; who types the passphrase is covered too."""
    return declare(*names, metavar=_Metavar(metavar, Kind.FILE | Kind.SECRET), **traits)


def several(declare: Declare, *names: str, metavar: str, **traits: Any) -> Any:
    """Declare an option that takes several words and adds up when repeated; it gives a list."""
    return declare(*names, metavar=_Metavar(metavar, Kind.SEVERAL), **traits)


def assignments(declare: Declare, *names: str, metavar: str, **traits: Any) -> Any:
    """Declare an option of several words that say `PATH=VALUE`, where any text may be a value."""
    return declare(*names, metavar=_Metavar(metavar, Kind.SEVERAL | Kind.LINES), **traits)


def words(declare: Declare, *names: str, metavar: str = "OBJECT...", **traits: Any) -> Any:
    """Declare an option whose one value, an object, may be several words; it gives `Words`.

    Repeated, its words add up.
    """
    kind = Kind.SEVERAL | Kind.OBJECT | Kind.MAY_BE_EMPTY | Kind.LINES
    return declare(*names, metavar=_Metavar(metavar, kind), parser=Words.parse, **traits)


def seconds(declare: Declare, *names: str, least: float, **traits: Any) -> Any:
    """Declare an option that takes a time of *least* seconds up to a day; it gives seconds."""
    return declare(*names, metavar="TIME", parser=SecondsRule(least), **traits)


def interval(declare: Declare, *names: str, least: float, alone: float, **traits: Any) -> Any:
    """Declare an option whose value, a time, may be left out and is *alone* then."""
    metavar = _Metavar("[TIME]", Kind.MAY_STAND_ALONE)
    return declare(*names, metavar=metavar, parser=IntervalRule(least, alone), **traits)


def clearable(declare: Declare, *names: str, metavar: str = "[TEXT]", **traits: Any) -> Any:
    """Declare an option whose text may be empty, and may have several lines."""
    return declare(*names, metavar=_Metavar(metavar, Kind.MAY_BE_EMPTY | Kind.LINES), **traits)


def query(declare: Declare, *names: str, metavar: str, **traits: Any) -> Any:
    """Declare an option that takes a query, which may have several lines."""
    return declare(*names, metavar=_Metavar(metavar, Kind.LINES), **traits)


def command(declare: Declare, **traits: Any) -> Any:
    """Declare an argument that is another program's command line, whose words are all its own."""
    return declare(metavar=_Metavar("COMMAND...", Kind.LINES | Kind.LITERAL), **traits)


def jmespath(declare: Declare, *names: str, **traits: Any) -> Any:
    """Declare an option that takes JMESPath, in which `@` is the current node."""
    return declare(*names, metavar=_Metavar("JMESPATH", Kind.LINES | Kind.LITERAL), **traits)


def context(declare: Declare, *names: str, metavar: str, **traits: Any) -> Any:
    """Declare an option or an argument that names a context, for completion to list them."""
    return declare(*names, metavar=_Metavar(metavar, Kind.CONTEXT), **traits)


def group_id(declare: Declare, *names: str, metavar: str = "ID", **traits: Any) -> Any:
    """Declare an option that names an enrollment group, for completion to list them."""
    return declare(*names, metavar=_Metavar(metavar, Kind.GROUP_ID), **traits)


def group_ids(declare: Declare, *names: str, **traits: Any) -> Any:
    """Declare an option that names several enrollment groups; it gives a list."""
    return declare(*names, metavar=_Metavar("ID...", Kind.GROUP_ID | Kind.SEVERAL), **traits)

"""From ids to rows of keys: the work itself, in this process or in those of `--jobs`.

A process of `--jobs` loads this module and `dpsctl.keys`, and nothing else that takes time.
"""

from __future__ import annotations

import marshal
import sys

# `typing` and `collections.abc` would be a third of what such a process takes to start.
from _collections_abc import Iterator

from dpsctl import keys


class Recipe:
    """How to make a row of an id and the device's key.

    *row* is a template for an id and its value, *between* stands between two rows; with *sas*, an
    id scope and a time, the value is a SAS token. A *strict* recipe ends at the first bad id.
    """

    def __init__(
        self, group_key: str, row: str, between: str, sas: tuple[str, int] | None, *, strict: bool
    ) -> None:
        self.group_key = group_key
        self.row = row
        self.between = between
        self.sas = sas
        self.strict = strict


class Rows:
    """The *text* of *made* rows; *bad* ids by their place, each with what is wrong with it."""

    def __init__(self, text: str, made: int, upper_case: int, bad: list[tuple[int, str]]) -> None:
        self.text = text
        self.made = made
        self.upper_case = upper_case
        self.bad = bad


def rows_of(recipe: Recipe, ids: list[str]) -> Rows:
    """Make the rows of *ids*; bad ones have none."""
    bad = [] if keys.ids_are_valid(ids) else _bad_among(ids)
    if bad:
        end = bad[0][0] if recipe.strict else len(ids)
        places = {place for place, _ in bad}
        ids = [text for place, text in enumerate(ids[:end]) if place not in places]
    text = recipe.between.join(map(recipe.row.format, ids, _values(recipe, ids)))
    return Rows(text, len(ids), sum(text != text.lower() for text in ids), bad)


def packed(ids: list[str]) -> str | list[str]:
    """Make one text of *ids*, which travels between processes ten times as fast as their list.

    An id with a line break in it (a bad one) leaves it a list, as no ids at all do.
    """
    text = "\n".join(ids)
    return text if ids and text.count("\n") == len(ids) - 1 else ids


def serve() -> None:
    """Read a recipe and then packed ids from standard input, and write their rows, to its end.

    The format is that of `marshal`, which is loaded anyway: both ends are this very program.
    """
    source, target = sys.stdin.buffer, sys.stdout.buffer
    recipe = Recipe(**marshal.load(source))  # noqa: S302 - from our parent
    while True:
        try:
            ids = marshal.load(source)  # noqa: S302 - as above
        except EOFError:
            return
        rows = rows_of(recipe, ids.split("\n") if isinstance(ids, str) else ids)
        marshal.dump(vars(rows), target)
        target.flush()


def _bad_among(ids: list[str]) -> list[tuple[int, str]]:
    """Find the ids that the service cannot have."""
    bad = []
    for place, text in enumerate(ids):
        try:
            keys.check_registration_id(text)
        except keys.IdFormatError as error:
            bad.append((place, str(error)))
    return bad


def _values(recipe: Recipe, ids: list[str]) -> Iterator[str]:
    device_keys = keys.derive_device_keys(recipe.group_key, ids)
    if recipe.sas is None:
        yield from device_keys
        return
    id_scope, expires_at = recipe.sas
    for text, key in zip(ids, device_keys, strict=True):
        yield keys.sas_token(f"{id_scope}/registrations/{text}", key, expires_at, "registration")

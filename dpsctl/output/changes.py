"""What has changed between one look at records and the next."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from dpsctl.errors import DpsctlError
from dpsctl.output.query import as_items
from dpsctl.output.shell import name_of

Key = tuple[str, int]
_WHOLE = ("", 0)  # no record has an empty id


class Change(NamedTuple):
    """What became of a record at one moment: it was listed, added, changed or removed."""

    change: str
    record: Any
    before: Any
    moment: float


class Changes:
    """What is known of records that are looked at again and again: the last change of each.

    They are *known* by their ids. What a query makes of them is one thing, if it has none.
    """

    def __init__(self) -> None:
        self.known: dict[Key, Change] = {}
        self._is_first = True

    def take(self, result: Any, moment: float) -> list[Change]:
        """Take note of what was seen at *moment*, and return what is new."""
        found, known = _by_key(result), self.known
        seen = {key: self._of(known.get(key), record, moment) for key, record in found.items()}
        gone = {
            key: change if change.change == "removed" else _removed(change, moment)
            for key, change in known.items()
            if key not in found
        }
        self.known, self._is_first = seen | gone, False
        return [change for key, change in self.known.items() if change is not known.get(key)]

    @property
    def rows(self) -> list[Change]:
        """The lines of a table: records, or what a query made of them, with nothing marked."""
        if (whole := self.known.get(_WHOLE)) is None:
            return list(self.known.values())
        return [whole._replace(change="listed", record=item) for item in as_items(whole.record)]

    def forget_removed(self, before: float) -> None:
        """Forget records that were removed *before* a moment."""
        self.known = {
            key: change
            for key, change in self.known.items()
            if change.change != "removed" or change.moment >= before
        }

    def _of(self, known: Change | None, record: Any, moment: float) -> Change:
        if known is None or known.change == "removed":
            return Change("listed" if self._is_first else "added", record, None, moment)
        if known.record == record:
            return known
        return Change("changed", record, known.record, moment)


def _removed(change: Change, moment: float) -> Change:
    return Change("removed", change.record, change.record, moment)


def _by_key(result: Any) -> dict[Key, Any]:
    items = as_items(result)
    try:
        names = [name_of(item) for item in items]
    except DpsctlError:
        return {_WHOLE: result}
    counted: Counter[str] = Counter()
    keyed = {}
    for name, item in zip(names, items, strict=True):
        keyed[name, counted[name]] = item
        counted[name] += 1
    return keyed

"""Warnings of what an IoT hub will not take of the records that a command writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dpsctl.payloads.enrollment import Change, doubts
from dpsctl.run import Run

Json = dict[str, Any]
_MOST = 10


class Doubts:
    """Warns of each doubt once, however many records raise it, and of ten at most."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._told: set[str] = set()

    def new(self, change: Change, id_field: str, record_id: str, place: str = "") -> Json:
        """Build the body of a new record; *place* is where it is described."""
        body = change.new(id_field, record_id)
        self._warn({}, body, place)
        return body

    def of(self, change: Change) -> Callable[[Json], Json]:
        """Return what makes *change* of a record. Raises UsageError for what fits none."""
        change.check()

        def changed_of(record: Json) -> Json:
            changed = change.of(record)
            self._warn(record, changed)
            return changed

        return changed_of

    def _warn(self, record: Json, changed: Json, place: str = "") -> None:
        for text in doubts(record, changed):
            if text not in self._told and len(self._told) <= _MOST:
                self._told.add(text)
                is_shown = len(self._told) <= _MOST
                self._run.warn(f"{place}{text}" if is_shown else "more of this kind is not told")

"""What became of each change, and of the plan as a whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Any

from dpsctl.manifests.plan import Action, Change

Json = dict[str, Any]


class Ending(Enum):
    """What became of a change; the value is how it is told."""

    created = "created"
    updated = "updated"
    replaced = "replaced"
    renamed = "renamed"
    deleted = "deleted"
    unchanged = "unchanged"
    conflict = "conflict"
    failed = "failed"
    blocked = "blocked"
    withheld = "withheld"
    not_sent = "not-sent"
    unknown = "unknown"


WRITTEN = frozenset(
    {Ending.created, Ending.updated, Ending.replaced, Ending.renamed, Ending.deleted}
)
GOOD = WRITTEN | {Ending.unchanged}
_ENDINGS = {
    Action.create: Ending.created,
    Action.update: Ending.updated,
    Action.replace: Ending.replaced,
    Action.rename: Ending.renamed,
    Action.delete: Ending.deleted,
}


@dataclass(frozen=True, eq=False)
class Fate:
    """What became of a change; *code* is the service's, *message* says why it is not done."""

    change: Change
    ending: Ending
    code: int | None = None
    message: str | None = None

    @classmethod
    def done(cls, change: Change) -> Fate:
        """Return the fate of a change that has been made."""
        return cls(change, _ENDINGS[change.action])

    def view(self) -> Json:
        """Return it as JSON."""
        shown = {
            "kind": self.change.kind.name,
            "id": self.change.record_id,
            "action": self.change.action.value,
            "outcome": self.ending.value,
            "errorCode": self.code,
            "message": self.message,
            "at": self.change.place or None,
        }
        return {name: value for name, value in shown.items() if value is not None}

    def line(self) -> str:
        """Return it as a line of text."""
        change = self.change
        place = f" ({change.place})" if self.ending is Ending.failed and change.place else ""
        code = f" ({self.code})" if self.code else ""
        told = f": {self.message}{code}" if self.message else ""
        return f"{self.ending.value} {change.kind.name} {change.record_id}{place}{told}"


def summary(endings: Counter[Ending], as_wanted: int, seconds: float) -> str:
    """Count what became of a plan in one line."""
    parts = [f"{ending.value} {endings[ending]:,}" for ending in Ending if endings[ending]]
    if as_wanted:
        parts.append(f"as wanted {as_wanted:,}")
    return f"{', '.join(parts) or 'nothing to do'} in {seconds:.1f} s"


def has_failed(endings: Counter[Ending]) -> bool:
    """Tell whether anything is not as it was planned."""
    return any(count and ending not in GOOD for ending, count in endings.items())

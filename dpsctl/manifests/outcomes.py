"""What became of each change of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dpsctl.effort import Ending
from dpsctl.manifests.plan import Action, Change

Json = dict[str, Any]


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

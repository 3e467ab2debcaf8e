"""What manifests may draw from beside themselves, in one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dpsctl.run import Run


@dataclass(frozen=True)
class Inputs:
    """What references may draw from; *variables* are those of `--vars` and `--var`.

    *secret_places* gathers where one of these is a secret.
    """

    run: Run
    variables: Mapping[str, Any] = field(default_factory=dict)
    commands_allowed: bool = False
    outputs: dict[tuple[str, ...], str] = field(default_factory=dict)
    warned: set[str] = field(default_factory=set)
    secret_places: list[str] = field(default_factory=list)

    def warn_once(self, what: str, text: str) -> None:
        """Print a warning, but one of a kind only."""
        if what not in self.warned:
            self.warned.add(what)
            self.run.warn(text)

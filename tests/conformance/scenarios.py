"""All scenarios: each asks a few questions about one fact of docs/service.md."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from conformance.asking import Asking

Ask = Callable[[Asking], None]
_ROOMS = ("records", "attestation", "lists", "refusals", "devices")


@dataclass(frozen=True)
class Scenario:
    """A fact, the function that asks, and what a service must have for it: a scope, a hub.

    One that is *costly* is asked only if it is named.
    """

    fact: str
    ask: Ask
    needs: tuple[str, ...]
    is_costly: bool

    @property
    def name(self) -> str:
        return self.ask.__name__.replace("_", " ")

    def __str__(self) -> str:
        wants = f" (needs {' and '.join(self.needs)})" if self.needs else ""
        wants += " (only with --only)" if self.is_costly else ""
        return f"docs/service.md#{self.fact}: {self.name}{wants}"


_ALL: list[Scenario] = []


def asks(fact: str, *needs: str, costly: bool = False) -> Callable[[Ask], Ask]:
    """Make a function a scenario about *fact*; *needs* are `id scope` and `hub`."""

    def keep(ask: Ask) -> Ask:
        _ALL.append(Scenario(fact, ask, needs, costly))
        return ask

    return keep


def all_scenarios() -> list[Scenario]:
    """Return every scenario, in the order of the rooms they stand in."""
    for room in _ROOMS:
        importlib.import_module(f"conformance.{room}")
    return list(_ALL)


def chosen(words: str | None) -> list[Scenario]:
    """Return the scenarios whose line has *words* in it, or without words all but costly ones."""
    if words is None:
        return [one for one in all_scenarios() if not one.is_costly]
    return [one for one in all_scenarios() if words in str(one)]

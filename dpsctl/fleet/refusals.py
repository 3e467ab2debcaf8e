"""What is told of many lines that are wrong: the first ones, and how many more there are."""

from __future__ import annotations

from collections.abc import Callable

_MOST_SHOWN = 10


class Refusals:
    """Tells of the first lines of a file that are refused, and in the end counts the rest."""

    def __init__(self, source: str, tell: Callable[[str], object]) -> None:
        self._source = source
        self._tell = tell
        self._count = 0

    def add(self, problem: str) -> None:
        """Take what is wrong with one more line."""
        self._count += 1
        if self._count <= _MOST_SHOWN:
            self._tell(problem)

    def close(self) -> None:
        """Say how many there are that were not told of."""
        if self._count > _MOST_SHOWN:
            self._tell(f"{self._source}: {self._count - _MOST_SHOWN} more lines are refused")

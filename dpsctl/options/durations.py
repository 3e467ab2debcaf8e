"""Times as people write them: 500ms, 30s, 5m."""

from __future__ import annotations

from dpsctl.frozen import frozen

_A_DAY = 86_400
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": _A_DAY}
_MOST_DIGITS = 9


def seconds_in(text: str) -> float | None:
    """Read a time such as 500ms, 90s, 30m, 12h or 7d; a bare number is seconds. None if none."""
    number = text.rstrip("".join(_UNITS))
    unit = _UNITS.get(text[len(number) :] or "s")
    whole, _, fraction = number.partition(".")
    digits = whole + fraction
    is_number = digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS
    return float(number) * unit if is_number and unit else None


@frozen
class SecondsRule:
    """The reader of a time of *least* seconds up to a day."""

    least: float
    __name__ = "time"

    @property
    def hint(self) -> str:
        """Say what it takes."""
        return f"Give seconds, or 500ms, 30s, 5m: {self.least:g} s at least, a day at most."

    def __call__(self, value: str | float) -> float:
        """Return the seconds in *value*, a default or what was written. Raises ValueError."""
        seconds = seconds_in(value) if isinstance(value, str) else float(value)
        if seconds is None or not self.least <= seconds <= _A_DAY:
            raise ValueError(value)
        return seconds


@frozen
class IntervalRule(SecondsRule):
    """The reader of a time that may be left out, and is *alone* then."""

    alone: float

    def __call__(self, value: str | float) -> float:
        """Return the seconds in *value*, which is `true` where it was left out."""
        return super().__call__(self.alone if value == "true" else value)

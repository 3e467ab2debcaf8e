"""Times as services write them, and as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

_DAY = 86_400
# From so many seconds on, counted by so many.
_UNITS = ((2 * 365 * _DAY, 365 * _DAY, "y"), (_DAY, _DAY, "d"), (3600, 3600, "h"), (60, 60, "m"))
_CLOCKS_DIFFER = 300  # seconds


def moment_of(text: Any) -> datetime | None:
    """Read a service's time, which is UTC where it names no zone; None if it is none.

    Resource Manager writes some as HTTP does (docs/service.md#e4).
    """
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _as_in_http(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def to_the_second(moment: datetime, *, has_zone: bool) -> str:
    """Write *moment* in this machine's zone, which is named by its offset if *has_zone*.

    Raises ValueError or OverflowError for one that the zone's calendar does not reach.
    """
    local = moment.astimezone().replace(microsecond=0)
    return (local if has_zone else local.replace(tzinfo=None)).isoformat(" ")


def age(moment: datetime, now: datetime) -> str:
    """Say how long ago *moment* was: 45s, 3m, 5h, 2d, 3y; what is yet to come has no age."""
    seconds = int((now - moment).total_seconds())
    if seconds < -_CLOCKS_DIFFER:
        return to_the_second(moment, has_zone=False)
    for least, one, unit in _UNITS:
        if seconds >= least:
            return f"{seconds // one}{unit}"
    return f"{max(0, seconds)}s"


def _as_in_http(text: str) -> datetime | None:
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

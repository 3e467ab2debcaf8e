"""The emulator's time, which a test may set wrong on purpose."""

from __future__ import annotations

import time


class Clock:
    """Tell the time, *skew* seconds away from the machine's."""

    def __init__(self, skew: float = 0.0) -> None:
        self.skew = skew

    def now(self) -> float:
        """Return seconds since 1970."""
        return time.time() + self.skew

    def timestamp(self) -> str:
        """Return now as the service writes dates."""
        return service_date(time.time_ns() + int(self.skew * 1e9))


def service_date(nanoseconds: int) -> str:
    """Write *nanoseconds* since 1970 with up to 7 digits of fraction (docs/service.md#b1)."""
    seconds, rest = divmod(nanoseconds, 10**9)
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    fraction = f"{rest // 100:07d}".rstrip("0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"

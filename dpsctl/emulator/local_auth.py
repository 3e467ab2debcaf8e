"""Whether keys open the service API, or access tokens alone (docs/service.md#j3)."""

from __future__ import annotations


class LocalAuth:
    """Hold `disableLocalAuth`, which a tester may change while the emulator runs."""

    def __init__(self, *, is_disabled: bool) -> None:
        self.is_disabled = is_disabled
        self._at_start = is_disabled

    def reset(self) -> None:
        """Go back to what was chosen at the start."""
        self.is_disabled = self._at_start

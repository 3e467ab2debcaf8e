"""The provisioning service and IoT Central on this machine, met over HTTP and MQTT alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dpsctl.emulator.settings import EmulatorSettings, Limits
from dpsctl.errors import UsageError

if TYPE_CHECKING:
    from dpsctl.emulator.server import Emulator

__all__ = ["EmulatorSettings", "Limits", "make_emulator"]


def make_emulator(
    settings: EmulatorSettings, tell: Callable[[dict[str, Any]], object] | None = None
) -> Emulator:
    """Return an emulator that is not started yet; it calls *tell* with each request.

    Raises UsageError if the packages are missing that only the emulator needs.
    """
    try:
        from dpsctl.emulator.server import Emulator
    except ImportError as error:
        raise UsageError(
            f"The emulator needs a package that is not installed: {error.name}",
            "pip install 'dpsctl[emulator]'",
        ) from None
    return Emulator(settings, tell)

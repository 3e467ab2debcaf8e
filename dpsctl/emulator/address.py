"""Where an emulator may listen, and by which name its clients know it."""

from __future__ import annotations

import ipaddress

from dpsctl.emulator.settings import EmulatorSettings
from dpsctl.errors import UsageError

LOOPBACK_NAMES = ("127.0.0.1", "localhost")


def known_as(settings: EmulatorSettings) -> str:
    """Return the name that clients should use: an address for all interfaces is nobody's name."""
    if settings.host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        return settings.sans[0] if settings.sans else LOOPBACK_NAMES[0]
    return settings.host


def check_address(settings: EmulatorSettings) -> None:
    """Refuse an address beyond this machine that was not allowed, or has no name.

    Raises UsageError.
    """
    if settings.host == "localhost":
        return
    try:
        is_loopback = ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback and not settings.allow_remote:
        raise UsageError(
            f"--host {settings.host}: is not an address of this machine alone",
            "The emulator holds keys: add --allow-remote if others shall reach it.",
        )
    if not is_loopback and settings.tls and not settings.sans:
        raise UsageError(
            "--allow-remote: its certificate names no host that others know",
            "Add --san NAME, the name by which they reach this machine.",
        )

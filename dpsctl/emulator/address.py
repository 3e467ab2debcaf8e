"""Where an emulator may listen, and by which name its clients know it."""

from __future__ import annotations

import ipaddress

from dpsctl.emulator.settings import EmulatorSettings
from dpsctl.errors import UsageError

_ALL = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound
LOOPBACK_NAMES = ("127.0.0.1", "localhost")


def known_as(settings: EmulatorSettings) -> str:
    """Return the name that clients should use: an address for all interfaces is nobody's name."""
    if settings.host in _ALL:
        return settings.sans[0] if settings.sans else LOOPBACK_NAMES[0]
    return settings.host


def host_of(settings: EmulatorSettings, port: int) -> str:
    """Return HOST:PORT as clients know it, without the port if it is 443."""
    return _with_port(known_as(settings), settings, port)


def endpoint_of(settings: EmulatorSettings, port: int) -> str:
    """Return the URL that clients connect to."""
    return f"{_scheme(settings)}://{host_of(settings, port)}"


def page_of(settings: EmulatorSettings, port: int, token: str) -> str:
    """Return the page's URL for a browser on this machine; the *token* in it is sent to nobody."""
    name = "localhost" if settings.host in _ALL else known_as(settings)
    host = _with_port(name, settings, port)
    return f"{_scheme(settings)}://{host}/_emulator/#token={token}"


def _with_port(name: str, settings: EmulatorSettings, port: int) -> str:
    name = f"[{name}]" if ":" in name else name
    return name if settings.tls and port == 443 else f"{name}:{port}"


def _scheme(settings: EmulatorSettings) -> str:
    return "https" if settings.tls else "http"


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

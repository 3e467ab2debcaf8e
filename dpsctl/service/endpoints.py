"""Places to connect to, and which certificates to trust there."""

from __future__ import annotations

import os
import re
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.options.connection import Transport
from dpsctl.run import Run
from dpsctl.service.auth import is_host
from dpsctl.text.opening import check_is_file

ENDPOINT_VARIABLE = "DPSCTL_ENDPOINT_URL"
EMULATOR_VARIABLE = "DPSCTL_EMULATOR"
_LOOPBACK = re.compile(r"(?i)(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?")


def url_of(host: str, variable: str, run: Run) -> str:
    """Return `https://HOST`, or what the environment's *variable* or the context puts in its place.

    Raises UsageError for a URL that is none, or is not safe.
    """
    endpoint = address_of(variable, run)
    source = variable if run.environ.get(variable) else "The context's address"
    return checked_endpoint(endpoint, source) if endpoint else f"https://{host}"


def address_of(variable: str, run: Run) -> str | None:
    """Return the address that the environment's *variable*, or else the context, gives."""
    return run.environ.get(variable) or run.addresses.get(variable)


def is_emulated(run: Run) -> bool:
    """Say whether the environment is one of 'dpsctl emulator', in which nothing real is asked."""
    return bool(run.environ.get(EMULATOR_VARIABLE))


def manner_of(transport: Transport, run: Run) -> dict[str, Any]:
    """Return how requests travel, by the names of Target's fields. Raises as `trusted` does."""
    given = {"timeout": transport.timeout, "retries": transport.retries}
    chosen = {name: value for name, value in given.items() if value is not None}
    return {"verify": trusted(transport, run), **chosen}


def trusted(transport: Transport, run: Run) -> str | bool:
    """Say which CA file to trust, or True for the default ones; the variables are requests' own.

    Raises UsageError for one that is not there.
    """
    given = {"--ca-bundle": transport.ca_bundle}
    given |= {name: run.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")}
    for source, path in given.items():
        if not path:
            continue
        try:
            check_is_file(path)
            if os.access(path, os.R_OK):
                return path
            problem = ""
        except (OSError, ValueError) as error:
            problem = f": {getattr(error, 'strerror', None) or error}"
        raise UsageError(
            f"{source} {path}: cannot read it{problem}", "Give a file of PEM certificates."
        )
    return True


def checked_endpoint(url: str, variable: str) -> str:
    """Return *url*, a place to connect to: https, or plain http on this machine.

    *variable* names who said it. Raises UsageError.
    """
    scheme, _, rest = url.partition("://")
    place = rest.partition("/")[0]
    if scheme.lower() not in {"http", "https"} or not is_host(place) or {*rest} & {*"?#"}:
        raise UsageError(
            f"{variable}: that is no place to connect to",
            "Write https://HOST or https://HOST:PORT.",
        )
    if scheme.lower() == "http" and not _LOOPBACK.fullmatch(place):
        raise UsageError(f"{variable}: plain http is for this machine only", "Use https://.")
    return url.rstrip("/")

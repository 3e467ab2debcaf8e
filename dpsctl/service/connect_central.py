"""From the options of IoT Central to an application that is ready to use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from dpsctl.errors import UsageError
from dpsctl.options.central import CentralConnection
from dpsctl.run import Run
from dpsctl.service.auth import bearer
from dpsctl.service.azure.clouds import cloud_of
from dpsctl.service.azure.identity import CENTRAL_SCOPE, Identity
from dpsctl.service.calls import Target
from dpsctl.service.central import PREVIEW, STABLE, CentralService
from dpsctl.service.contract import Purpose
from dpsctl.service.endpoints import checked_endpoint, is_emulated, manner_of, trusted
from dpsctl.service.hints import Hint, central_hint_for
from dpsctl.service.http import Http
from dpsctl.service.settings import settle_transport


def connect(connection: CentralConnection, run: Run, purpose: Purpose) -> CentralService:
    """Find out where the application is and who asks; nothing is sent yet.

    Raises UsageError where the options do not say it.
    """
    connection, context = settle_transport(connection, run)
    version = _version(connection, run)
    target = Target(
        url=f"{_address(connection, context, run)}/api",
        api_version=quote(version or STABLE, safe=""),
        **manner_of(connection, run),
        dry_run=purpose.dry_run,
        hint=_hint_for(version),
    )
    http = Http(target, _authorization(connection, run), run)
    return CentralService(http, pinned=version is not None)


def _version(connection: CentralConnection, run: Run) -> str | None:
    """Return the version that was chosen; one of az's names of old, which are no dates, is none."""
    chosen = connection.central_api_version
    if chosen is None or re.match(r"\d{4}-\d{2}-\d{2}", chosen):
        return chosen
    run.warn(f"--api-version {chosen} is no version by date: as with az, it is not heeded")
    return None


def _hint_for(version: str | None) -> Hint:
    """Return the hints, or what to say of a bad request in a *version* that nobody knows."""

    def hint(status: int, error_code: object, headers: Mapping[str, str]) -> str | None:
        if status == 400 and version not in (None, STABLE, PREVIEW):
            return f"Is --api-version {version} one of IoT Central's, as {STABLE} and {PREVIEW}?"
        return central_hint_for(status, error_code, headers)

    return hint


def _address(connection: CentralConnection, context: Mapping[str, Any], run: Run) -> str:
    """Return the application's URL, named as it may be: by id, host or URL (docs/service.md#f1).

    The emulator is every application.
    """
    named = connection.app_id
    if is_emulated(run):
        named = run.environ.get("DPSCTL_CENTRAL_APP")
    if not named:
        named = context.get("central_app")
    if not named:
        raise UsageError(
            "No IoT Central application is named", "Give --app-id APP, or set DPSCTL_CENTRAL_APP."
        )
    scheme, _, rest = named.rpartition("://")
    host = rest.partition("/")[0]
    is_id = not {*host} & {*".:["}
    return checked_endpoint(
        f"{scheme or 'https'}://{host}{'.' + connection.central_dns_suffix if is_id else ''}",
        f"--app-id {named}",
    )


def _authorization(connection: CentralConnection, run: Run) -> Callable[[], str]:
    """Return who gives tokens: the user, or whoever is signed in (docs/service.md#f1)."""
    run.masker.add(connection.token or "")
    token = bearer(connection.token or "", "--token or DPSCTL_CENTRAL_TOKEN")
    if token:
        return lambda: token
    identity = Identity(cloud_of(None), trusted(connection, run), run)
    return lambda: identity.authorization(CENTRAL_SCOPE)

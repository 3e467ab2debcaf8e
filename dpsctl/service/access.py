"""Where the service is and who asks: a connection string, or a name and whoever is signed in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from urllib.parse import urlsplit

from dpsctl.errors import UsageError
from dpsctl.options.connection import Connection
from dpsctl.run import Run
from dpsctl.service.auth import Access, ConnectionString, is_host, is_host_name
from dpsctl.service.azure.clouds import cloud_of
from dpsctl.service.endpoints import EMULATOR_VARIABLE, ENDPOINT_VARIABLE, is_emulated
from dpsctl.service.hints import hint_for
from dpsctl.service.settings import Settled

READ_RIGHTS = frozenset({"EnrollmentRead", "RegistrationStatusRead"})
WRITE_RIGHTS = READ_RIGHTS | {"EnrollmentWrite", "RegistrationStatusWrite"}
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9-]{0,62}")
_HOW = (
    "Give --login CONNECTION_STRING (or @FILE), or --dps-name NAME, or set DPSCTL_LOGIN or "
    "DPSCTL_DPS_NAME, or choose a context: 'dpsctl config use-context NAME'."
)


def access_to(settled: Settled, run: Run, rights: Iterable[str]) -> Access:
    """Say how to get in with at least *rights*; nothing is sent yet.

    Raises UsageError where the settings do not say it.
    """
    connection = settled.connection
    if connection.login:
        credentials = _credentials(connection.login, settled.login_source, run)
        return Access(lambda: credentials.host, credentials.authorization, hint_for)
    from dpsctl.service.azure.by_name import (
        access_by_name,  # what it loads is for nothing with a login
    )

    return access_by_name(with_bare_name(connection), run, rights)


def late_access(settled: Settled, run: Run, rights: Iterable[str]) -> Access:
    """Find out how to get in when something is asked for the first time, if ever."""

    @cache
    def access() -> Access:
        return access_to(settled, run, rights)

    return Access(
        host=lambda: access().host(),
        authorization=lambda: access().authorization(),
        hint=lambda *answer: access().hint(*answer),
        signs_anew=lambda refused: access().signs_anew(refused),
    )


def planned_host(settled: Settled, run: Run) -> str:
    """Return the host that a name stands for by rule, without asking anybody; `` if there is none.

    Raises UsageError.
    """
    if not (settled.connection.login or settled.connection.dps_name):
        return ""
    name = service_named(settled, run)
    return name if is_host_name(name) else f"{name}.{cloud_of(settled.connection.cloud).dps_suffix}"


def service_named(settled: Settled, run: Run) -> str:
    """Name the service without asking anybody: its host, or the name it is looked up by.

    Raises UsageError.
    """
    if settled.connection.login:
        return _credentials(settled.connection.login, settled.login_source, run).host
    return str(with_bare_name(settled.connection).dps_name)


def _credentials(login: str, source: str, run: Run) -> ConnectionString:
    """Read the connection string and keep its key out of everything that is printed."""
    run.masker.add(login)
    credentials = ConnectionString.parse(login, source)
    run.masker.add(credentials.key)
    if source == "--login" or is_emulated(run):
        _refuse_elsewhere(credentials.host, source, run)
    return credentials


def _refuse_elsewhere(host: str, source: str, run: Run) -> None:
    """Refuse a connection string of one service where a variable names the other's address.

    The variable would win: its requests, and its key's tokens, would go to the other one.
    """
    endpoint = run.environ.get(ENDPOINT_VARIABLE, "")
    place = urlsplit(endpoint)
    there = {place.netloc.lower(), (place.hostname or "").lower()}
    if login := run.environ.get("DPSCTL_LOGIN"):
        there.add(ConnectionString.parse(login, "DPSCTL_LOGIN").host.lower())
    if endpoint and host.lower() not in there:
        variable = EMULATOR_VARIABLE if is_emulated(run) else ENDPOINT_VARIABLE
        raise UsageError(
            f"{source} is for {host}, and {variable} sends every request to {place.netloc}",
            f"Leave {source} out, or unset {variable}.",
        )


def with_bare_name(connection: Connection) -> Connection:
    """Return *connection* with its service's name judged, and without a scheme before it.

    Raises UsageError.
    """
    if not connection.dps_name:
        raise UsageError("No provisioning service is named", _HOW)
    name = re.sub(r"(?i)^https?://", "", connection.dps_name).rstrip("/")
    if "=" in name:
        raise UsageError("--dps-name: that is no name", "A connection string goes with --login.")
    if not (is_host(name) if is_host_name(name) else _NAME.fullmatch(name)):
        raise UsageError(
            f"--dps-name {name}: that is no name of a provisioning service",
            "Give its name or its host name, such as my-dps.azure-devices-provisioning.net.",
        )
    return replace(connection, dps_name=name)

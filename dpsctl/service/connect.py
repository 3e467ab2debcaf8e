"""From the connection options to a service that is ready to use."""

from __future__ import annotations

import os
import re
from urllib.parse import quote

from dpsctl.errors import UsageError
from dpsctl.options.connection import Connection, Transport
from dpsctl.run import Run
from dpsctl.service.auth import ConnectionString, is_host
from dpsctl.service.dps import DpsService
from dpsctl.service.http import Http, Target

API_VERSION = "2021-10-01"
_LOOPBACK = re.compile(r"(?i)(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?")
_HOW = "Give --login CONNECTION_STRING (or @FILE), or set DPSCTL_LOGIN."


def connect(connection: Connection, run: Run, *, dry_run: bool = False) -> DpsService:
    """Find out where the service is and who asks; nothing is sent yet.

    Raises UsageError where the options do not say it.
    """
    credentials = credentials_of(connection, run)
    http = Http(
        target_of(connection, run, credentials.host, dry_run=dry_run),
        credentials.authorization,
        run,
    )
    return DpsService(http)


def credentials_of(connection: Connection, run: Run) -> ConnectionString:
    """Read the connection string and keep its key out of everything that is printed."""
    if connection.login is None:
        if connection.dps_name and "=" in connection.dps_name:
            raise UsageError(
                "--dps-name: that is no name", "A connection string goes with --login."
            )
        if connection.dps_name:
            raise UsageError(
                f"--dps-name {connection.dps_name}: a name alone does not sign in", _HOW
            )
        raise UsageError("No provisioning service is named", _HOW)
    run.masker.add(connection.login)
    is_from_environment = connection.login == run.environ.get("DPSCTL_LOGIN")
    source = "DPSCTL_LOGIN" if is_from_environment else "--login"
    credentials = ConnectionString.parse(connection.login, source)
    run.masker.add(credentials.key)
    return credentials


def target_of(connection: Connection, run: Run, host: str, *, dry_run: bool) -> Target:
    """Say where to connect for *host*: there, or at `DPSCTL_ENDPOINT_URL` in its place."""
    return Target(
        url=url_of(host, "DPSCTL_ENDPOINT_URL", run),
        api_version=quote(connection.service_api_version or API_VERSION, safe=""),
        verify=trusted(connection, run),
        timeout=connection.timeout,
        retries=connection.retries,
        dry_run=dry_run,
    )


def url_of(host: str, variable: str, run: Run) -> str:
    """Return `https://HOST`, or what the environment's *variable* puts in its place.

    Raises UsageError for a URL that is none, or is not safe.
    """
    endpoint = run.environ.get(variable)
    return _checked_endpoint(endpoint, variable) if endpoint else f"https://{host}"


def trusted(transport: Transport, run: Run) -> str | bool:
    """Say which CA file to trust, or True for the default ones; the variables are requests' own.

    Raises UsageError for one that is not there.
    """
    given = {"--ca-bundle": transport.ca_bundle}
    given |= {name: run.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")}
    for source, path in given.items():
        if path and not os.access(path, os.R_OK):
            raise UsageError(f"{source} {path}: cannot read it", "Give a file of PEM certificates.")
        if path:
            return path
    return True


def _checked_endpoint(url: str, variable: str) -> str:
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

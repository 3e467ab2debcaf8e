"""From the connection options to a service that is ready to use."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from dpsctl.errors import UsageError
from dpsctl.options.connection import Connection, Transport
from dpsctl.run import Run
from dpsctl.service.auth import ConnectionString
from dpsctl.service.dps import DpsService
from dpsctl.service.http import Http, Target

API_VERSION = "2021-10-01"
_LOOPBACK = ("127.", "localhost", "[::1]", "::1")
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
        if connection.dps_name:
            raise UsageError(
                f"--dps-name {connection.dps_name}: a name alone does not sign in", _HOW
            )
        raise UsageError("No provisioning service is named", _HOW)
    run.masker.add(connection.login)
    credentials = ConnectionString.parse(connection.login, "--login")
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
    """Say which CA file to trust, or True for the default ones."""
    return transport.ca_bundle or run.environ.get("REQUESTS_CA_BUNDLE") or True


def _checked_endpoint(url: str, variable: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(
            f"{variable}: {url!r} is no URL", "Write https://HOST or https://HOST:PORT."
        )
    if parts.scheme == "http" and not parts.hostname.startswith(_LOOPBACK):
        raise UsageError(f"{variable}: plain http is for this machine only", "Use https://.")
    return url.rstrip("/")

"""What stands between this machine and the service: one check after another, changing nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from dpsctl.config import contexts
from dpsctl.errors import DpsctlError, NotFound, ServiceError, Unauthorized
from dpsctl.options.connection import Connection
from dpsctl.options.words import AuthType
from dpsctl.run import Run
from dpsctl.service.access import READ_RIGHTS, WRITE_RIGHTS, access_to
from dpsctl.service.auth import Access
from dpsctl.service.calls import Request
from dpsctl.service.connect import target_of
from dpsctl.service.endpoints import ENDPOINT_VARIABLE, url_of
from dpsctl.service.handshake import addresses, greeted, reach
from dpsctl.service.hints import DOCTOR
from dpsctl.service.http import Http
from dpsctl.service.proxies import Proxy, proxy_for
from dpsctl.service.settings import Settled, settle

_MOST_SKEW = 300.0  # seconds: half of a token's life
_BAD_REQUEST = 400
_CHECKS = (
    # Name, the check that must have been passed before.
    ("config", None),
    ("service", "config"),
    ("proxy", "service"),
    ("dns", "proxy"),
    ("tcp", "dns"),
    ("tls", "tcp"),
    ("clock", "tls"),
    ("sign-in", "tls"),
    ("read", "sign-in"),
    ("write", "read"),
    ("api-version", "sign-in"),
)


class _NotNeeded(Exception):
    """Raised by a check that has nothing to look at."""

    status = "not needed"


class _NotPossible(_NotNeeded):
    """Raised by a check that another one's failure stops."""

    status = "skipped"


@dataclass(frozen=True)
class Finding:
    """What a check found; *error* is set if it failed."""

    check: str
    status: str
    detail: str
    error: DpsctlError | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what a bug report may show."""
        found = {"check": self.check, "status": self.status, "detail": self.detail}
        hint = (self.error and self.error.hint) or ""
        advice = hint.replace(DOCTOR, "").strip()  # this is the doctor
        return {**found, "hint": advice} if advice else found


def diagnose(connection: Connection, run: Run) -> list[Finding]:
    """Make every check, in order; one whose ground is missing is skipped."""
    diagnosis = _Diagnosis(replace(connection, retries=0), run)
    findings: dict[str, Finding] = {}
    for name, ground in _CHECKS:
        if ground and findings[ground].status in {"failed", "skipped"}:
            findings[name] = Finding(name, "skipped", f"'{ground}' comes first")
            continue
        findings[name] = _made(name, getattr(diagnosis, name.replace("-", "_")), run)
    return list(findings.values())


def _made(name: str, check: Callable[[], str], run: Run) -> Finding:
    run.waiting.say(f"checking {name}")
    try:
        return Finding(name, "ok", run.masker.mask(check()))
    except _NotNeeded as reason:
        return Finding(name, reason.status, str(reason))
    except DpsctlError as error:
        return Finding(name, "failed", run.masker.mask(error.message), error)


class _Diagnosis:
    """The checks; what one finds out, the next ones use."""

    def __init__(self, connection: Connection, run: Run) -> None:
        self._connection = connection
        self._run = run

    def config(self) -> str:
        path = contexts.config_file(self._run.environ)
        settled = self._settled
        name = settled.connection.context or contexts.load(self._run.environ).current
        return f"{path}: context {name}" if name else f"{path}: no context is used"

    def service(self) -> str:
        host = self._access.host()
        connection = self._settled.connection
        how = (
            "a connection string"
            if connection.login
            else f"auth type {connection.auth_type or AuthType.key}"
        )
        place = f", asked at {self._url.netloc}" if self._url.netloc != host else ""
        return f"{host} with {how}{place}"

    def proxy(self) -> str:
        proxy = self._proxy
        if not proxy:
            raise _NotNeeded("no proxy is set for this host")
        hint = "Is HTTPS_PROXY right? NO_PROXY names hosts to reach without it."
        reach(proxy.host, proxy.port, self._timeout, hint)
        return f"{proxy.url} answers"

    def dns(self) -> str:
        if self._proxy:
            raise _NotNeeded("the proxy looks names up")
        return ", ".join(addresses(self._url.hostname or "", self._port, self._timeout))

    def tcp(self) -> str:
        if self._proxy:
            raise _NotNeeded("the proxy connects")
        started = time.monotonic()
        hint = "Is the service running, and does a firewall let this machine through?"
        reach(self._url.hostname or "", self._port, self._timeout, hint)
        return f"port {self._port} answers in {(time.monotonic() - started) * 1000:.0f} ms"

    def tls(self) -> str:
        if self._url.scheme == "http":
            raise _NotNeeded("plain http, on this machine only")
        return self._greeting[0]

    def clock(self) -> str:
        if self._url.scheme == "http":
            raise _NotNeeded("plain http, on this machine only")
        try:
            there = parsedate_to_datetime(self._greeting[1]["Date"]).timestamp()
        except (KeyError, ValueError, OverflowError):
            raise _NotNeeded("the service does not say what time it is") from None
        off = time.time() - there
        if abs(off) > _MOST_SKEW:
            direction = "ahead of" if off > 0 else "behind"
            raise Unauthorized(
                f"this machine's clock is {abs(off):.0f} s {direction} the service's",
                401,
                hint="Set the clock (NTP): tokens are signed with the time.",
            )
        return f"within {abs(off):.0f} s of the service's"

    def sign_in(self) -> str:
        error = self._reading
        if isinstance(error, Unauthorized) and error.status == 401:
            raise error
        if error is not None and not isinstance(error, ServiceError):
            raise error
        note = self._access.note()
        return "the service knows who is asking" + (f", {note}" if note else "")

    def read(self) -> str:
        if self._is_version_refused:
            raise _NotPossible("the service refuses the api-version")
        if self._reading:
            raise self._reading
        return "enrollment groups can be listed"

    def write(self) -> str:
        """Delete what cannot be there: who may write is told that it is missing."""
        if self._is_version_refused:
            raise _NotPossible("the service refuses the api-version")
        path = f"/enrollmentGroups/dpsctl-doctor-{uuid4()}"
        with suppress(NotFound):
            self._http(self._writing_access).send(
                Request("DELETE", path, headers={"If-Match": '"none"'})
            )
        return "enrollment groups can be written"

    def api_version(self) -> str:
        version = self._settled.connection.service_api_version
        if self._is_version_refused and self._reading:
            raise DpsctlError(
                f"{version}: {self._reading.message}",
                "--service-api-version, DPSCTL_SERVICE_API_VERSION or the context names another.",
            )
        return str(version)

    @cached_property
    def _settled(self) -> Settled:
        return settle(self._connection, self._run)

    @cached_property
    def _access(self) -> Access:
        return access_to(self._settled, self._run, READ_RIGHTS)

    @property
    def _writing_access(self) -> Access:
        """Say how a command that writes gets in: a key that is looked up is another policy's."""
        connection = self._settled.connection
        if connection.login or connection.auth_type == AuthType.login:
            return self._access
        return access_to(self._settled, self._run, WRITE_RIGHTS)

    def _http(self, access: Access) -> Http:
        target = target_of(self._settled.connection, access, self._run)
        return Http(target, access.authorization, self._run)

    @cached_property
    def _url(self) -> Any:
        return urlsplit(url_of(self._access.host(), ENDPOINT_VARIABLE, self._run))

    @property
    def _port(self) -> int:
        return int(self._url.port or (443 if self._url.scheme == "https" else 80))

    @property
    def _timeout(self) -> float:
        return min(10.0, self._settled.connection.timeout or 10.0)

    @cached_property
    def _proxy(self) -> Proxy | None:
        return proxy_for(self._url.geturl(), self._run)

    @cached_property
    def _greeting(self) -> tuple[str, Mapping[str, str]]:
        target = target_of(self._settled.connection, self._access, self._run)
        return greeted(self._url.geturl(), replace(target, timeout=self._timeout), self._run)

    @cached_property
    def _reading(self) -> DpsctlError | None:
        """List one enrollment group; return what was in the way."""
        request = Request(
            "POST",
            "/enrollmentGroups/query",
            {"query": "SELECT *"},
            {"x-ms-max-item-count": "1"},
        )
        try:
            self._http(self._access).send(request)
        except DpsctlError as error:
            return error
        return None

    @property
    def _is_version_refused(self) -> bool:
        error = self._reading
        return isinstance(error, ServiceError) and error.status == _BAD_REQUEST

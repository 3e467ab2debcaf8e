"""From the connection options to a service that is ready to use."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from dpsctl.options.connection import Connection
from dpsctl.options.words import AuthType
from dpsctl.run import Run
from dpsctl.service.access import (
    READ_RIGHTS,
    WRITE_RIGHTS,
    access_to,
    late_access,
    planned_host,
)
from dpsctl.service.auth import Access
from dpsctl.service.calls import Target
from dpsctl.service.contract import Purpose
from dpsctl.service.dps import DpsService
from dpsctl.service.endpoints import ENDPOINT_VARIABLE, address_of, manner_of, url_of
from dpsctl.service.hints import version_hint
from dpsctl.service.http import Http
from dpsctl.service.settings import settle

_READING = Purpose()


def connect(connection: Connection, run: Run, purpose: Purpose = _READING) -> DpsService:
    """Find out where the service is and who asks; nothing is sent yet.

    A policy that is looked up must have the rights that *purpose* takes. Raises UsageError where
    the options do not say enough, which in a dry run is noticed when something is read.
    """
    settled = settle(connection, run)
    if settled.connection.login and connection.auth_type == AuthType.login:
        run.warn(
            "--auth-type login is not heeded: --login is signed with the key in it, as az does"
        )
    rights = WRITE_RIGHTS if purpose.writes else READ_RIGHTS
    if purpose.dry_run:
        access = late_access(settled, run, rights)
        host = planned_host(settled, run)
        is_known = host or address_of(ENDPOINT_VARIABLE, run)
        planned = url_of(host, ENDPOINT_VARIABLE, run) if is_known else ""
        traits: dict[str, Any] = {"dry_run": True, "planned_url": planned}
    else:
        access, traits = access_to(settled, run, rights), {}
    target = replace(
        target_of(settled.connection, access, run),
        is_version_chosen=settled.is_version_chosen,
        **traits,
    )
    return DpsService(Http(target, access.authorization, run), access.host)


def target_of(connection: Connection, access: Access, run: Run) -> Target:
    """Say where to connect: the service's host, or `DPSCTL_ENDPOINT_URL` in its place."""
    if address_of(ENDPOINT_VARIABLE, run):
        url_of("", ENDPOINT_VARIABLE, run)
    return Target(
        url=lambda: url_of(access.host(), ENDPOINT_VARIABLE, run),
        api_version=quote(connection.service_api_version or "", safe=""),
        **manner_of(connection, run),
        hint=version_hint(connection.service_api_version or "", access.hint),
        signs_anew=access.signs_anew,
    )

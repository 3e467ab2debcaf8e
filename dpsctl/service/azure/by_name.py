"""The way in for whoever names a service: signed in, or with a key that Azure hands out."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from dpsctl.options.connection import Connection
from dpsctl.options.words import AuthType, CloudName
from dpsctl.run import Run
from dpsctl.service.auth import Access, ConnectionString, is_host_name
from dpsctl.service.azure.arm import Arm
from dpsctl.service.azure.clouds import DPS_SCOPE, cloud_of
from dpsctl.service.azure.discovery import Finder
from dpsctl.service.azure.identity import Identity
from dpsctl.service.endpoints import trusted
from dpsctl.service.hints import hint_for, token_hint


def access_by_name(connection: Connection, run: Run, rights: Iterable[str]) -> Access:
    """Say how to get in where *connection* has a name, and no connection string."""
    cloud = cloud_of(connection.cloud)
    identity = Identity(cloud, trusted(connection, run), run)

    @cache
    def finder() -> Finder:
        return Finder(connection, Arm(cloud, identity, connection, run), run)

    if connection.auth_type == AuthType.login:
        known = _known_host(connection)
        return Access(
            host=lambda: known or finder().host(),
            authorization=lambda: identity.authorization(DPS_SCOPE),
            hint=token_hint,
        )

    @cache
    def found() -> ConnectionString:
        return finder().connection_string(rights)

    return Access(lambda: found().host, lambda: found().authorization(), hint_for)


def _known_host(connection: Connection) -> str | None:
    """Return the host where it is sure: as it was given, or by the rule of the public cloud.

    In a sovereign cloud only ARM knows it.
    """
    name = connection.dps_name or ""
    if is_host_name(name):
        return name
    if connection.cloud in (None, CloudName.public):
        return f"{name}.{cloud_of(connection.cloud).dps_suffix}"
    return None

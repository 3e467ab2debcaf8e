"""The way in for whoever names a service: signed in, or with a key that Azure hands out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache, cached_property
from threading import Lock
from typing import Any

from dpsctl.errors import DpsctlError, ServiceError, Unauthorized
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

_UNAUTHORIZED = 401002
_NO_KEYS = "takes no policy keys (its disableLocalAuth is set)"
_LOGIN_INSTEAD = "--auth-type login, or none at all, signs as whoever is signed in to Azure."


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
    key = _Key(finder, rights, run, must_be=connection.auth_type == AuthType.key)

    def authorization() -> str:
        return identity.authorization(DPS_SCOPE) if key.is_refused else key.found.authorization()

    def hint(*answer: Any) -> str | None:
        return (token_hint if key.is_refused else hint_for)(*answer)

    return Access(lambda: key.found.host, authorization, hint, key.gives_way, key.note)


class _Key:
    """The key of a policy, which a service may refuse whatever it is (docs/service.md#j3).

    If it *must_be* a key, nothing takes its place.
    """

    def __init__(
        self, finder: Callable[[], Finder], rights: Iterable[str], run: Run, *, must_be: bool
    ) -> None:
        self._finder = finder
        self._rights = rights
        self._run = run
        self._must_be = must_be
        self._lock = Lock()
        self.is_refused = False

    @cached_property
    def found(self) -> ConnectionString:
        return self._finder().connection_string(self._rights)

    def gives_way(self, refused: ServiceError) -> bool:
        """Say whether the signed-in user signs from now on, because keys open nothing."""
        if refused.details.get("errorCode") != _UNAUTHORIZED:
            return False
        with self._lock:
            if self.is_refused:
                return True
            if not self._takes_no_keys():
                return False
            if self._must_be:
                raise Unauthorized(
                    f"{self.found.host} {_NO_KEYS}", 401, refused.details, hint=_LOGIN_INSTEAD
                )
            self.is_refused = True
            self._run.warn(
                f"{self.found.host} {_NO_KEYS}: the signed-in user signs instead; "
                "--auth-type login does so at once"
            )
            return True

    def _takes_no_keys(self) -> bool:
        """Ask ARM; where it does not tell, the refusal itself is all there is to say."""
        with suppress(DpsctlError):
            return self._finder().takes_no_keys()
        return False

    def note(self) -> str:
        """Say why nobody signs with the key, if that is so."""
        return f"as the signed-in user, for it {_NO_KEYS}" if self.is_refused else ""


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

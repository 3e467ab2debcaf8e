"""Provisioning services as resources: which there are, and one of them by its name."""

from __future__ import annotations

import builtins
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dpsctl.errors import UsageError
from dpsctl.options.connection import (
    Connection,
    Lookup,
    NamedLookup,
    OwnerLookup,
    ShownLookup,
)
from dpsctl.run import Run
from dpsctl.service.contract import Purpose, Service

if TYPE_CHECKING:
    from dpsctl.service.azure.arm import Arm
    from dpsctl.service.azure.resource import Resource

Json = dict[str, Any]
_HOW = (
    "Give --dps-name NAME, or set DPSCTL_DPS_NAME, or choose a context with dps_name: 'dpsctl "
    "config use-context NAME'. A connection string does not open Azure Resource Manager."
)


class Resources(Service):
    """Azure Resource Manager, asked as whoever is signed in; nothing is sent before it is used."""

    options = Lookup
    connector = "dpsctl.service.resources"

    def __init__(self, lookup: Lookup, run: Run, *, dry_run: bool = False) -> None:
        self._lookup = lookup
        self._run = run
        self._dry_run = dry_run

    def list(self) -> builtins.list[Json]:
        """List the services of the resource group, or of the whole subscription."""
        from dpsctl.service.azure.arm import in_newest
        from dpsctl.service.azure.discovery import Finder

        connection = self._settled
        arm = self._arm_of(connection)
        subscription = Finder(connection, arm, self._run).subscription_id()
        group = connection.resource_group
        return in_newest(lambda version: [*arm.services(subscription, group, version)])

    def named(self) -> Resource:
        """Find the service that the options or the context name.

        Raises UsageError if neither does, NotFound if there is none of that name.
        """
        from dpsctl.service.access import with_bare_name
        from dpsctl.service.azure.discovery import Finder
        from dpsctl.service.azure.resource import Resource

        if not self.names_one:
            raise UsageError("No provisioning service is named", _HOW)
        connection = with_bare_name(self._settled)
        arm = self._arm_of(connection)
        return Resource(arm, Finder(connection, arm, self._run).resource())

    @property
    def names_one(self) -> bool:
        """Say whether the options or the context name a service."""
        return bool(self._settled.dps_name)

    @property
    def id_scope_of_context(self) -> str | None:
        """Return the id scope that the context gives, unless the options name another service."""
        from dpsctl.service.settings import settle_transport

        _, said = settle_transport(self._lookup, self._run)
        return said.get("id_scope")

    def of(self, listed: Json) -> Resource:
        """Return what can be asked of a service that was *listed*."""
        from dpsctl.service.azure.resource import Resource

        return Resource(self._arm_of(self._settled), listed)

    @cached_property
    def _settled(self) -> Connection:
        from dpsctl.service.settings import settle

        return settle(Connection(**vars(self._lookup)), self._run).connection

    def _arm_of(self, connection: Connection) -> Arm:
        from dpsctl.service.azure.arm import Arm
        from dpsctl.service.azure.clouds import cloud_of
        from dpsctl.service.azure.identity import Identity
        from dpsctl.service.endpoints import trusted

        cloud = cloud_of(connection.cloud)
        identity = Identity(cloud, trusted(connection, self._run), self._run)
        return Arm(cloud, identity, connection, self._run, dry_run=self._dry_run)


class NamedResources(Resources):
    """The same for a command that is about something of a service, or about several."""

    options = NamedLookup


class ShownResources(Resources):
    """The same for a command that is about a service itself."""

    options = ShownLookup


class OwnerResources(Resources):
    """The same for a command that is about a thing with a name of its own."""

    options = OwnerLookup


def connect(lookup: Lookup, run: Run, purpose: Purpose) -> Resources:
    """Get ready to ask; nothing is sent yet."""
    kinds = (Resources, NamedResources, ShownResources, OwnerResources)
    kind = next(kind for kind in kinds if kind.options is type(lookup))
    return kind(lookup, run, dry_run=purpose.dry_run)

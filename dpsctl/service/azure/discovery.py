"""Find a service and a key for it from its name alone, as az does (docs/service.md#h1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from dpsctl import keys
from dpsctl.errors import BadAnswer, NotFound, Unauthorized
from dpsctl.options.connection import Connection
from dpsctl.run import Run
from dpsctl.service.auth import ConnectionString, is_host
from dpsctl.service.azure import azure_cli
from dpsctl.service.azure.arm import Arm, in_newest
from dpsctl.service.azure.remembered import Place, Places
from dpsctl.service.endpoints import is_emulated
from dpsctl.service.shape import SERVICE

Json = dict[str, Any]
_SUBSCRIPTION_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NAMED_AT_MOST = 20
_ANY = "emulator"  # it has every name in every subscription and resource group
# What az looks for, and the owner's policy of a new service has (docs/service.md#b7).
_EVERYTHING = {"serviceconfig", "enrollmentwrite"}
_ODD = "Is --cloud right? --debug shows what Azure Resource Manager answered."


class Finder:
    """Looks one service up; *connection* says its name, and where to look."""

    def __init__(self, connection: Connection, arm: Arm, run: Run) -> None:
        self._name = (connection.dps_name or "").partition(".")[0]
        self._emulated = is_emulated(run)
        self._group = connection.resource_group or (_ANY if self._emulated else None)
        self._subscription = connection.subscription or (_ANY if self._emulated else None)
        self._cloud = connection.cloud
        self._arm = arm
        self._run = run
        self._places = Places(run.environ)

    def host(self) -> str:
        """Return the service's host, from memory if it was found before. Raises NotFound."""
        return self._remembered()[0].host

    def connection_string(self, rights: Iterable[str]) -> ConnectionString:
        """Return host, name and key of the first policy that has all of *rights*.

        Raises NotFound if there is no such service, Unauthorized if no policy has the rights.
        """
        place, is_old = self._remembered()
        try:
            policies = list(self._arm.policies(place.resource_id))
        except NotFound:
            if not is_old:
                raise
            self._places.put(self._key(), None)  # it has moved to another group, or was made anew
            place, _ = self._remembered()
            policies = list(self._arm.policies(place.resource_id))
        policy = _policy_with(rights, policies, self._name)
        key = str(policy["primaryKey"])
        self._run.masker.add(key)
        self._run.say(f"signing as the policy {policy['keyName']}")
        try:
            keys.decode_key(key)
        except keys.KeyFormatError as error:
            raise BadAnswer(f"ARM's key of the policy {policy['keyName']}: {error}", _ODD) from None
        return ConnectionString(place.host, str(policy["keyName"]), key)

    def takes_no_keys(self) -> bool:
        """Ask ARM whether only access tokens open the service: its disableLocalAuth."""
        path = quote(self._remembered()[0].resource_id, errors="replace")
        found = in_newest(lambda version: self._arm.read(path, SERVICE, version))
        return (found.get("properties") or {}).get("disableLocalAuth") is True

    def _remembered(self) -> tuple[Place, bool]:
        """Return the place, and whether it is from an earlier run."""
        if self._emulated:
            return place_of(self.resource()), False
        key = self._key()
        if known := self._places.get(key):
            return known, True
        found = place_of(self.resource())
        self._places.put(key, found)
        return found, False

    def _key(self) -> str:
        subscription = self.subscription_id()
        return "/".join([self._arm.url, subscription, self._group or "", self._name]).lower()

    def resource(self) -> Json:
        """Ask ARM for the service. Raises NotFound."""
        subscription = self.subscription_id()
        if self._group:
            try:
                return self._arm.service(subscription, self._group, self._name)
            except NotFound as missing:
                if missing.details.get("code") == "SubscriptionNotFound":
                    raise
                raise self._missing(self._arm.services(subscription, self._group)) from None
        services = list(self._arm.services(subscription))
        for service in services:
            if str(service.get("name", "")).lower() == self._name.lower():
                return service
        raise self._missing(services)

    def _missing(self, candidates: Iterable[Json]) -> NotFound:
        where = f"resource group {self._group}" if self._group else "the subscription"
        try:
            names = sorted(_described(service) for service in candidates)
        except NotFound:  # there is no such group
            names = []
        there = ", ".join(names[:_NAMED_AT_MOST]) or "no provisioning service"
        return NotFound(
            f"--dps-name {self._name}: there is no such service in {where} "
            f"(subscription {self.subscription_id()})",
            404,
            hint=f"There is {there}. --subscription and --resource-group look elsewhere.",
        )

    def subscription_id(self) -> str:
        """Return the id of the subscription that was named, or az's default, or the only one."""
        wanted = self._subscription
        if wanted and self._emulated:
            return wanted
        if wanted and _SUBSCRIPTION_ID.fullmatch(wanted):
            return wanted
        seen = azure_cli.subscriptions(self._run)
        for known in seen:
            if known.name.lower() == wanted.lower() if wanted else known.is_default:
                self._subscription = known.id
                return known.id
        self._subscription = self._asked_for(wanted)
        return self._subscription

    def _asked_for(self, wanted: str | None) -> str:
        """Ask ARM which subscriptions there are."""
        there = {
            str(item.get("subscriptionId")): str(item.get("displayName"))
            for item in self._arm.subscriptions()
        }
        fitting = [
            id_ for id_, name in there.items() if not wanted or name.lower() == wanted.lower()
        ]
        if len(fitting) == 1:
            return fitting[0]
        named = ", ".join(f"{name} ({id_})" for id_, name in sorted(there.items())[:_NAMED_AT_MOST])
        problem = "is ambiguous" if fitting else "is not among those of who signed in"
        raise NotFound(
            f"--subscription {wanted}: {problem}" if wanted else "No subscription is named",
            404,
            hint=f"Give --subscription ID, one of: {named or 'none; sign in to another tenant'}.",
        )


def _policy_with(rights: Iterable[str], policies: list[Json], name: str) -> Json:
    wanted = {right.lower() for right in rights}
    for policy in policies:
        has = {right.strip().lower() for right in str(policy.get("rights", "")).split(",")}
        fits = wanted <= has or has >= _EVERYTHING
        if fits and policy.get("keyName") and policy.get("primaryKey"):
            return policy
    there = "; ".join(f"{policy.get('keyName')}: {policy.get('rights')}" for policy in policies)
    raise Unauthorized(
        f"{name}: no shared access policy has the rights {', '.join(sorted(rights))}",
        403,
        hint=f"There is {there or 'no policy'}. --auth-type login needs none.",
    )


def _described(service: Json) -> str:
    """Name a service and its resource group, which stands in its id only."""
    name = service.get("name") or "a service without a name"
    group = re.search(r"/resourceGroups/([^/]+)/", str(service.get("id")), re.IGNORECASE)
    return f"{name} (resource group {group[1]})" if group else name


def place_of(service: Json) -> Place:
    """Return where a service is, as ARM says. Raises BadAnswer if it does not."""
    properties = service.get("properties") or {}
    host, path = properties.get("serviceOperationsHostName"), service.get("id")
    if not host or not path:
        raise BadAnswer(
            f"ARM names no host for the service (its state: {properties.get('state')})",
            "Is it still being made?",
        )
    if not is_host(host):
        raise BadAnswer(f"ARM's name of the service's host is none ({len(host)} characters)", _ODD)
    if not path.startswith("/"):
        raise BadAnswer("ARM's id of the service is no path", _ODD)
    return Place(host, path)

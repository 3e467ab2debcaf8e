"""Azure Resource Manager: which services there are, and their keys (docs/service.md#h1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import quote

from dpsctl.errors import ServiceError
from dpsctl.options.connection import Transport
from dpsctl.run import Run
from dpsctl.service.azure.clouds import ARM_URL_VARIABLE, Cloud
from dpsctl.service.azure.identity import Identity
from dpsctl.service.calls import Request, Target
from dpsctl.service.endpoints import manner_of, url_of
from dpsctl.service.hints import hint_for
from dpsctl.service.http import Http
from dpsctl.service.paging import linked_pages
from dpsctl.service.shape import POLICY, SERVICE, SUBSCRIPTION, Shape, as_object

Json = dict[str, Any]
T = TypeVar("T")
API_VERSION = "2022-12-12"
# The first that tells of disableLocalAuth (docs/service.md#j3); not every cloud has it yet.
NEWER_VERSION = "2026-08-31"
_UNKNOWN_VERSION = "NoRegisteredProviderFound"
_PROVIDER = "providers/Microsoft.Devices/provisioningServices"
_FORBIDDEN = (
    "Finding a service needs the role Reader; listing its keys needs Contributor, or the right "
    "Microsoft.Devices/provisioningServices/listkeys/action. With a host name for --dps-name and "
    "--auth-type login neither is needed."
)
_HINTS = {
    401: "Sign in to the right tenant and cloud: 'az login', --cloud, DPSCTL_ACCESS_TOKEN.",
    403: _FORBIDDEN,
    404: "Check --subscription and --resource-group.",
}


class Arm:
    """The resource manager of one cloud, asked as whoever is signed in."""

    def __init__(
        self,
        cloud: Cloud,
        identity: Identity,
        transport: Transport,
        run: Run,
        *,
        dry_run: bool = False,
    ) -> None:
        self.url = url_of(cloud.arm_host, ARM_URL_VARIABLE, run)
        target = Target(
            url=self.url,
            api_version=API_VERSION,
            **manner_of(transport, run),
            dry_run=dry_run,
            hint=_hint,
        )
        self.dry_run = dry_run
        self._http = Http(target, lambda: identity.authorization(cloud.arm_scope), run)
        self._subscriptions = Http(
            # Subscriptions belong to another part of ARM, which has versions of its own.
            replace(target, api_version="2022-12-01"),
            lambda: identity.authorization(cloud.arm_scope),
            run,
        )

    def subscriptions(self) -> Iterator[Json]:
        """List the subscriptions that the signed-in user can see."""
        return _listed(self._subscriptions, Request("GET", "/subscriptions"), SUBSCRIPTION)

    def service(self, subscription: str, group: str, name: str) -> Json:
        """Read the service *name*. Raises NotFound."""
        path = f"{_scope(subscription, group)}/{_PROVIDER}/{quote(name, safe='')}"
        return self.read(path, SERVICE)

    def services(
        self, subscription: str, group: str | None = None, version: str = API_VERSION
    ) -> Iterator[Json]:
        """List the services of a subscription, or of one resource group."""
        path = f"{_scope(subscription, group)}/{_PROVIDER}"
        return _listed(self._http, Request("GET", path, query=f"api-version={version}"), SERVICE)

    def read(self, path: str, shape: Shape, version: str = API_VERSION) -> Json:
        """Read the resource at *path*, quoted already. Raises NotFound."""
        request = Request("GET", path, query=f"api-version={version}")
        return as_object(self._http.send(request).body, shape)

    def write(self, request: Request, shape: Shape) -> Json:
        """Send a write, or in a dry run say how; nothing comes of one that has no answer to give.

        It is sent once: another try might be refused for what the first has done.
        """
        if self.dry_run:
            return self._http.planned(request)
        return as_object(self._http.send(request).body or {}, shape)

    def policies(self, resource_id: str) -> Iterator[Json]:
        """List a service's shared access policies with their keys."""
        path = f"{quote(resource_id, errors='replace')}/listkeys"
        return _listed(self._http, Request("POST", path), POLICY)


def in_newest(read: Callable[[str], T]) -> T:
    """Return what *read*, given an api-version, finds in the newest that this cloud has."""
    try:
        return read(NEWER_VERSION)
    except ServiceError as refused:
        if refused.details.get("errorCode") != _UNKNOWN_VERSION:
            raise
        return read(API_VERSION)


def _scope(subscription: str, group: str | None) -> str:
    scope = f"/subscriptions/{quote(subscription, safe='', errors='replace')}"
    return f"{scope}/resourceGroups/{quote(group, safe='')}" if group else scope


def _listed(http: Http, request: Request, shape: Shape) -> Iterator[Json]:
    for page in linked_pages(http, request, shape):
        yield from page.records


def _hint(status: int, error_code: object, headers: Mapping[str, str]) -> str | None:
    return _HINTS.get(status) or hint_for(status, error_code, headers)

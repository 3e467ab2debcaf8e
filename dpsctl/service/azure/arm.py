"""Azure Resource Manager: which services there are, and their keys (docs/service.md#h1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from dpsctl.options.connection import Transport
from dpsctl.run import Run
from dpsctl.service.azure.clouds import ARM_URL_VARIABLE, Cloud
from dpsctl.service.azure.identity import Identity
from dpsctl.service.calls import Request, Target
from dpsctl.service.endpoints import trusted, url_of
from dpsctl.service.hints import hint_for
from dpsctl.service.http import Http
from dpsctl.service.paging import linked_pages
from dpsctl.service.shape import POLICY, SERVICE, SUBSCRIPTION, Shape, as_object

Json = dict[str, Any]
_API_VERSION = "2022-12-12"
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

    def __init__(self, cloud: Cloud, identity: Identity, transport: Transport, run: Run) -> None:
        self.url = url_of(cloud.arm_host, ARM_URL_VARIABLE, run)
        target = Target(
            url=self.url,
            api_version=_API_VERSION,
            verify=trusted(transport, run),
            timeout=transport.timeout,
            retries=transport.retries,
            hint=_hint,
        )
        self._http = Http(target, lambda: identity.authorization(cloud.arm_scope), run)
        self._subscriptions = Http(
            # Subscriptions belong to another part of ARM, which has versions of its own.
            replace(target, api_version="2022-12-01"),
            lambda: identity.authorization(cloud.arm_scope),
            run,
        )

    def subscriptions(self) -> Iterator[Json]:
        """List the subscriptions that the signed-in user can see."""
        return _listed(self._subscriptions, "GET", "/subscriptions", SUBSCRIPTION)

    def service(self, subscription: str, group: str, name: str) -> Json:
        """Read the service *name*. Raises NotFound."""
        path = f"{_scope(subscription, group)}/{_PROVIDER}/{quote(name, safe='')}"
        return as_object(self._http.send(Request("GET", path)).body, SERVICE)

    def services(self, subscription: str, group: str | None = None) -> Iterator[Json]:
        """List the services of a subscription, or of one resource group."""
        return _listed(self._http, "GET", f"{_scope(subscription, group)}/{_PROVIDER}", SERVICE)

    def policies(self, resource_id: str) -> Iterator[Json]:
        """List a service's shared access policies with their keys."""
        return _listed(
            self._http, "POST", f"{quote(resource_id, errors='replace')}/listkeys", POLICY
        )


def _scope(subscription: str, group: str | None) -> str:
    scope = f"/subscriptions/{quote(subscription, safe='', errors='replace')}"
    return f"{scope}/resourceGroups/{quote(group, safe='')}" if group else scope


def _listed(http: Http, method: str, path: str, shape: Shape) -> Iterator[Json]:
    for page in linked_pages(http, Request(method, path), shape):
        yield from page.records


def _hint(status: int, error_code: object, headers: Mapping[str, str]) -> str | None:
    return _HINTS.get(status) or hint_for(status, error_code, headers)

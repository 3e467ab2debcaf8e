"""`dpsctl connection-string`: what signs in to a service as one of its policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dpsctl.errors import NotFound
from dpsctl.frame.verbs import Noun, verb
from dpsctl.options.policies import OwnerUnlessGiven, ShowAll, WhichKey
from dpsctl.options.words import KeyType, Toggle
from dpsctl.output.columns import Column
from dpsctl.run import Run
from dpsctl.service.resources import NamedResources

if TYPE_CHECKING:
    from dpsctl.service.azure.resource import Resource

Json = dict[str, Any]
_OWNER = "provisioningserviceowner"


@verb(
    columns={"Name": "name", "Connection string": Column("connectionString", "whole")},
    examples=[
        "dpsctl connection-string show --dps-name my-dps --resource-group my-rg",
        "dpsctl connection-string show -n my-dps --key-type secondary --query connectionString",
    ],
)
def show(
    *,
    run: Run,
    resources: NamedResources,
    policy_name: OwnerUnlessGiven = _OWNER,
    key_type: WhichKey = KeyType.primary,
    show_all: ShowAll = None,
) -> Json | list[Json]:
    """Show the connection string of a service, or of each.

    Without --dps-name it is one for every active service of the resource group or subscription. The
    result holds keys.
    """
    policy = None if show_all is Toggle.true else policy_name
    if resources.names_one:
        strings = _strings(resources.named(), policy, key_type)
        return {"connectionString": strings[0] if policy else strings}
    found = []
    for listed in resources.list():
        name, state = listed.get("name"), (listed.get("properties") or {}).get("state")
        if state != "Active":
            run.warn(f"{name} is left out: its state is {state}")
            continue
        try:
            strings = _strings(resources.of(listed), policy, key_type)
        except NotFound:
            run.warn(f"{name} is left out: it has no policy {policy}")
            continue
        found.append({"name": name, "connectionString": strings[0] if policy else strings})
    return found


def _strings(resource: Resource, policy: str | None, key_type: KeyType) -> list[str]:
    policies = resource.policies() if policy is None else [resource.policy(policy)]
    key = f"{key_type}Key"
    return [resource.connection_string(policy, key) for policy in policies]


command = Noun("connection-string", "Show a service's connection string.", [show])

"""`dpsctl policy`: the shared access policies of a service, with their keys."""

from __future__ import annotations

from typing import Any

from dpsctl.frame.verbs import Noun, verb
from dpsctl.options.policies import PolicyName
from dpsctl.output.columns import Column
from dpsctl.service.resources import NamedResources

_COLUMNS = {"Name": "keyName", "Rights": Column("rights", "head")}


@verb(
    "list",
    columns=_COLUMNS,
    examples=[
        "dpsctl policy list --dps-name my-dps --resource-group my-rg",
        "dpsctl policy list -n my-dps --query '[].keyName' -o tsv",
    ],
)
def list_policies(resources: NamedResources) -> list[dict[str, Any]]:
    """List the shared access policies of a service.

    The result holds their keys.
    """
    return resources.named().policies()


@verb(
    columns=_COLUMNS,
    examples=[
        "dpsctl policy show --dps-name my-dps -g my-rg --policy-name provisioningserviceowner",
        "dpsctl policy show -n my-dps --pn provisioningserviceowner --query primaryKey -o tsv",
    ],
)
def show(resources: NamedResources, policy_name: PolicyName) -> dict[str, Any]:
    """Show a shared access policy of a service.

    The result holds its keys.
    """
    return resources.named().policy(policy_name)


command = Noun("policy", "Show a service's policies and their keys.", [show, list_policies])

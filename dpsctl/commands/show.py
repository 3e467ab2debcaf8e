"""`dpsctl show`: one provisioning service."""

from __future__ import annotations

from typing import Any

from dpsctl.frame.verbs import verb
from dpsctl.output.columns import Column
from dpsctl.service.resources import ShownResources

SERVICE_COLUMNS = {
    "Name": "name",
    "State": "properties.state",
    "Location": "location",
    "ID scope": "properties.idScope",
    "Resource group": "resourcegroup",
    "Host": Column("properties.serviceOperationsHostName", is_wide=True),
}


@verb(
    columns=SERVICE_COLUMNS,
    examples=[
        "dpsctl show --name my-dps --resource-group my-rg",
        "dpsctl show -n my-dps --query properties.idScope -o tsv",
    ],
)
def show(resources: ShownResources) -> dict[str, Any]:
    """Show a provisioning service: ID scope, hosts, linked hubs."""
    return resources.named().show()


command = show

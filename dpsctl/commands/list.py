"""`dpsctl list`: the provisioning services there are."""

from __future__ import annotations

from typing import Any

from dpsctl.commands.show import SERVICE_COLUMNS
from dpsctl.frame.verbs import verb
from dpsctl.service.resources import Resources


@verb(
    "list",
    columns=SERVICE_COLUMNS,
    examples=["dpsctl list", "dpsctl list --resource-group my-rg -o table"],
)
def list_services(resources: Resources) -> list[dict[str, Any]]:
    """List the services of a subscription or a resource group."""
    return resources.list()


command = list_services

"""`dpsctl central device-group`: groups of devices that a filter selects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dpsctl.commands.central.device import DEVICE_COLUMNS
from dpsctl.frame.verbs import Noun, verb
from dpsctl.options.central import (
    DeviceFilter,
    DeviceGroupId,
    DeviceGroupSettings,
    DisplayName,
    Listing,
    OptionalDeviceFilter,
    OptionalDisplayName,
    PageSize,
    PreviewEtag,
)
from dpsctl.options.records import Top
from dpsctl.output.columns import Column
from dpsctl.payloads.central import changed_device_group
from dpsctl.run import Run
from dpsctl.service.central import CentralService

Json = dict[str, Any]
DEVICE_GROUP_COLUMNS = {
    "Group": "id",
    "Name": "displayName",
    "Filter": Column("filter", "head"),
    "Description": Column("description", "head", is_wide=True),
    "Organizations": Column("organizations", is_wide=True),
}


@verb(
    writes=True,
    columns=DEVICE_GROUP_COLUMNS,
    examples=[
        (
            "dpsctl central device-group create --device-group-id group1 --display-name 'Group 1'"
            " --filter 'SELECT * FROM devices WHERE $provisioned = true'"
        ),
        (
            "dpsctl central device-group create --device-group-id sims --display-name Simulated"
            " --filter 'SELECT * FROM devices WHERE $simulated = true' --organizations seattle"
        ),
    ],
)
def create(
    service: CentralService,
    group_id: DeviceGroupId,
    display_name: DisplayName,
    filter_: DeviceFilter,
    settings: DeviceGroupSettings,
) -> Json:
    """Add a device group; one that exists is left alone."""
    body = changed_device_group(display_name, filter_, settings)
    return service.device_groups.create(group_id, body)


@verb(
    columns=DEVICE_GROUP_COLUMNS,
    examples=[
        "dpsctl central device-group show --device-group-id group1",
        "dpsctl central device-group show --device-group-id group1 --query filter -o tsv",
    ],
)
def show(service: CentralService, group_id: DeviceGroupId) -> Json:
    """Show a device group."""
    return service.device_groups.show(group_id)


@verb(
    writes=True,
    columns=DEVICE_GROUP_COLUMNS,
    examples=[
        "dpsctl central device-group update --device-group-id group1 --display-name 'New name'",
        "dpsctl central device-group update --device-group-id group1 --description ''",
    ],
)
def update(  # noqa: PLR0913, PLR0917 - each is one thing a user may say
    service: CentralService,
    run: Run,
    group_id: DeviceGroupId,
    settings: DeviceGroupSettings,
    display_name: OptionalDisplayName = None,
    filter_: OptionalDeviceFilter = None,
    etag: PreviewEtag = None,
) -> Json:
    """Change a device group; what no flag names stays as it is."""
    changes = changed_device_group(display_name, filter_, settings)
    if not changes:
        run.warn("nothing to change was named")
        return service.device_groups.show(group_id)
    return service.device_groups.update(group_id, changes, etag)


@verb(
    writes=True,
    examples=[
        "dpsctl central device-group delete --device-group-id group1",
        "dpsctl central device-group delete --device-group-id group1 --dry-run",
    ],
)
def delete(service: CentralService, group_id: DeviceGroupId) -> Json | None:
    """Delete a device group; its devices stay."""
    return service.device_groups.delete(group_id)


@verb(
    "list",
    columns=DEVICE_GROUP_COLUMNS,
    examples=[
        "dpsctl central device-group list -o table",
        "dpsctl central device-group list --order-by displayName",
    ],
)
def list_groups(service: CentralService, listing: Listing, top: Top = -1) -> Iterator[Json]:
    """List device groups."""
    return service.device_groups.list(
        top, listing.page_size, filter_=listing.filter, order_by=listing.order_by
    )


@verb(
    "list",
    columns=DEVICE_COLUMNS,
    examples=[
        "dpsctl central device-group device list --device-group-id group1 -o table",
        "dpsctl central device-group device list --device-group-id group1 --query '[].id' -o tsv",
    ],
)
def list_devices(
    service: CentralService, group_id: DeviceGroupId, page_size: PageSize = None, top: Top = -1
) -> Iterator[Json]:
    """List the devices that a group's filter selects."""
    return service.device_groups.devices(group_id, top, page_size)


group_device = Noun("device", "See which devices a group has.", [list_devices])
command = Noun(
    "device-group",
    "Manage device groups of IoT Central.",
    [create, show, update, delete, list_groups, group_device],
)

"""`dpsctl central device`: the devices of an application, their credentials and keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dpsctl import keys
from dpsctl.errors import UsageError
from dpsctl.frame.verbs import Noun, verb
from dpsctl.options.central import (
    DerivingKey,
    DeviceId,
    DeviceSettings,
    EdgeOnly,
    Listing,
    PreviewEtag,
)
from dpsctl.options.records import Top
from dpsctl.output.columns import Column
from dpsctl.payloads.central import changed_device, new_device
from dpsctl.run import Run
from dpsctl.service.central import CentralService

Json = dict[str, Any]
# The words of docs/service.md#f8; a device that is neither enabled nor provisioned may be either
# of the last two.
_STATUS = (
    "id && (enabled && (provisioned && 'Provisioned' || 'Registered')"
    " || (provisioned && 'Blocked' || 'Waiting or blocked'))"
)
DEVICE_COLUMNS = {
    "Device": "id",
    "Status": Column(_STATUS, "word"),
    "Simulated": "simulated",
    "Name": "displayName",
    "Template": "template",
    "Organizations": Column("organizations", is_wide=True),
}


@verb(
    writes=True,
    columns=DEVICE_COLUMNS,
    examples=[
        "dpsctl central device create -d thermostat1 --template 'dtmi:contoso:Thermostat;1'",
        "dpsctl central device create -d edge-1 --deployment-manifest @deployment.json",
    ],
)
def create(service: CentralService, device_id: DeviceId, settings: DeviceSettings) -> Json:
    """Add a device; one that exists is left alone.

    A deployment manifest makes it an IoT Edge device.
    """
    return service.devices.create(device_id, new_device(device_id, settings))


@verb(
    columns=DEVICE_COLUMNS,
    examples=[
        "dpsctl central device show -d thermostat1",
        "dpsctl central device show -d thermostat1 --query provisioned",
    ],
)
def show(service: CentralService, device_id: DeviceId) -> Json:
    """Show a device."""
    return service.devices.show(device_id)


@verb(
    writes=True,
    columns=DEVICE_COLUMNS,
    examples=[
        "dpsctl central device update -d thermostat1 --enable false  # block it",
        "dpsctl central device update -d thermostat1 --device-name 'Hall, north'",
    ],
)
def update(
    service: CentralService,
    run: Run,
    device_id: DeviceId,
    settings: DeviceSettings,
    etag: PreviewEtag = None,
) -> Json:
    """Change a device; what no flag names stays as it is."""
    changes = changed_device(settings)
    if not changes:
        run.warn("nothing to change was named")
        return service.devices.show(device_id)
    return service.devices.update(device_id, changes, etag)


@verb(
    writes=True,
    examples=[
        "dpsctl central device delete -d thermostat1",
        "dpsctl central device delete -d thermostat1 --dry-run",
    ],
)
def delete(service: CentralService, device_id: DeviceId) -> Json | None:
    """Delete a device."""
    return service.devices.delete(device_id)


@verb(
    "list",
    columns=DEVICE_COLUMNS,
    examples=[
        "dpsctl central device list -o table",
        "dpsctl central device list --filter \"contains(displayName, 'hall') and enabled eq true\"",
        "dpsctl central device list --order-by 'displayName desc' --page-size 10 --top 10",
    ],
)
def list_devices(
    service: CentralService, listing: Listing, top: Top = -1, edge_only: EdgeOnly = False
) -> Iterator[Json]:
    """List devices.

    A filter compares id, displayName, template, scopes (the organizations), enabled, provisioned
    and simulated.
    """
    wanted = service.devices.list_edge if edge_only else service.devices.list
    return wanted(top, listing.page_size, filter_=listing.filter, order_by=listing.order_by)


@verb(
    "show-credentials",
    examples=[
        "dpsctl central device show-credentials -d thermostat1",
        "dpsctl central device show-credentials -d thermostat1 --query idScope -o tsv",
    ],
)
def show_credentials(service: CentralService, device_id: DeviceId) -> Json:
    """Show the ID scope and the keys a device connects with."""
    return service.devices.credentials(device_id)


@verb(
    "compute-device-key",
    examples=[
        "dpsctl central device compute-device-key --primary-key @group.key -d device-1",
        "dpsctl central device compute-device-key --pk @group.key -d device-1 -o tsv",
    ],
)
def compute_device_key(run: Run, device_id: DeviceId, primary_key: DerivingKey) -> str:
    """Derive the key of one device from its group's key.

    Nothing is sent.
    """
    try:
        derived = keys.derive_device_key(primary_key, device_id)
    except keys.KeyFormatError as error:
        raise UsageError(
            f"--primary-key: {error}", "Give the group's key as the application shows it."
        ) from None
    for warning in (keys.key_length_warning(primary_key), keys.upper_case_warning(device_id)):
        if warning:
            run.warn(warning)
    return derived


command = Noun(
    "device",
    "Manage devices of IoT Central.",
    [create, show, update, delete, list_devices, show_credentials, compute_device_key],
)

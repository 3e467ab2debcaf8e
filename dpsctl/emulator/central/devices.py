"""Devices of IoT Central: their records, and the credentials derived for them."""

from __future__ import annotations

from dpsctl.emulator.answers import Answer, Json
from dpsctl.emulator.call import Call
from dpsctl.emulator.central.answers import bad_request, invalid_body
from dpsctl.emulator.central.languages import DEVICE_FILTER
from dpsctl.emulator.central.pages import Listed
from dpsctl.emulator.central.records import Kind
from dpsctl.emulator.enrollments.records import new_key
from dpsctl.emulator.etags import new_etag
from dpsctl.emulator.store import Store
from dpsctl.keys import IdFormatError, check_registration_id, derive_device_key

_TYPES = ("iotEdge",)
_KEYS = ("primaryKey", "secondaryKey")


def credentials(call: Call, device_id: str) -> Answer:
    """Answer with the keys of a device, derived from the application's own."""
    record = DEVICE.existing(call, device_id)
    keys = {
        name: derive_device_key(key, record["id"])
        for name, key in application_keys(call.store).items()
    }
    return Answer(body={"idScope": call.service.identity.id_scope, "symmetricKey": keys})


def application_keys(store: Store) -> dict[str, str]:
    """Return the keys that those of all devices derive from; they outlive a reset."""
    with store.writing():
        for name in _KEYS:
            if store.kept(f"central.{name}") is None:
                store.keep(f"central.{name}", new_key())
        return {name: str(store.kept(f"central.{name}")) for name in _KEYS}


def _check_id(device_id: str) -> None:
    """Central's devices are registered, so their ids are registration ids."""
    try:
        check_registration_id(device_id)
    except IdFormatError as error:
        raise bad_request(str(error)) from None


def admit(store: Store, device_id: str) -> None:
    """Keep that a device is provisioned; one that nobody added is approved (docs/service.md#f8)."""
    added = store.get(DEVICES.kind, device_id)
    record = added or _accept({"id": device_id, "etag": new_etag()}, None)
    store.put(DEVICES.kind, device_id, {**record, "provisioned": True})


def is_blocked(store: Store, device_id: str) -> bool:
    """Say whether somebody has disabled the device; one that nobody added is not."""
    record = store.get(DEVICES.kind, device_id)
    return record is not None and not record["enabled"]


def _accept(sent: Json, current: Json | None) -> Json:
    """Fill in what a new device has (docs/service.md#f8), and keep whether it is provisioned."""
    for kind in sent.get("type", []):
        if kind not in _TYPES:
            raise invalid_body(f"type must be a list of {', '.join(_TYPES)}")
    return {
        "id": sent["id"],
        "etag": sent["etag"],
        "displayName": sent.get("displayName", sent["id"]),
        "simulated": sent.get("simulated", False),
        "provisioned": bool(current and current["provisioned"]),
        **({"template": sent["template"]} if "template" in sent else {}),
        "enabled": sent.get("enabled", True),
        **{name: sent[name] for name in _LATER if name in sent},
    }


def _shown(call: Call, record: Json) -> Json:
    del call
    return record


_LATER = ("organizations", "type", "deploymentManifest")
DEVICES = Listed("central.devices", DEVICE_FILTER, _shown)
DEVICE = Kind(
    what="Device",
    listed=DEVICES,
    check_id=_check_id,
    fields={
        "displayName": str,
        "template": str,
        "enabled": bool,
        "simulated": bool,
        "organizations": list,
        "type": list,
        "deploymentManifest": dict,
    },
    required=(),
    accept=_accept,
    preview_fields=("type", "deploymentManifest"),
    read_only=("id", "provisioned"),
)

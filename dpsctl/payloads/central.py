"""Bodies of IoT Central's devices, device groups and enrollment groups, made from flags."""

from __future__ import annotations

from binascii import b2a_base64
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.options.central import DeviceGroupSettings, DeviceSettings, GroupSettings
from dpsctl.options.enrollment import Keys
from dpsctl.options.kinds import Words
from dpsctl.options.words import (
    GroupAttestationType,
    GroupType,
    ProvisioningStatus,
    Toggle,
)
from dpsctl.text.values import parse_object

Json = dict[str, Any]
_EDGE = "iotEdge"


def new_device(device_id: str, settings: DeviceSettings) -> Json:
    """Build the body of a new device, with the defaults that az sends: enabled, not simulated.

    Raises UsageError for one that nothing says how to simulate.
    """
    if settings.simulated is Toggle.true and settings.template is None:
        raise UsageError(
            "--simulated needs --template", "The template says what a simulated device sends."
        )
    body = {"displayName": device_id, "enabled": True, "simulated": False}
    body |= changed_device(settings)
    if "deploymentManifest" in body:
        body["type"] = [_EDGE]
    return body


def changed_device(settings: DeviceSettings) -> Json:
    """Return only what the flags ask for: the body of a PATCH."""
    manifest = settings.deployment_manifest
    return _given(
        displayName=settings.device_name,
        template=settings.template,
        simulated=_boolean(settings.simulated),
        enabled=_boolean(settings.enable),
        organizations=_separated(settings.organizations),
        deploymentManifest=None if manifest is None else _deployment_manifest(manifest),
    )


def changed_device_group(
    display_name: str | None, query: str | None, settings: DeviceGroupSettings
) -> Json:
    """Return only what the flags ask for: the body of a PATCH, and of a new device group."""
    return _given(
        displayName=display_name,
        description=settings.description,
        filter=query,
        organizations=settings.organizations,
    )


def new_enrollment_group(
    display_name: str,
    device_type: GroupType,
    attestation: Json,
    status: ProvisioningStatus | None,
) -> Json:
    """Build the body of a new enrollment group, enabled unless *status* says otherwise."""
    return {
        "displayName": display_name,
        "enabled": status is not ProvisioningStatus.disabled,
        "type": device_type.value,
        "attestation": attestation,
    }


def changed_enrollment_group(settings: GroupSettings) -> Json:
    """Return only what the flags ask for: what is not named, `enabled` above all, stays."""
    status = settings.status
    return _given(
        displayName=settings.display_name,
        type=settings.device_type.value if settings.device_type else None,
        enabled=None if status is None else status is ProvisioningStatus.enabled,
    )


def group_attestation(kind: GroupAttestationType, keys: Keys) -> Json:
    """Build an enrollment group's attestation; keys that are not given are made by the service."""
    given = _given(primaryKey=keys.primary_key, secondaryKey=keys.secondary_key)
    return {"type": kind.value, **({"symmetricKey": given} if given else {})}


def signing_certificate(pem: str, *, verified: bool) -> Json:
    """Build the body that sets a certificate: base64 of PEM text, as Central's examples have it."""
    return {"verified": verified, "certificate": encoded_certificate(pem)}


def encoded_certificate(pem: str) -> str:
    """Return the base64 of a certificate's PEM text (docs/service.md#e5)."""
    return b2a_base64(f"{pem}\n".encode(), newline=False).decode()


def _deployment_manifest(words: Words) -> Json:
    """Read a manifest; one as IoT Edge tools write it becomes the `data` of Central's."""
    manifest = parse_object(words, "--deployment-manifest")
    return {"data": manifest} if "modulesContent" in manifest else manifest


def _boolean(toggle: Toggle | None) -> bool | None:
    return None if toggle is None else toggle is Toggle.true


def _separated(text: str | None) -> list[str] | None:
    return None if text is None else text.split(",")


def _given(**fields: Any) -> Json:
    return {name: value for name, value in fields.items() if value is not None}

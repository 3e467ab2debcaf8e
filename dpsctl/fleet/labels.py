"""Whether what a label says belongs to its device."""

from __future__ import annotations

from dpsctl import keys
from dpsctl.errors import DpsctlError, UsageError

_KEY = "SharedAccessKey="
_DEVICE = "DeviceId="


def check_label(group_key: str, registration_id: str, label: str) -> None:
    """Raise DpsctlError unless *label* is the device's key, or a connection string with it.

    Raises UsageError for a label that is neither.
    """
    parts = label.strip().split(";")
    named = next((part for part in parts if part.startswith(_KEY)), None)
    device_key = label.strip() if named is None else named.removeprefix(_KEY)
    try:
        keys.decode_key(device_key)
    except keys.KeyFormatError as error:
        raise UsageError(
            f"--verify: {error}", "Give the device's key or connection string, as on its label."
        ) from None
    device = next((part for part in parts if part.startswith(_DEVICE)), None)
    if device is not None and device != f"{_DEVICE}{registration_id}":
        raise DpsctlError(f"The label is another device's: {device.removeprefix(_DEVICE)!r}")
    if device_key == keys.derive_device_key(group_key, registration_id):
        return
    spelled = {registration_id.lower(), registration_id.upper()} - {registration_id}
    for other in sorted(spelled):
        if device_key == keys.derive_device_key(group_key, other):
            raise DpsctlError(
                f"The key is that of '{other}': another spelling has another key",
                "The device has to register with the spelling that its key was derived for.",
            )
    raise DpsctlError(
        f"The key does not belong to '{registration_id}'",
        "It is of another device, of another group's key, or of the group's other key.",
    )

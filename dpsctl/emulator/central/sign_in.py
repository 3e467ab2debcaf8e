"""How IoT Central lets devices register: by its enrollment groups, as DPS would hold them."""

from __future__ import annotations

from collections.abc import Iterator

from dpsctl.emulator.answers import Json
from dpsctl.emulator.central.devices import application_keys, is_blocked
from dpsctl.emulator.central.enrollment_groups import CERTIFICATES, ENROLLMENT_GROUP
from dpsctl.emulator.store import Store

_CHUNK = 1000
_OWN_GROUP = "SAS-IoT-Devices"


def enrollment_groups(store: Store, attestation: str, device_id: str) -> Iterator[Json]:
    """Return the groups whose devices prove themselves by *attestation*, in the shape of DPS.

    They are disabled for a device that is blocked. A certificate counts once it is verified. Last
    comes the group that Central makes itself, to
    which the devices belong that use the keys of their credentials.
    """
    disabled = {"provisioningStatus": "disabled"} if is_blocked(store, device_id) else {}
    last: int | None = 0
    while last is not None:
        records, last = store.page(ENROLLMENT_GROUP.listed.kind, _CHUNK, last)
        for record in records:
            if record["attestation"]["type"] == attestation:
                yield _as_enrollment(record) | disabled
    if attestation == "symmetricKey":
        keys = {"type": attestation, attestation: application_keys(store)}
        yield {"enrollmentGroupId": _OWN_GROUP, "attestation": keys} | disabled


def _as_enrollment(record: Json) -> Json:
    attestation = record["attestation"]
    if attestation["type"] == "x509":
        verified = {
            entry: {"certificate": slot["certificate"], "info": slot["info"]}
            for entry, slot in record[CERTIFICATES].items()
            if slot["verified"]
        }
        attestation = {"type": "x509", "x509": {"signingCertificates": verified}}
    return {
        "enrollmentGroupId": record["id"],
        "attestation": attestation,
        "provisioningStatus": "enabled" if record["enabled"] else "disabled",
    }

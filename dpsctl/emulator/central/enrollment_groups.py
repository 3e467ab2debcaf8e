"""Enrollment groups of IoT Central: how devices sign in, by keys or by certificates."""

from __future__ import annotations

from typing import Any

from dpsctl.emulator.answers import Json
from dpsctl.emulator.call import Call
from dpsctl.emulator.central.answers import invalid_body
from dpsctl.emulator.central.group_ids import group_id_rule
from dpsctl.emulator.central.pages import Listed
from dpsctl.emulator.central.records import Kind
from dpsctl.emulator.central.tokens import is_preview
from dpsctl.emulator.enrollments.attestation import accept_attestation
from dpsctl.emulator.enrollments.kinds import GROUP
from dpsctl.emulator.enrollments.records import new_key

CERTIFICATES = "certificates"
_TYPES = ("iot", "iotEdge")
_ATTESTATIONS = ("symmetricKey", "x509")


def _accept(sent: Json, current: Json | None) -> Json:
    """Fill in keys, and keep the certificates, which have calls of their own."""
    if sent["type"] not in _TYPES:
        raise invalid_body(f"type must be one of {', '.join(_TYPES)}")
    return {
        "id": sent["id"],
        "displayName": sent["displayName"],
        "enabled": sent.get("enabled", True),
        "type": sent["type"],
        "attestation": _attestation(sent["attestation"], current),
        "etag": sent["etag"],
        CERTIFICATES: (current or {}).get(CERTIFICATES, {}),
    }


def _attestation(sent: Json, current: Json | None) -> Json:
    kind = sent.get("type")
    if kind not in _ATTESTATIONS:
        raise invalid_body(f"attestation.type must be one of {', '.join(_ATTESTATIONS)}")
    if current and current["attestation"]["type"] != kind:
        raise invalid_body("The type of an attestation cannot change")
    if kind == "symmetricKey":
        return accept_attestation(GROUP, sent, None, new_key)
    _check_no_certificates(sent.get("x509"))
    return {"type": kind}


def _check_no_certificates(sent: Any) -> None:
    """Refuse certificates here: they have calls of their own (docs/service.md#e5)."""
    slots = sent.get("signingCertificates") if isinstance(sent, dict) else None
    if sent is not None and not isinstance(sent, dict):
        raise invalid_body("attestation.x509 must be an object")
    if any(isinstance(slot, dict) and "certificate" in slot for slot in (slots or {}).values()):
        raise invalid_body("Set certificates with PUT .../certificates/{entry}")


def _shown(call: Call, record: Json) -> Json:
    """Show a group, keys in clear (docs/service.md#f5); its id scope is shown by the preview."""
    shown = {name: value for name, value in record.items() if name != CERTIFICATES}
    if record["attestation"]["type"] == "x509":
        slots = {entry: shown_certificate(slot) for entry, slot in record[CERTIFICATES].items()}
        shown["attestation"] = {"type": "x509", "x509": {"signingCertificates": slots}}
    return {**shown, "idScope": call.service.identity.id_scope} if is_preview(call) else shown


def shown_certificate(slot: Json) -> Json:
    """Show a certificate: whether it is verified, and its thumbprint; never the certificate."""
    return {"verified": slot["verified"], "info": slot["info"], "etag": slot["etag"]}


ENROLLMENT_GROUP = Kind(
    what="Enrollment group",
    listed=Listed("central.enrollmentGroups", None, _shown, parameters=()),
    check_id=group_id_rule("-"),
    fields={"displayName": str, "enabled": bool, "type": str, "attestation": dict},
    required=("displayName", "type", "attestation"),
    accept=_accept,
    read_only=("id", "idScope"),
)

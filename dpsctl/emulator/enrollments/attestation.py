"""What the service refuses, fills in and hides in an attestation mechanism: pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dpsctl.certificates.describing import certificate_info
from dpsctl.emulator.answers import Json, Refusal, invalid
from dpsctl.emulator.enrollments.kinds import Kind
from dpsctl.emulator.tpm.public_areas import read_public_area
from dpsctl.emulator.x509 import base64_der, is_described_by, read_certificate
from dpsctl.keys import KeyFormatError, decode_key

_SLOTS = ("primary", "secondary")
_CERTIFICATES = ("clientCertificates", "signingCertificates")
_KEY_BYTES = range(16, 65)


def accept_attestation(
    kind: Kind, sent: Any, current: Json | None, new_key: Callable[[], str]
) -> Json:
    """Return the attestation to store for what was *sent* over *current*.

    *new_key* makes the keys that were not sent. `none` attests nothing, so what lies beside it is
    kept as it is. Raises Refusal.
    """
    if not isinstance(sent, dict):
        raise invalid("Attestation is required.")
    attested_by = _attested_by(kind, sent.get("type"))
    match attested_by:
        case "symmetricKey":
            part = _symmetric_key(_part(sent, "symmetricKey"), new_key)
        case "tpm":
            part = _tpm(_part(sent, "tpm"))
        case "x509":
            part = _x509(kind, _part(sent, "x509"), (current or {}).get("x509") or {})
        case _:
            return {**sent, "type": attested_by}
    return {"type": attested_by, attested_by: part}


def shown_attestation(attestation: Json, *, with_keys: bool) -> Json:
    """Return *attestation* as an answer shows it: never a certificate, keys only *with_keys*."""
    match attestation["type"]:
        case "symmetricKey" if not with_keys:
            return {"type": "symmetricKey"}
        case "x509":
            return {"type": "x509", "x509": _without_certificates(attestation["x509"])}
        case _:
            return attestation


def _attested_by(kind: Kind, sent: Any) -> str:
    """Return the type of an attestation, which the service takes in any case."""
    for name in kind.attestations:
        if isinstance(sent, str) and sent.lower() == name.lower():
            return name
    raise invalid(f"Attestation type {sent!r} does not fit {kind.name}.")


def _part(sent: Json, name: str) -> Json:
    part = sent.get(name)
    if part is None:
        return {}
    if not isinstance(part, dict):
        raise invalid(f"{name} must be an object.")
    return part


def _symmetric_key(sent: Json, new_key: Callable[[], str]) -> Json:
    kept = {name: value for name, value in sent.items() if value is not None}
    for name in ("primaryKey", "secondaryKey"):
        kept[name] = _key(name, kept[name]) if name in kept else new_key()
    return kept


def _key(name: str, value: Any) -> str:
    """Check a key: base64 of 16 to 64 bytes (docs/service.md#b3)."""
    if not isinstance(value, str) or len(_decoded(value)) not in _KEY_BYTES:
        raise invalid(f"Invalid {name}: a symmetric key is base64 of 16 to 64 bytes.")
    return value


def _tpm(sent: Json) -> Json:
    """Check a device's public keys, of which only the first is required."""
    kept = {name: value for name, value in sent.items() if value is not None}
    if not kept.get("endorsementKey"):
        raise invalid("TPM or X509 attestation is required.")
    if read_public_area(kept["endorsementKey"]) is None:
        raise wrong_endorsement_key()
    if "storageRootKey" in kept and read_public_area(kept["storageRootKey"]) is None:
        raise wrong_storage_root_key()
    return kept


def wrong_endorsement_key() -> Refusal:
    """Return the refusal of a key that is none, or not the enrollment's (docs/service.md#j4)."""
    return invalid("Endorsement key is invalid, or does not match the Enrollment.")


def wrong_storage_root_key() -> Refusal:
    """Return the refusal of a storage root key that is none."""
    return invalid("Storage root key is invalid.")


def _decoded(key: str) -> bytes:
    """Return the bytes behind base64, none if it is no base64."""
    try:
        return decode_key(key)
    except KeyFormatError:
        return b""


def _x509(kind: Kind, sent: Json, current: Json) -> Json:
    """Take certificates or CA names, never both (docs/service.md#e1)."""
    given = {name: value for name, value in sent.items() if value is not None}
    ways = {*_CERTIFICATES, "caReferences"} & set(given)
    if not ways:
        raise invalid("TPM or X509 attestation is required.")
    if not ways <= {kind.certificates, "caReferences"}:
        raise invalid(f"{kind.name} takes {kind.certificates} or caReferences.")
    if len(ways) > 1:
        raise invalid(f"{kind.certificates} and caReferences exclude each other.")
    way = ways.pop()
    read = _ca_reference if way == "caReferences" else _certificate
    old = current.get(way) or {}
    slots = {
        name: read(value, old.get(name))
        for name, value in _part(given, way).items()
        if _is_given(value)
    }
    if not set(_SLOTS) & set(slots) or set(slots) - set(_SLOTS):
        raise invalid("TPM or X509 attestation is required.")
    return {**given, way: slots}


def _is_given(slot: Any) -> bool:
    return any(part is not None for part in slot.values()) if isinstance(slot, dict) else bool(slot)


def _ca_reference(sent: Any, _: Any) -> str:
    if not isinstance(sent, str):
        raise invalid("A CA reference is the name of a certificate of the service.")
    return sent


def _certificate(sent: Any, current: Json | None) -> Json:
    """Take a certificate, or the `info` of the one that is already in this slot."""
    if not isinstance(sent, dict):
        raise invalid("A certificate must be an object.")
    text, info = sent.get("certificate"), sent.get("info")
    if text is None and isinstance(info, dict):
        if current and is_described_by(info, current["info"]):
            return current
        raise invalid("Invalid certificate: the info is not that of the certificate stored here.")
    if not text or not isinstance(text, str):
        raise invalid("TPM or X509 attestation is required.")
    certificate = read_certificate(text)
    return {"certificate": base64_der(certificate), "info": certificate_info(certificate)}


def _without_certificates(x509: Json) -> Json:
    return {
        way: {name: {"info": slot["info"]} for name, slot in slots.items()}
        if way in _CERTIFICATES
        else slots
        for way, slots in x509.items()
    }

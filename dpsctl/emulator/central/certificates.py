"""Certificates of an enrollment group, and the proof that a caller owns their keys."""

from __future__ import annotations

import binascii
import secrets
from typing import Any

from cryptography import x509

from dpsctl.certificates.describing import certificate_info, has_signed
from dpsctl.emulator.answers import Answer, Json, Refusal
from dpsctl.emulator.call import Call
from dpsctl.emulator.central.answers import invalid_body, not_found
from dpsctl.emulator.central.enrollment_groups import (
    CERTIFICATES,
    ENROLLMENT_GROUP,
    shown_certificate,
)
from dpsctl.emulator.etags import new_etag
from dpsctl.emulator.x509 import base64_der, common_names, read_certificate

_ENTRIES = ("primary", "secondary")
_CODE_BYTES = 24


def show(call: Call, group_id: str, entry: str) -> Answer:
    """Answer with a certificate's thumbprint, and whether it is verified."""
    return Answer(body=shown_certificate(_slot(_group(call, group_id), entry)))


def write(call: Call, group_id: str, entry: str) -> Answer:
    """Set a certificate; whoever attests that it is valid need not prove it."""
    body = _object(call.json())
    verified = body.get("verified", False)
    if not isinstance(verified, bool):
        raise invalid_body("verified must be true or false")
    certificate = _certificate_in(body)
    slot = {
        "verified": verified,
        "info": {"sha1Thumbprint": certificate_info(certificate)["sha1Thumbprint"]},
        "etag": new_etag(),
        "certificate": base64_der(certificate),
    }
    with call.store.writing():
        group = _group(call, group_id)
        if group["attestation"]["type"] != "x509":
            raise invalid_body("Only a group with attestation x509 has certificates")
        _check_entry(entry)
        _store(call, group, {**group[CERTIFICATES], entry: slot})
    return Answer(body=shown_certificate(slot))


def remove(call: Call, group_id: str, entry: str) -> Answer:
    """Take a certificate away."""
    with call.store.writing():
        group = _group(call, group_id)
        _slot(group, entry)
        left = {name: slot for name, slot in group[CERTIFICATES].items() if name != entry}
        _store(call, group, left)
    return Answer(status=204)


def generate_code(call: Call, group_id: str, entry: str) -> Answer:
    """Answer with a new code; the one before it is worth nothing any more."""
    code = secrets.token_hex(_CODE_BYTES).upper()
    with call.store.writing():
        group = _group(call, group_id)
        slot = {**_slot(group, entry), "code": code}
        _store(call, group, {**group[CERTIFICATES], entry: slot})
    return Answer(body={"verificationCode": code})


def verify(call: Call, group_id: str, entry: str) -> Answer:
    """Take the proof: a certificate whose CN is the code, signed with the key of the entry's."""
    proof = _certificate_in(_object(call.json()))
    with call.store.writing():
        group = _group(call, group_id)
        slot = dict(_slot(group, entry))
        code = slot.pop("code", None)
        if code is None:
            raise invalid_body("Generate a verification code first")
        if common_names(proof) != [code]:
            raise invalid_body("The certificate's CN is not the verification code")
        if not has_signed(read_certificate(slot["certificate"]), proof):
            raise invalid_body(f"The certificate is not signed by the {entry} certificate")
        slot |= {"verified": True, "etag": new_etag()}
        _store(call, group, {**group[CERTIFICATES], entry: slot})
    return Answer(status=204)


def _group(call: Call, group_id: str) -> Json:
    return ENROLLMENT_GROUP.existing(call, group_id)


def _slot(group: Json, entry: str) -> Json:
    _check_entry(entry)
    slot: Json | None = group[CERTIFICATES].get(entry)
    if slot is None:
        raise not_found("Certificate entry", entry)
    return slot


def _check_entry(entry: str) -> None:
    if entry not in _ENTRIES:
        raise not_found("Certificate entry", entry)


def _store(call: Call, group: Json, certificates: Json) -> None:
    record = {**group, "etag": new_etag(), CERTIFICATES: certificates}
    call.store.put(ENROLLMENT_GROUP.listed.kind, group["id"], record)


def _object(body: Any) -> Json:
    if not isinstance(body, dict):
        raise invalid_body("The request body must be a JSON object")
    return body


def _certificate_in(body: Json) -> x509.Certificate:
    """Read the base64 of a PEM or DER file (docs/service.md#e5). Raises Refusal (422)."""
    text = body.get("certificate")
    try:
        binascii.a2b_base64(text if isinstance(text, str) else "-", strict_mode=True)
        return read_certificate(str(text))
    except (ValueError, Refusal):
        raise invalid_body("certificate must be the base64 of an X.509 certificate") from None

"""What a change takes away from devices: judged on its effect, whatever field was written."""

from __future__ import annotations

from enum import Enum
from typing import Any

from dpsctl.manifests.fields import KEY_FIELDS, SLOTS, Json, Kind, key_bytes, thumbprint_of


class Risk(Enum):
    """A class of changes that only happens when `--allow` names it."""

    delete = "delete"
    replace = "replace"
    keys = "keys"
    certificates = "certificates"
    disable = "disable"
    unblock = "unblock"
    many = "many"


def risks_of_update(kind: Kind, before: Json, after: Json) -> frozenset[Risk]:
    """Return the classes of making *before* into *after*."""
    found = {
        Risk.replace: type_of(before) != type_of(after),
        Risk.keys: bool(lost_keys(before, after)),
        Risk.certificates: bool(lost_trust(kind, before, after)),
        Risk.disable: not _is_disabled(before) and _is_disabled(after),
        Risk.unblock: _is_disabled(before) and not _is_disabled(after),
    }
    return frozenset(risk for risk, is_there in found.items() if is_there)


def risks_of_delete(kind: Kind, record: Json) -> frozenset[Risk]:
    """Return the classes of deleting *record*.

    A disabled individual enrollment locks its device out of the group it would belong to: without
    it, the device is back.
    """
    is_lock = kind.name == "IndividualEnrollment" and _is_disabled(record)
    return frozenset({Risk.delete, Risk.unblock} if is_lock else {Risk.delete})


def lost_trust(kind: Kind, before: Json, after: Json) -> list[str]:
    """Return the thumbprints and CA names that *before* trusts and *after* does not."""
    kept = trusted_by(kind, after)
    return [one for one in trusted_by(kind, before) if one not in kept]


def trusted_by(kind: Kind, record: Json) -> list[str]:
    """Return the thumbprints and the CA names in the slots of *record*."""
    x509 = (record.get("attestation") or {}).get("x509") or {}
    held = x509.get(kind.certificates) or {}
    names = x509.get("caReferences") or {}
    return [
        str(found)
        for slot in SLOTS
        for found in (thumbprint_of(held.get(slot)), names.get(slot))
        if found
    ]


def lost_keys(before: Json, after: Json) -> list[str]:
    """Name the fields of keys that are in no slot any more; keys that are not shown stay."""
    if type_of(before) == "symmetricKey" != type_of(after):
        return list(KEY_FIELDS)
    old, new = _keys_of(before), _keys_of(after)
    return [name for name, key in old.items() if key not in new.values()] if new else []


def _keys_of(record: Json) -> dict[str, Any]:
    attestation = record.get("attestation") or {}
    named = {**(attestation.get("symmetricKey") or {}), **(attestation.get("tpm") or {})}
    secret = (*KEY_FIELDS, "endorsementKey")
    return {name: key_bytes(named[name]) for name in secret if named.get(name)}


def type_of(record: Json) -> Any:
    """Return the type of a record's attestation."""
    return (record.get("attestation") or {}).get("type")


def _is_disabled(record: Json) -> bool:
    return record.get("provisioningStatus") == "disabled"

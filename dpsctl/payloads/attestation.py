"""How devices prove who they are, as the `attestation` of a body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import Attestation, Keys, Removal
from dpsctl.options.words import Toggle

Json = dict[str, Any]
SIGNING = "signingCertificates"
CLIENT = "clientCertificates"
_CA_NAMES = "caReferences"


def check_one_kind(options: Attestation) -> None:
    """Refuse flags of two kinds of attestation at once. Raises UsageError naming both."""
    kinds = [
        _first_given(
            {"--primary-key": options.primary_key, "--secondary-key": options.secondary_key}
        ),
        _first_given(
            {
                "--certificate-path": options.certificate_path,
                "--secondary-certificate-path": options.secondary_certificate_path,
            }
        ),
        _first_given(
            {
                "--root-ca-name": options.root_ca_name,
                "--secondary-root-ca-name": options.secondary_root_ca_name,
            }
        ),
    ]
    given = [flag for flag in kinds if flag]
    if len(given) > 1:
        raise UsageError(
            f"{given[0]} and {given[1]} exclude each other",
            "Devices prove who they are by keys, by certificates or by CA names: give one kind.",
        )


def new_attestation(options: Attestation, certificates: Mapping[str, str], collection: str) -> Json:
    """Build the attestation of a new record.

    *certificates* are the texts for the slots `primary` and `secondary`; *collection* is `SIGNING`
    for a group and `CLIENT` for one device. Without certificates or CA names it is by symmetric
    key; a key that is not given is made by the service.
    """
    if certificates:
        slots = {slot: {"certificate": text} for slot, text in certificates.items()}
        return {"type": "x509", "x509": {collection: slots}}
    if names := _ca_names(options):
        return {"type": "x509", "x509": {_CA_NAMES: names}}
    return {"type": "symmetricKey", "symmetricKey": _keys(options)}


def changed_attestation(current: Json, new: Json | None, removal: Removal, collection: str) -> Json:
    """Return *current* with what is *new* in it, and without what is removed.

    A certificate that is not touched stays as its `info`, behind which the service keeps it
    (design.md, Update). From certificates to CA names and back all slots change hands. Raises
    UsageError where flags do not fit the attestation, or nothing would be left of it.
    """
    gone = [
        slot
        for slot, flag in (
            ("primary", removal.remove_certificate),
            ("secondary", removal.remove_secondary_certificate),
        )
        if flag is Toggle.true
    ]
    kind = current.get("type")
    if gone and kind != "x509":
        raise UsageError(
            f"{_removal_flag(gone)}: this attestation is {kind} and has no certificates",
            "It is for attestation by certificate or CA name.",
        )
    if new is None and not gone:
        return current
    if new is not None and new["type"] != kind:
        raise UsageError(
            f"The attestation is {kind}; {_flags_for(new)} would make it {new['type']}",
            "An attestation's type cannot change: delete the record and create it anew.",
        )
    if new is not None and "symmetricKey" in new:
        merged = {**(current.get("symmetricKey") or {}), **new["symmetricKey"]}
        return {**current, "symmetricKey": merged}
    return {**current, "x509": _changed_x509(current.get("x509") or {}, new, gone, collection)}


def _changed_x509(current: Json, new: Json | None, gone: list[str], collection: str) -> Json:
    held = next((name for name in (collection, _CA_NAMES) if current.get(name)), collection)
    added = next(iter(new["x509"])) if new else held
    kept = current.get(held) or {} if added == held else {}
    slots = {slot: value for slot, value in kept.items() if slot not in gone and value}
    slots |= new["x509"][added] if new else {}
    if not slots:
        raise UsageError(
            f"{_removal_flag(gone)}: no certificate and no CA name would be left",
            "Give the new one in the same command, or delete the record.",
        )
    others = {name: value for name, value in current.items() if name not in {collection, _CA_NAMES}}
    return {**others, added: slots}


def _removal_flag(gone: list[str]) -> str:
    return "--remove-certificate" if "primary" in gone else "--remove-secondary-certificate"


def _flags_for(attestation: Json) -> str:
    if "symmetricKey" in attestation:
        return "--primary-key or --secondary-key"
    if "tpm" in attestation:
        return "--endorsement-key"
    by_name = _CA_NAMES in attestation["x509"]
    return "a CA name" if by_name else "a certificate"


def _first_given(flags: Mapping[str, str | None]) -> str | None:
    return next((flag for flag, value in flags.items() if value is not None), None)


def _ca_names(options: Attestation) -> dict[str, str]:
    names = {"primary": options.root_ca_name, "secondary": options.secondary_root_ca_name}
    return {slot: name for slot, name in names.items() if name is not None}


def _keys(options: Keys) -> dict[str, str]:
    given = {"primaryKey": options.primary_key, "secondaryKey": options.secondary_key}
    return {name: key for name, key in given.items() if key is not None}


def given_attestation(
    options: Attestation, certificates: Mapping[str, str], collection: str
) -> Json | None:
    """Build what an update's flags say of the attestation; None if they say nothing."""
    if not certificates and not _ca_names(options) and not _keys(options):
        return None
    return new_attestation(options, certificates, collection)

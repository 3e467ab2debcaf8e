"""How devices prove who they are, as the `attestation` of a body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import Attestation, Removal

Json = dict[str, Any]
SIGNING = "signingCertificates"
CLIENT = "clientCertificates"
_CA_NAMES = "caReferences"
_CA_FIELDS = {"primary": "root_ca_name", "secondary": "secondary_root_ca_name"}
_KEY_FIELDS = {"primaryKey": "primary_key", "secondaryKey": "secondary_key"}
_TPM_FIELDS = {"endorsementKey": "endorsement_key"}


# Every way to prove who one is: the attestation type it makes, and its flags with their fields.
_WAYS = (
    ("tpm", {"--endorsement-key": "endorsement_key"}),
    ("symmetricKey", {"--primary-key": "primary_key", "--secondary-key": "secondary_key"}),
    (
        "x509",
        {
            "--certificate-path": "certificate_path",
            "--secondary-certificate-path": "secondary_certificate_path",
        },
    ),
    (
        "x509",
        {
            "--root-ca-name": "root_ca_name",
            "--secondary-root-ca-name": "secondary_root_ca_name",
        },
    ),
)


def check_one_kind(options: Attestation) -> None:
    """Refuse flags of two kinds of attestation at once. Raises UsageError naming both."""
    given = [flag for _, flag in _given_ways(options)]
    if len(given) > 1:
        raise UsageError(
            f"{given[0]} and {given[1]} exclude each other",
            "Devices prove who they are by keys, by certificates or by CA names: give one kind.",
        )


def check_type(attestation_type: str, options: Attestation, *, is_certified: bool = False) -> None:
    """Refuse flags that another type of attestation takes, and a type without what it needs.

    *is_certified* says that certificates are given beside the *options*. Raises UsageError.
    """
    given = _given_ways(options) + ([("x509", "a certificate")] if is_certified else [])
    for kind, flag in given:
        if kind != attestation_type:
            raise UsageError(
                f"{flag} does not fit --attestation-type {attestation_type}",
                f"It is for --attestation-type {kind}.",
            )
    check_one_kind(options)
    if not given and attestation_type == "tpm":
        raise UsageError(
            "--attestation-type tpm needs --endorsement-key", "The device's TPM tells it."
        )
    if not given and attestation_type == "x509":
        raise UsageError(
            "--attestation-type x509 needs a certificate or the name of a CA",
            "Give --certificate-path FILE or --ca-name NAME.",
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
    if names := _given(options, _CA_FIELDS):
        return {"type": "x509", "x509": {_CA_NAMES: names}}
    if endorsement_key := _given(options, _TPM_FIELDS):
        return {"type": "tpm", "tpm": endorsement_key}
    return {"type": "symmetricKey", "symmetricKey": _given(options, _KEY_FIELDS)}


def changed_attestation(current: Json, new: Json | None, removal: Removal, collection: str) -> Json:
    """Return *current* with what is *new* in it, and without what is removed.

    A certificate that is not touched stays as its `info`, behind which the service keeps it
    (docs/service.md#b3). From certificates to CA names and back all slots change hands. Raises
    UsageError where flags do not fit the attestation, or nothing would be left of it.
    """
    gone = removal.slots
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
    if new is not None and "x509" not in new:
        part = new["type"]
        return {**current, part: {**(current.get(part) or {}), **new[part]}}
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
    if attestation.get("symmetricKey") == {}:
        return "--attestation-type symmetricKey"
    if "symmetricKey" in attestation:
        return "--primary-key or --secondary-key"
    if "tpm" in attestation:
        return "--endorsement-key"
    by_name = _CA_NAMES in attestation["x509"]
    return "a CA name" if by_name else "a certificate"


def _given_ways(options: Attestation) -> list[tuple[str, str]]:
    """Name the type and the first flag of each way that the command line takes."""
    given = [
        (kind, [flag for flag, field in flags.items() if _given(options, {field: field})])
        for kind, flags in _WAYS
    ]
    return [(kind, flags[0]) for kind, flags in given if flags]


def _given(options: Attestation, fields: Mapping[str, str]) -> dict[str, str]:
    """Take the options that were given; only an individual enrollment's may hold a TPM's key."""
    values = {name: getattr(options, field, None) for name, field in fields.items()}
    return {name: value for name, value in values.items() if value is not None}


def given_attestation(
    options: Attestation, certificates: Mapping[str, str], collection: str
) -> Json | None:
    """Build what an update's flags say of the attestation; None if they say nothing."""
    if not _given_ways(options):
        return None
    return new_attestation(options, certificates, collection)

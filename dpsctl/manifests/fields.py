"""The known fields of each kind of record: what equals what, what is secret, what they are for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from dpsctl.keys import KeyFormatError, decode_key
from dpsctl.payloads.comparison import thumbprint

Json = dict[str, Any]
Path = tuple[str, ...]
# What the service says of a whole twin document, beside the caller's own JSON.
TWIN_MARKS = ("$version", "$metadata")
SLOTS = ("primary", "secondary")
KEY_FIELDS = ("primaryKey", "secondaryKey")


@dataclass(frozen=True)
class Field:
    """One field; two values whose *meaning* is the same are equal.

    A field with *members* is a frame: it is compared member by member, all others as a whole.
    Read-only fields are the service's, and never sent; those that are kept cannot be absent.
    """

    about: str = "not known to this version of dpsctl"
    type: str = ""
    choices: tuple[str, ...] = ()
    members: Mapping[str, Field] | None = None
    meaning: Callable[[Any], Any] = lambda value: None if value in (None, {}, []) else value
    is_secret: bool = False
    is_read_only: bool = False
    is_kept: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Kind:
    """A kind of record: its name in manifests, its id's field, where it keeps certificates."""

    name: str
    id_field: str
    certificates: str
    fields: Mapping[str, Field]
    attestations: tuple[str, ...]


def field_at(fields: Mapping[str, Field], name: str) -> Field:
    """Return the field *name* of a frame; one that is not known is compared as a whole."""
    return fields.get(name, _OTHER)


def cannot_be_absent(field: Field) -> bool:
    """Tell whether a null would take away what is kept: a key in a frame goes with the frame."""
    return field.is_kept or any(map(cannot_be_absent, (field.members or {}).values()))


@cache
def secret_paths(kind: Kind) -> frozenset[Path]:
    """Return the path of every field that holds a secret."""
    return frozenset(_paths(kind.fields, (), lambda field: field.is_secret))


@cache
def certificate_paths(kind: Kind) -> frozenset[Path]:
    """Return the path of each slot for a certificate."""
    return frozenset(("attestation", "x509", kind.certificates, slot) for slot in SLOTS)


def is_written(body: Json, path: Path) -> bool:
    """Tell whether *body* says something of the field at *path*, if only by a null above it."""
    for name in path:
        if not isinstance(body, dict):
            return True
        if name not in body:
            return False
        body = body[name]
    return True


def _paths(
    fields: Mapping[str, Field], above: Path, is_wanted: Callable[[Field], bool]
) -> Iterator[Path]:
    for name, field in fields.items():
        if is_wanted(field):
            yield (*above, name)
        yield from _paths(field.members or {}, (*above, name), is_wanted)


def key_bytes(value: Any) -> Any:
    """Return the bytes of a key, or what there is instead."""
    try:
        return decode_key(value) if isinstance(value, str) else value
    except KeyFormatError:
        return value


def thumbprint_of(slot: Any) -> Any:
    """Return the SHA-256 of a slot's certificate, known by its text or by its info; else None."""
    if not isinstance(slot, dict):
        return slot or None
    if slot.get("certificate") is not None:
        return thumbprint(slot["certificate"])
    known = (slot.get("info") or {}).get("sha256Thumbprint")
    return str(known).upper() if known else None


def hub_of(host: Any) -> Any:
    """Return a hub's host name without what tells its three endpoints apart."""
    first, *rest = str(host).casefold().split(".")
    return ".".join([first, *(rest[1:] if rest[:1] in (["device"], ["service"]) else rest)])


def _plain(value: Any) -> Any:
    return value


def _status(value: Any) -> Any:
    return "enabled" if value is None else value


def _flag(value: Any) -> Any:
    return False if value is None else value


def _folded(value: Any) -> Any:
    return str(value).casefold()


def _hubs(value: Any) -> Any:
    return (
        sorted({hub_of(host) for host in value or []}) if isinstance(value or [], list) else value
    )


def _twin(value: Any) -> Any:
    if isinstance(value, dict):
        value = {name: part for name, part in value.items() if name not in TWIN_MARKS}
    return value or None


def _of_service(about: str) -> Field:
    return Field(about, is_read_only=True)


def _key(about: str) -> Field:
    return Field(about, "string", meaning=key_bytes, is_secret=True, is_kept=True)


def _text(about: str, **traits: Any) -> Field:
    return Field(about, "string", meaning=_plain, **traits)


def _boolean(about: str, meaning: Callable[[Any], Any] = _plain) -> Field:
    return Field(about, "boolean", meaning=meaning)


def _frame(about: str, **members: Field) -> Field:
    return Field(about, "object", members=members)


def _twin_part(about: str) -> Field:
    return Field(about, "object", meaning=_twin)


_OTHER = Field()
_SLOT = Field(
    "a certificate: {certificate: PEM or {$file: PATH}}, or {info: {sha256Thumbprint: X}} of the "
    "one that is there; null empties the slot",
    "object",
    meaning=thumbprint_of,
)


def _attestation(certificates: str, kinds: tuple[str, ...], **more: Field) -> Field:
    names = {slot: _text("the name of a CA certificate of the service") for slot in SLOTS}
    slots = dict.fromkeys(SLOTS, _SLOT)
    x509 = {
        certificates: _frame("certificates that devices' are checked against", **slots),
        "caReferences": _frame("CA certificates of the service, by name", **names),
    }
    return _frame(
        "how devices prove who they are",
        type=_text(
            "the kind of proof; to change it is to replace the record", choices=kinds, is_kept=True
        ),
        symmetricKey=_frame(
            "keys; one that is not written stays, and is made by the service in a new record",
            primaryKey=_key("base64 of 16 to 64 bytes"),
            secondaryKey=_key("base64 of 16 to 64 bytes"),
        ),
        x509=_frame("certificates, or the names of CAs", **x509),
        **more,
    )


def _shared(id_field: str) -> dict[str, Field]:
    policy = "with a policy of the device registry; all three names or none"
    return {
        id_field: Field("names the record", "string", meaning=_folded, is_kept=True),
        "provisioningStatus": Field(
            "whether devices may register; enabled if it is not written",
            "string",
            choices=_STATUSES,
            meaning=_status,
        ),
        "capabilities": _frame("what devices are", iotEdge=_boolean("an IoT Edge device", _flag)),
        "reprovisionPolicy": _frame(
            "what happens when a device registers again",
            updateHubAssignment=_boolean("it may move to another hub"),
            migrateDeviceData=_boolean("its twin moves with it"),
        ),
        "allocationPolicy": _text("how a hub is picked", choices=_POLICIES),
        "iotHubs": Field("the hubs' host names, in any order", "array", meaning=_hubs),
        "initialTwin": _frame(
            "what a device's twin begins with",
            tags=_twin_part("any JSON; written, it is replaced as a whole"),
            properties=_frame(
                "the twin's properties",
                desired=_twin_part("any JSON; written, it is replaced as a whole"),
            ),
        ),
        "customAllocationDefinition": _frame(
            "the webhook that picks a hub, for allocationPolicy custom",
            webhookUrl=_text("the address of the function, its key included", is_secret=True),
            apiVersion=_text("the version of what it is sent"),
        ),
        **{name: _text(policy) for name in REGISTRY_NAMES},
        "etag": _of_service("the service's mark of this version; not sent"),
        "createdDateTimeUtc": _of_service("when it was made; not sent"),
        "lastUpdatedDateTimeUtc": _of_service("when it was last written; not sent"),
    }


REGISTRY_NAMES = ("namespaceName", "certificateAuthorityName", "certificatePolicyName")
_STATUSES = ("enabled", "disabled")
_POLICIES = ("hashed", "geoLatency", "static", "custom")
GROUP = Kind(
    "EnrollmentGroup",
    "enrollmentGroupId",
    "signingCertificates",
    _shared("enrollmentGroupId")
    | {"attestation": _attestation("signingCertificates", ("symmetricKey", "x509"))},
    ("symmetricKey", "x509"),
)
INDIVIDUAL = Kind(
    "IndividualEnrollment",
    "registrationId",
    "clientCertificates",
    _shared("registrationId")
    | {
        "attestation": _attestation(
            "clientCertificates",
            ("symmetricKey", "x509", "tpm"),
            tpm=_frame("the device's TPM", endorsementKey=_key("the TPM's public key, base64")),
        ),
        "deviceId": _text("the device's id in its hub; registrationId if it is not written"),
        "iotHubHostName": _text("the hub that the device is assigned to"),
        "optionalDeviceInformation": Field("any JSON for the webhook", "object"),
        "registrationState": _of_service("how far the device has come; not sent"),
    },
    ("symmetricKey", "x509", "tpm"),
)
KINDS = {kind.name: kind for kind in (GROUP, INDIVIDUAL)}

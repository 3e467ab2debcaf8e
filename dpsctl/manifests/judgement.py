"""What is wrong with a record: as it is written in a file, and as it would be sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dpsctl.keys import IdFormatError, KeyFormatError, check_id, decode_key
from dpsctl.manifests.fields import (
    REGISTRY_NAMES,
    SLOTS,
    Field,
    Json,
    Kind,
    Path,
    cannot_be_absent,
    field_at,
    is_written,
    thumbprint_of,
)
from dpsctl.payloads.allocation import EARLIEST_WEBHOOK_VERSION, Fault, allocation_faults
from dpsctl.payloads.certificate_policy import POLICY_VERSION
from dpsctl.payloads.comparison import is_same
from dpsctl.payloads.hub_rules import Problem, hub_problems

_TYPES: dict[str, tuple[Any, str]] = {
    "string": (str, "a text"),
    "boolean": (bool, "true or false"),
    "object": (dict, "an object"),
    "array": (list, "a list"),
}
_ANYTHING: tuple[Any, str] = (object, "")
_KEY_BYTES = range(16, 65)
# So many letters may be wrong in a name that somebody meant to write; in a short one fewer.
_LIKE = 2
_LETTERS_A_MISTAKE = 3
_ALLOCATION = ("allocationPolicy", "iotHubs", "customAllocationDefinition")
_WEBHOOK = "customAllocationDefinition"
_FAULTS: dict[Fault, tuple[Path, str]] = {
    Fault.no_policy: (
        ("allocationPolicy",),
        "hubs without an allocationPolicy are refused by the service",
    ),
    Fault.not_one_hub: (("iotHubs",), "allocationPolicy static takes exactly one of iotHubs"),
    Fault.no_webhook_url: (
        (_WEBHOOK, "webhookUrl"),
        "allocationPolicy custom needs a customAllocationDefinition.webhookUrl",
    ),
    Fault.no_webhook_version: (
        (_WEBHOOK, "apiVersion"),
        "allocationPolicy custom needs a customAllocationDefinition.apiVersion",
    ),
    Fault.old_webhook_version: (
        (_WEBHOOK, "apiVersion"),
        f"webhooks know the versions {EARLIEST_WEBHOOK_VERSION} and later",
    ),
    Fault.no_url: ((_WEBHOOK, "webhookUrl"), "no URL: write it whole, with https://"),
}


def problems_of(kind: Kind, body: Json, api_version: str) -> Iterator[Problem]:
    """Yield what is wrong with a record of a file, whose references have been resolved."""
    yield from id_problems(body.get(kind.id_field), kind.id_field)
    yield from _frame_problems(kind.fields, body, ())
    yield from _attestation_problems(kind, body)
    yield from _registry_problems(body, api_version)
    yield from hub_problems(body)
    hubs, webhook = body.get("iotHubs"), body.get(_WEBHOOK)
    if not isinstance(hubs, list | None) or not isinstance(webhook, dict | None):
        return
    for fault in allocation_faults(body, webhook or {}):
        path, says = _FAULTS[fault]
        if is_written(body, path):  # what is not may be there
            yield Problem(path, says)


def why_refused(kind: Kind, body: Json, actual: Json | None, *, is_new: bool) -> str | None:
    """Say why the service would not take *body* in the place of *actual*; None if it would.

    *is_new* is for a record that takes over what *actual* has under another id.
    """
    held = actual or {}
    if any(not is_same(body.get(name), held.get(name)) for name in _ALLOCATION):
        for fault in allocation_faults(body, {}):
            return _FAULTS[fault][1]
    attestation = body.get("attestation")
    if not isinstance(attestation, dict) or not attestation.get("type"):
        return "a new record needs an attestation, with its type"
    return _why_unproven(kind, attestation, {} if is_new else held.get("attestation") or {})


def _why_unproven(kind: Kind, attestation: Json, held: Json) -> str | None:
    if attestation["type"] == "tpm" and not (attestation.get("tpm") or {}).get("endorsementKey"):
        return "attestation.tpm.endorsementKey is missing"
    if attestation["type"] != "x509":
        return None
    x509, old = attestation.get("x509") or {}, held.get("x509") or {}
    slots, names = x509.get(kind.certificates) or {}, x509.get("caReferences") or {}
    if not any(slots.get(slot) or names.get(slot) for slot in SLOTS):
        return "no certificate and no CA name would be left"
    for slot in SLOTS:
        there = thumbprint_of((old.get(kind.certificates) or {}).get(slot))
        wanted = slots.get(slot) or {}
        if wanted and not wanted.get("certificate") and thumbprint_of(wanted) != there:
            return (
                f"the {slot} certificate's text is needed: the service shows no more than its info"
            )
    return None


def id_problems(record_id: Any, field: str) -> Iterator[Problem]:
    """Yield what is wrong with an id, which stands in *field*."""
    if not isinstance(record_id, str):
        yield Problem((field,), "an id is a text")
        return
    try:
        check_id(record_id, "id")
    except IdFormatError as error:
        yield Problem((field,), str(error))


def _frame_problems(fields: Mapping[str, Field], body: Json, above: Path) -> Iterator[Problem]:
    for name, value in body.items():
        path = (*above, name)
        if name not in fields:
            yield _unknown(fields, path)
        elif not field_at(fields, name).is_read_only:
            yield from _value_problems(fields[name], value, path)


def _unknown(fields: Mapping[str, Field], path: Path) -> Problem:
    name = path[-1]
    near = next((known for known in fields if _is_near(name, known)), None)
    if near:
        return Problem(path, f"no such field; did you mean {near}?")
    return Problem(path, "not known to this version of dpsctl; sent as it is", is_warning=True)


def _value_problems(field: Field, value: Any, path: Path) -> Iterator[Problem]:
    if value is None:
        if cannot_be_absent(field):
            yield Problem(path, "cannot be null: it cannot be absent")
        return
    wanted, words = _TYPES.get(field.type, _ANYTHING)
    if not isinstance(value, wanted):
        yield Problem(path, f"{words} is wanted")
    elif field.choices and value not in field.choices:
        yield Problem(path, f"one of {', '.join(field.choices)} is wanted")
    elif field.members is not None:
        yield from _frame_problems(field.members, value, path)
    elif field.is_secret and field.is_kept:
        yield from _key_problems(value, path)
    elif path[-1] == "iotHubs" and not all(isinstance(hub, str) and hub for hub in value):
        yield Problem(path, "host names are wanted")


def _key_problems(value: str, path: Path) -> Iterator[Problem]:
    try:
        size = len(decode_key(value))
    except KeyFormatError as error:
        yield Problem(path, str(error))
        return
    if path[-1] != "endorsementKey" and size not in _KEY_BYTES:
        yield Problem(path, f"a key has 16 to 64 bytes, this one has {size}")


def _attestation_problems(kind: Kind, body: Json) -> Iterator[Problem]:
    attestation = body.get("attestation")
    if not isinstance(attestation, dict):
        return
    parts = [name for name in attestation if name in _PARTS and attestation[name]]
    if "type" not in attestation and parts:
        yield Problem(("attestation",), f"the type is missing: write type: {parts[0]}")
    for name in parts:
        if attestation.get("type", name) != name:
            yield Problem(("attestation", name), f"does not fit type {attestation['type']}")
    x509 = attestation.get("x509")
    if isinstance(x509, dict):
        yield from _x509_problems(kind, x509)


_PARTS = ("symmetricKey", "x509", "tpm")


def _x509_problems(kind: Kind, x509: Json) -> Iterator[Problem]:
    above = ("attestation", "x509")
    slots, names = x509.get(kind.certificates), x509.get("caReferences")
    if _has_any(slots) and _has_any(names):
        yield Problem(
            (*above, "caReferences"), f"{kind.certificates} and caReferences are two ways"
        )
    for slot, value in slots.items() if isinstance(slots, dict) else ():
        path = (*above, kind.certificates, slot)
        if slot not in SLOTS:
            yield Problem(path, f"is no slot for a certificate; there are {' and '.join(SLOTS)}")
        elif value and not _is_certificate(value):
            yield Problem(path, "{certificate: ...} or {info: {sha256Thumbprint: ...}} is wanted")


def _is_certificate(slot: Any) -> bool:
    if not isinstance(slot, dict) or not {"certificate", "info"} & set(slot):
        return False
    info = slot.get("info")
    known = info.get("sha256Thumbprint") if isinstance(info, dict) else None
    texts = slot.get("certificate"), known
    return isinstance(info, dict | None) and all(isinstance(one, str | None) for one in texts)


def _has_any(slots: Any) -> bool:
    return isinstance(slots, dict) and any(slots.values())


def _registry_problems(body: Json, api_version: str) -> Iterator[Problem]:
    given = [name for name in REGISTRY_NAMES if body.get(name) is not None]
    if given and len(given) < len(REGISTRY_NAMES):
        yield Problem((given[0],), f"{', '.join(REGISTRY_NAMES)}: all three or none")
    if given and api_version[:10] < POLICY_VERSION:
        yield Problem((given[0],), f"needs --service-api-version {POLICY_VERSION}")


def _is_near(name: str, known: str) -> bool:
    """Tell whether few letters part two names (Levenshtein), whatever their case."""
    one, other = name.casefold(), known.casefold()
    most = min(_LIKE, len(one) // _LETTERS_A_MISTAKE, len(other) // _LETTERS_A_MISTAKE)
    row = list(range(len(other) + 1))
    for index, letter in enumerate(one, 1):
        above, row[0] = row[0], index
        for column, its in enumerate(other, 1):
            above, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, above + (letter != its)),
            )
    return row[-1] <= most

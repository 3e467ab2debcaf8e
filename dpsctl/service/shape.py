"""Is an answer what the service promises? What is read further on is checked here, once."""

from __future__ import annotations

from typing import Any

from dpsctl.errors import BadAnswer

Json = dict[str, Any]
_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "a truth value"}
_HINT = "Is this the host of the service that was meant? --debug shows the answer."
# The objects inside a record (docs/service.md#a3); each may be absent.
_OBJECTS = (
    "attestation.symmetricKey",
    "attestation.tpm",
    "attestation.x509.caReferences",
    *(
        f"attestation.x509.{way}.{slot}.info"
        for way in ("clientCertificates", "signingCertificates")
        for slot in ("primary", "secondary")
    ),
    "capabilities",
    "customAllocationDefinition",
    "initialTwin.properties",
    "reprovisionPolicy",
)


def as_object(body: Any) -> Json:
    """Return *body*, an object. Raises BadAnswer if it is something else."""
    if not isinstance(body, dict):
        raise _wrong("The service's answer", body, dict)
    return body


def as_record(body: Any) -> Json:
    """Return *body*, an enrollment. Raises BadAnswer unless its parts are what they should be."""
    record = as_object(body)
    for path in _OBJECTS:
        _check(record, path)
    if not isinstance(record.get("iotHubs"), list | None):
        raise _wrong("iotHubs in the service's answer", record["iotHubs"], list)
    return record


def as_mechanism(body: Any) -> Json:
    """Return *body*, an attestation mechanism. Raises BadAnswer as `as_record` does."""
    mechanism: Json = as_record({"attestation": as_object(body)})["attestation"]
    return mechanism


def as_list(body: Any) -> list[Json]:
    """Return *body*, a list of objects. Raises BadAnswer if it is something else."""
    if not isinstance(body, list):
        raise _wrong("The service's answer", body, list)
    for item in body:
        if not isinstance(item, dict):
            raise _wrong("An item of the service's answer", item, dict)
    return body


def as_objects(body: Any, name: str) -> list[Json]:
    """Return the list of objects that *body*, an object, has under *name*. Raises BadAnswer."""
    found = as_object(body).get(name)
    if not isinstance(found, list):
        raise _wrong(f"{name} in the service's answer", found, list)
    return as_list(found)


def kind_of(value: Any) -> str:
    """Name the kind of JSON that *value* is."""
    return "nothing" if value is None else _KINDS.get(type(value), "a number")


def _check(record: Json, path: str) -> None:
    value: Any = record
    for name in path.split("."):
        value = value.get(name)
        if value is None:
            return
        if not isinstance(value, dict):
            raise _wrong(f"{name} in the service's answer", value, dict)


def _wrong(what: str, found: Any, wanted: type) -> BadAnswer:
    return BadAnswer(f"{what} is {kind_of(found)} instead of {_KINDS[wanted]}", _HINT)

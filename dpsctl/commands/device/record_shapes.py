"""What a printed record has to look like for a device to be held against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dpsctl.keys import KeyFormatError, decode_key

Json = dict[str, Any]
_SLOTS = ("primary", "secondary")
_INFOS = [
    ("attestation", "x509", kind, *rest)
    for kind in ("signingCertificates", "clientCertificates")
    for rest in ((), *((slot, *more) for slot in _SLOTS for more in ((), ("info",))))
]
_OBJECTS = (
    ("attestation",),
    ("attestation", "symmetricKey"),
    ("attestation", "x509"),
    ("attestation", "x509", "caReferences"),
    *_INFOS,
    ("customAllocationDefinition",),
    ("registrationState",),
    ("properties",),
)
_LISTS = (("iotHubs",), ("properties", "iotHubs"))
_KEYS = tuple(("attestation", "symmetricKey", f"{slot}Key") for slot in _SLOTS)
_WORDS = (("enrollmentGroupId",), ("registrationId",), ("name",), ("properties", "idScope"))


def shape_problem(record: Json) -> str | None:
    """Say where *record* is none that a service has, without the value, which may be a key."""
    return next(_problems(record), None)


def _problems(record: Json) -> Iterator[str]:
    wanted = ((_OBJECTS, dict, "an object"), (_LISTS, list, "a list"), (_WORDS, str, "text"))
    for paths, kind, name in wanted:
        for path in paths:
            if not isinstance(_at(record, path), kind | None):
                yield f"{'.'.join(path)} is not {name}"
    if not all(isinstance(hub, dict) for hub in _at(record, ("properties", "iotHubs")) or ()):
        yield "properties.iotHubs holds something that is no object"
    for path in _KEYS:
        if (key := _at(record, path)) is not None and (why := _key_problem(key)):
            yield f"{'.'.join(path)}: {why}"


def _at(record: Json, path: Sequence[str]) -> Any:
    value: Any = record
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _key_problem(key: Any) -> str | None:
    if not isinstance(key, str):
        return "the key is not text"
    try:
        decode_key(key) if key else None
    except KeyFormatError as error:
        return str(error)
    return None

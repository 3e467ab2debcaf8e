"""Compare records as JSON: are two values the same, and is what was sent there after all."""

from __future__ import annotations

from typing import Any

# What the service adds to a record (docs/service.md#b1) or fills in (docs/service.md#b3); all else
# that is there and was not sent is from before, or from somebody else.
_FILLED_IN = frozenset(
    {
        "etag",
        "createdDateTimeUtc",
        "lastUpdatedDateTimeUtc",
        "registrationState",
        "provisioningStatus",
        "allocationPolicy",
        "capabilities",
        "iotEdge",
        "reprovisionPolicy",
        "updateHubAssignment",
        "migrateDeviceData",
        "symmetricKey",
        "primaryKey",
        "secondaryKey",
        "info",
    }
)
_ETAG = "etag"  # changes with the write itself
_TWIN = "initialTwin"  # the caller's own JSON, in which the service fills in nothing


def is_same(one: Any, other: Any) -> bool:
    """Tell whether two JSON values are the same: 7 is 7.0, but true is not 1."""
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(is_same(value, other[name]) for name, value in one.items())
        )
    if isinstance(one, list):
        return (
            isinstance(other, list)
            and len(one) == len(other)
            and all(is_same(item, twin) for item, twin in zip(one, other, strict=True))
        )
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def is_unchanged(held: Any, wanted: Any) -> bool:
    """Tell whether a write of *wanted* over the *held* record would change nothing.

    A certificate is the held one if its thumbprint is; of a chain the service shows no more than
    the first (docs/service.md#b3), so one is never sure to be the same.
    """
    if isinstance(wanted, dict) and isinstance(held, dict):
        if "certificate" in wanted and "info" in held and "certificate" not in held:
            text = str(wanted["certificate"])
            return text.count("-----BEGIN") == 1 and _is_shown(text, held)
        return wanted.keys() == held.keys() and all(
            is_unchanged(held[name], value) for name, value in wanted.items()
        )
    return is_same(held, wanted)


def is_written(sent: Any, found: Any) -> bool:
    """Tell whether the service holds what was *sent*, and nothing that a write would have removed.

    A certificate is compared by its thumbprint, since the service returns no more of it
    (docs/service.md#b3). In doubt the answer is no: calling a written record a conflict loses
    nothing.
    """
    if isinstance(sent, dict):
        if "certificate" in sent and isinstance(found, dict):
            return _is_shown(sent["certificate"], found)
        return isinstance(found, dict) and _is_object_written(sent, found)
    if isinstance(sent, list):
        return (
            isinstance(found, list)
            and len(sent) == len(found)
            and all(is_written(one, other) for one, other in zip(sent, found, strict=True))
        )
    return is_same(sent, found)


def _is_object_written(sent: dict[str, Any], found: dict[str, Any]) -> bool:
    given = {name: value for name, value in sent.items() if value is not None and name != _ETAG}
    there = {name for name, value in found.items() if value is not None}
    return there - given.keys() <= _FILLED_IN and all(
        is_same(value, found.get(name)) if name == _TWIN else is_written(value, found.get(name))
        for name, value in given.items()
    )


def _is_shown(pem: Any, slot: dict[str, Any]) -> bool:
    """Tell whether a *slot*'s info is that of *pem*; one without a thumbprint is of nothing."""
    known = (slot.get("info") or {}).get("sha256Thumbprint")
    return known is not None and thumbprint(pem) == known


def thumbprint(pem: Any) -> str | None:
    """Hash the first certificate of *pem* as the service does; None if there is none."""
    import hashlib
    import ssl

    first, end, _ = str(pem).partition("-----END CERTIFICATE-----")
    try:
        der = ssl.PEM_cert_to_DER_cert(first[first.index("-----BEGIN") :] + end)
    except ValueError:
        return None
    return hashlib.sha256(der).hexdigest().upper()

"""Which certificates of an enrollment end soon, by what the service says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from dpsctl.payloads.attestation import CLIENT, SIGNING
from dpsctl.text.times import moment_of

Json = dict[str, Any]
_UNKNOWN = datetime.min.replace(tzinfo=UTC)


def ending(record: Json, seconds: float, now: datetime) -> Iterator[Json]:
    """Yield the certificates of *record* that end within *seconds* of *now*, or have ended.

    `daysLeft` is negative once one has ended. One whose end cannot be read is among them, with
    null for `daysLeft`: it may be about to end.
    """
    for slot, info in _certificates_of(record):
        ends = moment_of(info.get("notAfterUtc"))
        if ends is None or (ends - now).total_seconds() <= seconds:
            yield {
                "slot": slot,
                "subjectName": info.get("subjectName"),
                "sha1Thumbprint": info.get("sha1Thumbprint"),
                "notAfterUtc": info.get("notAfterUtc"),
                "daysLeft": None if ends is None else (ends - now).days,
            }


def by_end(rows: Iterable[Json]) -> list[Json]:
    """Sort *rows* by when their certificates end; those that do not say come first."""
    return sorted(rows, key=lambda row: moment_of(row["notAfterUtc"]) or _UNKNOWN)


def is_by_name(record: Json) -> bool:
    """Say whether *record* names CA certificates, whose ends the service does not tell."""
    return bool(_x509(record).get("caReferences"))


def _certificates_of(record: Json) -> Iterator[tuple[str, Json]]:
    """Yield slot and info of a record's certificates; a group's sign, a device's are its own."""
    for collection in (SIGNING, CLIENT):
        for slot, held in (_x509(record).get(collection) or {}).items():
            if held:
                yield slot, held.get("info") or {}


def _x509(record: Json) -> Json:
    return (record.get("attestation") or {}).get("x509") or {}

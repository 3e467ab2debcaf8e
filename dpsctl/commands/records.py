"""What both nouns of enrollments show alike: their columns, and a record with its keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from dpsctl.errors import NotFound
from dpsctl.options.words import Toggle
from dpsctl.output.columns import Column
from dpsctl.payloads.enrollment import Change
from dpsctl.payloads.registration_failures import why_failed
from dpsctl.run import Run
from dpsctl.service.dps import DpsService, Enrollments

Json = dict[str, Any]
REGISTRATION_COLUMNS = {
    "Registration": "registrationId",
    "Status": "status",
    "Updated": Column("lastUpdatedDateTimeUtc", "age"),
    "Hub": Column("assignedHub", "head"),
    "Device": Column("deviceId", is_wide=True),
    "Substatus": Column("substatus", is_wide=True),
    "Created": Column("createdDateTimeUtc", "age", is_wide=True),
    "Why": Column("@", "head", say=why_failed),
}
# A device that failed has no hub; the reason needs the room.
FAILED_COLUMNS = {
    **REGISTRATION_COLUMNS,
    "Hub": Column("assignedHub", "head", is_wide=True),
    "Why": Column("@", "whole", say=why_failed),
}
SUMMARY_COLUMNS = {
    "Hub": Column("hub", "head"),
    "Status": "status",
    "Count": "count",
    "": Column("count", "bar"),
}


def enrollment_columns(title: str, id_field: str) -> dict[str, str]:
    """Return the columns of a table of enrollments, the first of which is *title*.

    What is left out is as docs/service.md#a3 and docs/service.md#b10 say.
    """
    return {
        title: id_field,
        "Attestation": "attestation.type",
        "Status": Column("provisioningStatus", left_out="enabled"),
        "Allocation": Column("allocationPolicy", left_out="hashed"),
        "Updated": Column("lastUpdatedDateTimeUtc", "age"),
        "Created": Column("createdDateTimeUtc", "age", is_wide=True),
        "Hubs": Column("iotHubs", "head", left_out="all linked"),
    }


def show_record(
    records: Enrollments, record_id: str, show_keys: Toggle | None, run: Run
) -> dict[str, Any]:
    """Read a record; warn where somebody asks for keys that there are not."""
    record = records.show(record_id, keys=show_keys is Toggle.true)
    kind = (record.get("attestation") or {}).get("type")
    if show_keys is Toggle.true and kind != "symmetricKey":
        run.warn(f"no symmetric keys to show: the attestation is {kind}")
    return record


def service_for(service: DpsService, change: Change) -> DpsService:
    """Return *service* in a version that has what *change* names."""
    return service.knowing_policies() if change.names_policy else service


def update_record(
    records: Enrollments,
    record_id: str,
    change: Callable[[Json], Json],
    run: Run,
    etag: str | None = None,
) -> Json | None:
    """Change a record; say so where it is as wanted already, and nothing was written."""
    update = records.update(record_id, change, etag)
    if not update.is_written:
        run.note(f"{record_id}: unchanged")
        run.say(f"{record_id}: every field has the wanted value already, so nothing was written")
    return update.record


def delete_record(
    delete: Callable[[str, str | None], Json | None],
    record_id: str,
    etag: str | None,
    run: Run,
    *,
    if_exists: bool,
) -> Json | None:
    """Delete a record; say so where it is gone already, and *if_exists* makes that no failure."""
    try:
        return delete(record_id, etag)
    except NotFound:
        if not if_exists:
            raise
    run.note(f"{record_id}: there is none")
    return None


def summary_of(registrations: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Count registrations by hub and status; a device that was refused has no hub."""
    counted = Counter(
        (registration.get(Column("assignedHub", "head")) or "", registration.get("status") or "")
        for registration in registrations
    )
    return [
        {"hub": hub or None, "status": status or None, "count": count}
        for (hub, status), count in sorted(counted.items())
    ]

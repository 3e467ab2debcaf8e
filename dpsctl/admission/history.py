"""What the service remembers of a device's last registration, in words."""

from __future__ import annotations

from collections.abc import Iterator

from dpsctl.admission.findings import Finding
from dpsctl.admission.known import Json
from dpsctl.payloads.registration_failures import failure_hint, why_failed


def history_findings(registration: Json | None) -> Iterator[Finding]:
    """Tell what became of the device the last time."""
    if registration is None:
        return
    status = str(registration.get("status"))
    when = str(registration.get("lastUpdatedDateTimeUtc") or "")[:19]
    last = f"the last time it registered, {when} UTC," if when else "the last time it registered"
    hint = failure_hint(registration.get("errorCode"), registration.get("errorMessage"))
    if why := why_failed(registration):
        yield Finding("lastFailed", f"{last} it failed: {why}", hint)
    elif status == "assigned":
        hub, device_id = registration.get("assignedHub"), registration.get("deviceId")
        yield Finding("lastAssigned", f"{last} it got {hub}, as device '{device_id}'")
    elif status != "unassigned":
        yield Finding("lastStatus", f"{last} its status was {status}")

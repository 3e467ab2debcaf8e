"""`enrollment-group audit`: the certificates of groups and enrollments that end soon."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dpsctl.frame.verbs import verb
from dpsctl.options.durations import seconds_in
from dpsctl.options.rotation import ExpiresIn
from dpsctl.output.columns import Column
from dpsctl.run import Outcome, Run
from dpsctl.service.dps import DpsService

Json = dict[str, Any]
CERTIFICATES_END_SOON = 10
COLUMNS = {
    "Kind": Column("kind", "word"),
    "Id": "id",
    "Slot": "slot",
    "Days left": Column("daysLeft", "days"),
    "Subject": Column("subjectName", "head"),
    "Ends": Column("notAfterUtc", "end", is_wide=True),
    "SHA-1": Column("sha1Thumbprint", is_wide=True),
}


@verb(
    columns=COLUMNS,
    examples=[
        "dpsctl enrollment-group audit -o table",
        "dpsctl enrollment-group audit --expires-in 30d -o csv",
    ],
)
def audit(service: DpsService, run: Run, expires_in: ExpiresIn = "60d") -> Outcome:
    """List certificates that end soon, or have ended.

    Those of all groups and all individual enrollments, the first to end first; the exit code is 10
    if there are any. A certificate whose end cannot be read is listed too, without its days. CA
    certificates that are named are not: the service does not tell when they end. On a terminal it
    is a table.
    """
    from datetime import UTC, datetime

    from dpsctl.commands.enrollment_group.expiry import by_end, ending, is_by_name

    now, seconds = datetime.now(UTC), seconds_in(expires_in) or 0
    rows, by_name = [], 0
    for kind, record_id, record in _records(service):
        by_name += is_by_name(record)
        for row in ending(record, seconds, now):
            rows.append({"kind": kind, "id": record_id, **row})
            if row["daysLeft"] is None:
                run.warn(f"{kind} {record_id}: when its {row['slot']} certificate ends is unknown")
    if by_name:
        run.say(f"{by_name} trust CA names, and the service does not tell when those CAs end")
    code = CERTIFICATES_END_SOON if rows else 0
    return Outcome(by_end(rows), code, is_for_people=True)


def _records(service: DpsService) -> Iterator[tuple[str, str, Json]]:
    """Yield every record with its kind and its id."""
    for record in service.groups.list():
        yield "enrollment-group", str(record.get("enrollmentGroupId")), record
    for record in service.enrollments.list():
        yield "enrollment", str(record.get("registrationId")), record

"""What the service keeps of devices that have registered: read, list by group, delete."""

from __future__ import annotations

from dpsctl.emulator.answers import Answer, Json, Refusal
from dpsctl.emulator.call import Call
from dpsctl.emulator.enrollments.kinds import GROUP, REGISTRATION
from dpsctl.emulator.enrollments.pages import page_answer
from dpsctl.emulator.etags import ANY, is_match, wanted_etag

MISSING = 404201
STALE = 412201


def show(call: Call, registration_id: str) -> Answer:
    """Answer with one registration."""
    return Answer(body=_existing(call, registration_id))


def remove(call: Call, registration_id: str) -> Answer:
    """Delete a registration; without If-Match whatever its etag."""
    wanted = wanted_etag(call.header("If-Match")) or ANY
    with call.store.writing():
        if not is_match(wanted, _existing(call, registration_id)["etag"]):
            raise Refusal(STALE, "Precondition failed.")
        call.store.delete(REGISTRATION, registration_id)
    return Answer(status=204)


def query(call: Call, group_id: str) -> Answer:
    """Answer with a page of a group's registrations; the request's body means nothing."""
    if call.store.get(GROUP.name, group_id) is None:
        raise Refusal(GROUP.missing_code, "EnrollmentGroup not found.")
    return page_answer(call, REGISTRATION, label=group_id.lower())


def _existing(call: Call, registration_id: str) -> Json:
    record = call.store.get(REGISTRATION, registration_id)
    if record is None:
        raise Refusal(MISSING, "Registration not found.")
    return record

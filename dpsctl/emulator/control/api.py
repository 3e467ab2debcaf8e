"""`/_emulator/`: what testers do to the emulator itself, never to be found in the service."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from dpsctl.emulator.answers import NOT_FOUND, Answer, Json, Refusal, invalid
from dpsctl.emulator.call import Call, Service
from dpsctl.emulator.central import records as central
from dpsctl.emulator.central.device_groups import DEVICE_GROUP
from dpsctl.emulator.central.devices import DEVICE
from dpsctl.emulator.central.enrollment_groups import ENROLLMENT_GROUP
from dpsctl.emulator.enrollments.kinds import GROUP, INDIVIDUAL, REGISTRATION, Kind
from dpsctl.emulator.enrollments.records import put
from dpsctl.emulator.enrollments.rules import check_record_id
from dpsctl.emulator.etags import ANY, new_etag
from dpsctl.errors import UsageError

PREFIX = "/_emulator/"


def health(call: Call) -> Answer:
    """Answer that all is well, and what is in force."""
    return Answer(body={"status": "ok", "faults": call.service.faults.texts()})


def reset(call: Call) -> Answer:
    """Forget records and requests, and go back to the faults and settings of the start."""
    call.service.reset()
    return Answer(status=204)


def show_faults(call: Call) -> Answer:
    """Answer with the faults in force."""
    return Answer(body={"faults": call.service.faults.texts()})


def replace_faults(call: Call) -> Answer:
    """Put the faults of the body in force, in place of all others."""
    texts = _list(call.json(), "faults")
    if not all(isinstance(text, str) for text in texts):
        raise invalid("faults must be texts such as '503 twice'.")
    try:
        call.service.faults.replace(texts)
    except UsageError as error:
        raise invalid(f"{error.message}. {error.hint}") from None
    return show_faults(call)


def remove_faults(call: Call) -> Answer:
    """Let everything work again."""
    call.service.faults.replace(())
    return Answer(status=204)


def show_settings(call: Call) -> Answer:
    """Answer with what may be changed while the emulator runs."""
    return Answer(body={"disableLocalAuth": call.service.local_auth.is_disabled})


def change_settings(call: Call) -> Answer:
    """Change what the body names."""
    sent = call.json()
    wanted = sent.get("disableLocalAuth") if isinstance(sent, dict) else None
    if not isinstance(wanted, bool) or len(sent) > 1:
        raise invalid("Settings are disableLocalAuth, true or false, and nothing else.")
    call.service.local_auth.is_disabled = wanted
    return show_settings(call)


def requests(call: Call) -> Answer:
    """Answer with the requests seen so far."""
    return Answer(body={"requests": call.service.log.entries()})


def show_request(call: Call, number: str) -> Answer:
    """Answer with one of the requests seen so far."""
    seen = call.service.log.find(int(number)) if number.isdecimal() and len(number) < 19 else None
    if seen is None:
        raise Refusal(NOT_FOUND, "The log has no request with this number, or no longer.")
    return Answer(body=seen)


def forget_requests(call: Call) -> Answer:
    """Start a new log."""
    call.service.log.clear()
    return Answer(status=204)


def seed(call: Call) -> Answer:
    """Write the records of the body over whatever has their ids."""
    return Answer(body=seed_records(call.service, call.json()))


def seed_records(service: Service, sent: Any) -> dict[str, int]:
    """Write `enrollmentGroups`, `enrollments`, `registrations` and IoT Central's: all, or none.

    Records keep the service's rules. A registration names its group as `enrollmentGroupId`. IoT
    Central's are `centralDevices`, `centralDeviceGroups` and `centralEnrollmentGroups`.
    Returns how many there were of each. Raises Refusal, which names the record.
    """
    if not isinstance(sent, dict) or set(sent) - set(_SEEDED):
        raise invalid(f"A seed is an object with {', '.join(_SEEDED)}, and nothing else.")
    lists = {name: _list(sent, name) for name in _SEEDED if name in sent}
    with service.store.writing():
        for name, items in lists.items():
            _refuse_twice(name, items)
            for place, item in enumerate(items):
                try:
                    _SEEDED[name](service, item)
                except Refusal as refusal:
                    raise invalid(f"{name}[{place}]: {refusal.message}") from None
    return {name: len(items) for name, items in lists.items()}


def _refuse_twice(name: str, items: list[Any]) -> None:
    """Refuse a seed in which one record would be lost behind another of its id."""
    places: dict[str, int] = {}
    for place, item in enumerate(items if name in _IDS else ()):
        record_id = item.get(_IDS[name]) if isinstance(item, dict) else None
        first = places.setdefault(str(record_id).lower(), place)
        if isinstance(record_id, str) and first != place:
            raise invalid(f"{name}[{place}]: '{record_id}' is {name}[{first}] already.")


def _seed_enrollment(kind: Kind, service: Service, item: Any) -> None:
    record_id = _text(item, kind.id_field)
    is_there = service.store.get(kind.name, record_id) is not None
    put(kind, service, record_id, item, ANY if is_there else None, version=None)


def _seed_registration(service: Service, item: Any) -> None:
    record_id = _text(item, "registrationId")
    check_record_id(record_id)
    group = _text(item, "enrollmentGroupId") if "enrollmentGroupId" in item else ""
    now = service.clock.timestamp()
    record = {
        "registrationId": record_id,
        "createdDateTimeUtc": now,
        "status": "assigned",
        "lastUpdatedDateTimeUtc": now,
        "etag": new_etag(),
    } | {name: value for name, value in item.items() if name != "enrollmentGroupId"}
    service.store.put(REGISTRATION, record_id, record, label=group)


def _seed_central(kind: central.Kind, service: Service, item: Any) -> None:
    central.seed(kind, service.store, _text(item, "id"), item)


def _list(sent: Any, name: str) -> list[Any]:
    items = sent.get(name, []) if isinstance(sent, dict) else None
    if not isinstance(items, list):
        raise invalid(f"{name} must be a list.")
    return items


def _text(item: Json, name: str) -> str:
    value = item.get(name) if isinstance(item, dict) else None
    if not isinstance(value, str):
        raise invalid(f"Each record must have its {name}.")
    return value


# Their case does not count (docs/service.md#b8).
_IDS = {
    GROUP.collection: GROUP.id_field,
    INDIVIDUAL.collection: INDIVIDUAL.id_field,
    "registrations": "registrationId",
}
_SEEDED: dict[str, Callable[[Service, Any], None]] = {
    GROUP.collection: partial(_seed_enrollment, GROUP),
    INDIVIDUAL.collection: partial(_seed_enrollment, INDIVIDUAL),
    "registrations": _seed_registration,
    "centralDevices": partial(_seed_central, DEVICE),
    "centralDeviceGroups": partial(_seed_central, DEVICE_GROUP),
    "centralEnrollmentGroups": partial(_seed_central, ENROLLMENT_GROUP),
}

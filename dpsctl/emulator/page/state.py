"""What the page shows: how the emulator stands, its records, and how a client finds it."""

from __future__ import annotations

from typing import Any

from dpsctl.emulator.answers import NOT_FOUND, Answer, Json, Refusal, invalid
from dpsctl.emulator.call import Call, Service
from dpsctl.emulator.enrollments.kinds import GROUP, INDIVIDUAL, REGISTRATION, Kind
from dpsctl.emulator.enrollments.records import shown
from dpsctl.emulator.environment import SHELLS, shell_lines
from dpsctl.emulator.request_log import masked

_KINDS: dict[str, Kind] = {kind.collection: kind for kind in (GROUP, INDIVIDUAL)}
_NAMES = {
    **{collection: kind.name for collection, kind in _KINDS.items()},
    "registrations": REGISTRATION,
}
_MOST_ROWS = 500
_SAFE = ("endpoint", "host", "mqttPort", "idScope", "caFile", "pid")


def show_state(call: Call) -> Answer:
    """Answer with how the emulator stands; no secrets are in it."""
    return Answer(body=state_of(call.service))


def state_of(service: Service) -> Json:
    """Return what is in force, how many records there are, and where the emulator is."""
    settings, ready = service.settings, service.ready()
    return {
        "run": service.log.run,
        "forgotten": service.log.forgotten,
        "revision": service.store.revision,
        "records": {name: service.store.count(kind) for name, kind in _NAMES.items()},
        "faults": service.faults.states(),
        "disableLocalAuth": service.local_auth.is_disabled,
        "bodyBytes": settings.limits.body_bytes,
        "hubs": [name for name, _ in settings.hubs],
        **{name: ready.get(name) for name in _SAFE},
    }


def list_records(call: Call, collection: str) -> Answer:
    """Answer with some of the records of a kind, newest first, keys masked."""
    kind = _name_of(collection)
    asked = call.request.args
    size, skipped = _number(call, "size", 100, _MOST_ROWS), _number(call, "skip", 0, 10**9)
    group = asked.get("group") or None
    rows, total = call.store.found(kind, size, skipped, asked.get("text", ""), group)
    shown_rows = [_row(call, collection, label, record) for label, record in rows]
    return Answer(body={"total": total, "rows": shown_rows})


def show_record(call: Call, collection: str, record_id: str) -> Answer:
    """Answer with a record, keys masked."""
    return Answer(body=masked(_shown(collection, _record(call, collection, record_id))))


def show_record_with_keys(call: Call, collection: str, record_id: str) -> Answer:
    """Answer with a record, keys and all."""
    return Answer(body=_shown(collection, _record(call, collection, record_id)))


def show_environment(call: Call) -> Answer:
    """Answer with what a client needs, secrets and all, in JSON and in the words of shells."""
    variables = call.service.environment()
    lines = {shell: shell_lines(shell, variables) for shell in SHELLS}
    return Answer(body={"ready": call.service.ready(), "lines": lines})


def _row(call: Call, collection: str, label: str, record: Json) -> Json:
    row: Json = {"record": masked(_shown(collection, record))}
    if collection == GROUP.collection:
        row["registrations"] = call.store.count(REGISTRATION, record[GROUP.id_field])
    elif collection == INDIVIDUAL.collection:
        state = call.store.get(REGISTRATION, record[INDIVIDUAL.id_field]) or {}
        row["status"] = state.get("status", "unassigned")
    else:
        row["group"] = label
    return row


def _shown(collection: str, record: Json) -> Json:
    return shown(record, with_keys=True) if collection in _KINDS else record


def _record(call: Call, collection: str, record_id: str) -> Json:
    record = call.store.get(_name_of(collection), record_id)
    if record is None:
        raise Refusal(NOT_FOUND, "Not Found")
    return record


def _name_of(collection: str) -> str:
    if collection not in _NAMES:
        raise Refusal(NOT_FOUND, f"There are {', '.join(_NAMES)}.")
    return _NAMES[collection]


def _number(call: Call, name: str, default: int, most: int) -> int:
    text: Any = call.request.args.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise invalid(f"{name} must be a number from 0.")
    return min(int(text), most)

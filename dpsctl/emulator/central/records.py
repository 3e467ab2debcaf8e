"""Records of IoT Central, whatever their kind: read, written whole or in part, deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dpsctl.emulator.answers import Answer, Json, Refusal
from dpsctl.emulator.call import Call
from dpsctl.emulator.central.answers import (
    PRECONDITION_FAILED,
    bad_request,
    invalid_body,
    not_found,
)
from dpsctl.emulator.central.pages import Listed, list_answer
from dpsctl.emulator.central.tokens import is_preview
from dpsctl.emulator.etags import is_match, new_etag, wanted_etag
from dpsctl.emulator.store import Store

_NAMED: dict[type, str] = {str: "text", bool: "true or false", list: "a list", dict: "an object"}


@dataclass(frozen=True)
class Kind:
    """Describe a kind of record: *fields* that callers write, with their types.

    *accept* judges a whole record, id and all, and fills in what was not sent; *shown* is what
    answers show of it. *preview_fields* exist in the preview only, *read_only* ones are ignored.
    """

    what: str
    listed: Listed
    check_id: Callable[[str], None]
    fields: Mapping[str, type]
    required: tuple[str, ...]
    accept: Callable[[Json, Json | None], Json]
    preview_fields: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ("id",)

    def existing(self, call: Call, record_id: str) -> Json:
        """Return a record as it is stored. Raises Refusal (404)."""
        record = call.store.get(self.listed.kind, record_id)
        if record is None:
            raise not_found(self.what, record_id)
        return record


def show(kind: Kind, call: Call, record_id: str) -> Answer:
    """Answer with one record."""
    return Answer(body=kind.listed.shown(call, kind.existing(call, record_id)))


def list_all(kind: Kind, call: Call) -> Answer:
    """Answer with a page of records."""
    return list_answer(kind.listed, call)


def write(kind: Kind, call: Call, record_id: str) -> Answer:
    """Make a record, or write a whole one over it."""
    kind.check_id(record_id)
    sent = _fields_in(kind, call.json(), preview=is_preview(call))
    with call.store.writing():
        current = call.store.get(kind.listed.kind, record_id)
        _check_etag(current, sent.pop("etag", None))
        record = _stored(kind, call.store, record_id, sent, current)
    return Answer(body=kind.listed.shown(call, record))


def change(kind: Kind, call: Call, record_id: str) -> Answer:
    """Change the fields that a merge patch names; null removes one (RFC 7396)."""
    wanted = wanted_etag(call.header("If-Match"))
    if wanted is not None and not is_preview(call):
        raise bad_request("If-Match needs a preview api-version")
    patch = _fields_in(kind, call.json(), preview=is_preview(call))
    with call.store.writing():
        current = kind.existing(call, record_id)
        if wanted is not None and not is_match(wanted, current["etag"]):
            raise _stale()
        _check_etag(current, patch.pop("etag", None))
        kept = {name: current[name] for name in kind.fields if name in current}
        record = _stored(kind, call.store, record_id, merged(kept, patch), current)
    return Answer(body=kind.listed.shown(call, record))


def remove(kind: Kind, call: Call, record_id: str) -> Answer:
    """Delete a record."""
    with call.store.writing():
        kind.existing(call, record_id)
        call.store.delete(kind.listed.kind, record_id)
    return Answer(status=204)


def seed(kind: Kind, store: Store, record_id: str, sent: Json) -> None:
    """Write a record over whatever has its id; fields of the preview are welcome."""
    kind.check_id(record_id)
    fields = _fields_in(kind, sent, preview=True)
    fields.pop("etag", None)
    _stored(kind, store, record_id, fields, store.get(kind.listed.kind, record_id))


def merged(record: Json, patch: Json) -> Json:
    """Return *record* with the merge *patch* in it."""
    result = dict(record)
    for name, value in patch.items():
        old = result.get(name)
        if isinstance(value, dict):
            result[name] = merged(old if isinstance(old, dict) else {}, value)
        elif value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def _stored(kind: Kind, store: Store, record_id: str, sent: Json, current: Json | None) -> Json:
    """Judge a whole record and store it; what is stored beside the fields stays."""
    sent = {name: value for name, value in sent.items() if value is not None}
    _check_types(kind, sent)
    fixed = {"id": current["id"] if current else record_id, "etag": new_etag()}
    record = kind.accept({**fixed, **sent}, current)
    store.put(kind.listed.kind, record_id, record)
    return record


def _fields_in(kind: Kind, sent: Any, *, preview: bool) -> Json:
    """Return what was sent, without what only the service writes."""
    if not isinstance(sent, dict):
        raise invalid_body("The request body must be a JSON object")
    for name in sent:
        if name in kind.preview_fields and not preview:
            raise invalid_body(f"{name} needs a preview api-version")
        if name not in {*kind.fields, *kind.read_only, "etag"}:
            raise invalid_body(f"{kind.what} has no field {name}")
    return {name: value for name, value in sent.items() if name not in kind.read_only}


def _check_types(kind: Kind, sent: Json) -> None:
    for name in kind.required:
        if name not in sent:
            raise invalid_body(f"{name} is required")
    for name, value in sent.items():
        if not isinstance(value, kind.fields[name]):
            raise invalid_body(f"{name} must be {_NAMED[kind.fields[name]]}")
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise invalid_body(f"{name} must be a list of texts")


def _check_etag(current: Json | None, sent: Any) -> None:
    """Refuse a body whose etag, if it has one, is not the record's: it prevents lost updates."""
    if sent is not None and current is not None and sent != current["etag"]:
        raise _stale()


def _stale() -> Refusal:
    return Refusal(PRECONDITION_FAILED, "The record has changed since its etag was read")

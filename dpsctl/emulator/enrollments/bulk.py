"""Up to ten enrollments in one request, each with its own success or failure."""

from __future__ import annotations

from typing import Any

from dpsctl.emulator.answers import Answer, Json, Refusal, invalid
from dpsctl.emulator.call import Call
from dpsctl.emulator.enrollments.kinds import Kind
from dpsctl.emulator.enrollments.records import delete, put
from dpsctl.emulator.etags import ANY, wanted_etag

_MODES = ("create", "update", "updateifmatchetag", "delete")


def run(kind: Kind, call: Call) -> Answer:
    """Carry out a bulk operation; what one item breaks does not stop the others."""
    mode, items = _operation(kind, call.json(), call.settings.limits.bulk_items)
    errors = []
    for item in items:
        try:
            _carry_out(kind, call, mode, item)
        except Refusal as refusal:
            named = {kind.id_field: item[kind.id_field]}
            errors.append({**named, "errorCode": refusal.code, "errorStatus": refusal.message})
    return Answer(body={"errors": errors, "isSuccessful": not errors})


def _operation(kind: Kind, sent: Any, most: int) -> tuple[str, list[Json]]:
    """Read the request: the mode in any case, for the Node SDK spells it its own way."""
    if not isinstance(sent, dict):
        raise invalid("A bulk operation must be a JSON object.")
    mode, items = str(sent.get("mode")).lower(), sent.get(kind.collection)
    if mode not in _MODES:
        raise invalid("mode must be create, update, updateIfMatchETag or delete.")
    if not isinstance(items, list) or len(items) > most:
        raise invalid(f"{kind.collection} must be a list of up to {most}.")
    if not all(
        isinstance(item, dict) and isinstance(item.get(kind.id_field), str) for item in items
    ):
        raise invalid(f"Each of {kind.collection} must have its {kind.id_field}.")
    return mode, items


def _carry_out(kind: Kind, call: Call, mode: str, item: Json) -> None:
    """Do to one item what *mode* says.

    `update` without an etag is a PUT without If-Match: it creates, and says that what is there
    already exists (docs/service.md#b5).
    """
    service, version = call.service, call.api_version
    record_id, etag = item[kind.id_field], item.get("etag")
    if etag is not None and not isinstance(etag, str):
        raise invalid("ETag is invalid.")
    if mode == "delete":
        delete(kind, service.store, record_id, wanted_etag(etag) or ANY)
    elif mode == "create":
        put(kind, service, record_id, item, None, version=version)
    elif mode == "updateifmatchetag" and etag is None:
        raise invalid("ETag is required.")
    else:
        put(kind, service, record_id, item, wanted_etag(etag), version=version)

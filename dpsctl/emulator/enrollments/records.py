"""Read and write enrollments of both kinds: request, then store, then answer."""

from __future__ import annotations

import binascii
import secrets
from dataclasses import replace
from typing import Any

from dpsctl.emulator.answers import Answer, Json, Refusal, invalid
from dpsctl.emulator.call import Call, Service
from dpsctl.emulator.enrollments.attestation import shown_attestation
from dpsctl.emulator.enrollments.kinds import GROUP, INDIVIDUAL, REGISTRATION, Kind
from dpsctl.emulator.enrollments.pages import page_answer
from dpsctl.emulator.enrollments.rules import accept_enrollment, in_order, with_defaults
from dpsctl.emulator.etags import ANY, is_match, new_etag, wanted_etag
from dpsctl.emulator.store import Store

_GENERATED_KEY_BYTES = 64


def show(kind: Kind, call: Call, record_id: str) -> Answer:
    """Answer with one enrollment; an individual one shows how far its device has come."""
    record = shown(_existing(kind, call.store, record_id), with_keys=False)
    if kind is INDIVIDUAL:
        state = call.store.get(REGISTRATION, record_id)
        none_yet = {"registrationId": record["registrationId"], "status": "unassigned"}
        record["registrationState"] = state or none_yet
    return Answer(body=in_order(record))


def show_attestation(kind: Kind, call: Call, record_id: str) -> Answer:
    """Answer with the attestation mechanism, keys and all."""
    record = _existing(kind, call.store, record_id)
    return Answer(body=shown_attestation(record["attestation"], with_keys=True))


def write(kind: Kind, call: Call, record_id: str) -> Answer:
    """Create or update an enrollment, and answer with its keys."""
    sent = call.json()
    wanted = wanted_etag(call.header("If-Match"))
    record = put(kind, call.service, record_id, sent, wanted, version=call.api_version)
    return Answer(body=shown(record, with_keys=True))


def remove(kind: Kind, call: Call, record_id: str) -> Answer:
    """Delete an enrollment; without If-Match whatever its etag."""
    delete(kind, call.store, record_id, wanted_etag(call.header("If-Match")) or ANY)
    return Answer(status=204)


def query(kind: Kind, call: Call) -> Answer:
    """Answer with a page of enrollments, keys hidden."""
    _check_query(call.json())
    answer = page_answer(call, kind.name)
    return replace(answer, body=[shown(record, with_keys=False) for record in answer.body])


def put(
    kind: Kind,
    service: Service,
    record_id: str,
    sent: Any,
    wanted: str | None,
    *,
    version: str | None,
) -> Json:
    """Store what was *sent* if the etag *wanted* allows it, and return the record.

    Without an etag nothing may be there (409). With one, `*` included, something must be: what the
    service answers when there is not is unknown, and the emulator says 404. Raises Refusal.
    """
    store = service.store
    with store.writing():
        current = store.get(kind.name, record_id)
        if wanted is None and current:
            raise Refusal(kind.exists_code, f"{kind.name} already exists.")
        if wanted is not None:
            current = _matching(kind, store, record_id, wanted)
        record = accept_enrollment(kind, record_id, sent, current, new_key, version)
        if service.settings.store_defaults:
            record = with_defaults(record)
        _check_room(kind, service, record, current)
        now = service.clock.timestamp()
        record["etag"] = new_etag()
        record["createdDateTimeUtc"] = current["createdDateTimeUtc"] if current else now
        record["lastUpdatedDateTimeUtc"] = now
        record = in_order(record)
        store.put(kind.name, record_id, record, label=record["attestation"]["type"])
    return record


def delete(kind: Kind, store: Store, record_id: str, wanted: str) -> None:
    """Delete a record that has the etag *wanted*. Raises Refusal."""
    with store.writing():
        _matching(kind, store, record_id, wanted)
        store.delete(kind.name, record_id)


def shown(record: Json, *, with_keys: bool) -> Json:
    """Return a stored record as answers show it."""
    return {
        **record,
        "attestation": shown_attestation(record["attestation"], with_keys=with_keys),
    }


def _existing(kind: Kind, store: Store, record_id: str) -> Json:
    record = store.get(kind.name, record_id)
    if record is None:
        raise Refusal(kind.missing_code, f"{kind.name} not found.")
    return record


def _matching(kind: Kind, store: Store, record_id: str, wanted: str) -> Json:
    record = _existing(kind, store, record_id)
    if not is_match(wanted, record["etag"]):
        raise Refusal(kind.stale_code, "Precondition failed.")
    return record


def _check_query(specification: Any) -> None:
    """Take any text: whatever it says, all records are answered (docs/service.md#a2)."""
    if not isinstance(specification, dict) or not isinstance(specification.get("query"), str):
        raise invalid("The request body must have a query, a text.")


def _check_room(kind: Kind, service: Service, record: Json, current: Json | None) -> None:
    """Refuse a group beyond the service's limits (docs/service.md#c)."""
    attested_by = record["attestation"]["type"]
    limits = service.settings.limits
    most = {"x509": limits.x509_groups, "symmetricKey": limits.symmetric_key_groups}
    if kind is not GROUP or attested_by not in most:
        return
    if current and current["attestation"]["type"] == attested_by:
        return
    if service.store.count(kind.name, attested_by) >= most[attested_by]:
        raise invalid(f"The limit of {most[attested_by]} {attested_by} groups is reached.")


def new_key() -> str:
    """Make a symmetric key as the service does."""
    return binascii.b2a_base64(secrets.token_bytes(_GENERATED_KEY_BYTES), newline=False).decode()

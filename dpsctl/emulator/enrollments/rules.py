"""What the service refuses and fills in when an enrollment is written: pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dpsctl.emulator.answers import Json, invalid
from dpsctl.emulator.enrollments.attestation import accept_attestation
from dpsctl.emulator.enrollments.kinds import Kind
from dpsctl.emulator.enrollments.policies import check_policy
from dpsctl.keys import IdFormatError, check_id

# The order of fields in the service's answers (docs/service.md#b1); what is not here comes last.
_ORDER = (
    "enrollmentGroupId",
    "registrationId",
    "deviceId",
    "registrationState",
    "optionalDeviceInformation",
    "attestation",
    "capabilities",
    "iotHubHostName",
    "initialTwin",
    "etag",
    "provisioningStatus",
    "reprovisionPolicy",
    "createdDateTimeUtc",
    "lastUpdatedDateTimeUtc",
    "allocationPolicy",
    "iotHubs",
    "customAllocationDefinition",
)
_READ_ONLY = ("registrationState", "etag", "createdDateTimeUtc", "lastUpdatedDateTimeUtc")
_TYPES: dict[str, type] = {
    "deviceId": str,
    "optionalDeviceInformation": dict,
    "capabilities": dict,
    "iotHubHostName": str,
    "initialTwin": dict,
    "provisioningStatus": str,
    "reprovisionPolicy": dict,
    "allocationPolicy": str,
    "iotHubs": list,
    "customAllocationDefinition": dict,
}
_NAMED: dict[type, str] = {str: "text", dict: "an object", list: "a list"}
_BOOLEANS = (
    ("capabilities", "iotEdge"),
    ("reprovisionPolicy", "updateHubAssignment"),
    ("reprovisionPolicy", "migrateDeviceData"),
)
_CHOICES = {
    "provisioningStatus": ("enabled", "disabled"),
    "allocationPolicy": ("hashed", "geoLatency", "static", "custom"),
}
# A version is a date; that of a preview may be the first of its day.
_OLDEST_WEBHOOK = "2018-09-01"


def accept_enrollment(
    kind: Kind,
    path_id: str,
    sent: Any,
    current: Json | None,
    new_key: Callable[[], str],
    version: str | None,
) -> Json:
    """Return the record to store for what was *sent* to *path_id* over *current* in *version*.

    Nulls are dropped but for `provisioningStatus` and whatever lies inside a twin; unknown fields
    stay. Etag and dates are left to the caller. Raises Refusal.
    """
    check_record_id(path_id)
    if not isinstance(sent, dict):
        raise invalid(f"The request body must be a JSON object: {kind.name}.")
    body = {name: value for name, value in sent.items() if name not in _READ_ONLY}
    body = _without_nulls(body)
    if str(body.get(kind.id_field, "")).lower() != path_id.lower():
        raise invalid(f"{kind.id_field} in the body is not the id in the URL.")
    _check_types(body)
    body |= {name: _chosen(name, body[name]) for name in _CHOICES if body.get(name) is not None}
    _check_allocation(body)
    check_policy(body, version)
    body[kind.id_field] = current[kind.id_field] if current else body[kind.id_field]
    old = current["attestation"] if current else None
    body["attestation"] = accept_attestation(kind, body.get("attestation"), old, new_key)
    return body


def check_record_id(record_id: str) -> None:
    """Refuse an id that the service would not take (docs/service.md#b8). Raises Refusal."""
    try:
        check_id(record_id, "id")
    except IdFormatError as error:
        raise invalid(f"{error}.") from None


def with_defaults(record: Json) -> Json:
    """Return *record* with what it leaves out, as a service may store it (docs/service.md#b1)."""
    capabilities = {"iotEdge": False, **record.get("capabilities", {})}
    status = record.get("provisioningStatus") or "enabled"
    return {**record, "capabilities": capabilities, "provisioningStatus": status}


def in_order(record: Json) -> Json:
    """Return *record* with its fields in the service's order."""
    known = {name: record[name] for name in _ORDER if name in record}
    return known | record


def _without_nulls(body: Json) -> Json:
    kept = {
        name: value
        for name, value in body.items()
        if value is not None or name == "provisioningStatus"
    }
    for name in ("capabilities", "reprovisionPolicy", "customAllocationDefinition"):
        if isinstance(kept.get(name), dict):
            kept[name] = _dropping_nulls(kept[name])
    if isinstance(kept.get("initialTwin"), dict):
        kept["initialTwin"] = _twin_without_nulls(kept["initialTwin"])
    return kept


def _twin_without_nulls(twin: Json) -> Json:
    """Drop the nulls of the frame; `tags` and `desired` themselves are the caller's own JSON."""
    kept = _dropping_nulls(twin)
    if isinstance(kept.get("properties"), dict):
        kept["properties"] = _dropping_nulls(kept["properties"])
    return kept


def _dropping_nulls(value: Json) -> Json:
    return {name: inner for name, inner in value.items() if inner is not None}


def _check_types(body: Json) -> None:
    for name, wanted in _TYPES.items():
        if body.get(name) is not None and not isinstance(body[name], wanted):
            raise invalid(f"{name} must be {_NAMED[wanted]}.")
    for outer, name in _BOOLEANS:
        if not isinstance(body.get(outer, {}).get(name, False), bool):
            raise invalid(f"{outer}.{name} must be true or false.")
    twin = body.get("initialTwin", {})
    properties = twin.get("properties", {})
    if not (isinstance(twin.get("tags", {}), dict) and isinstance(properties, dict)):
        raise invalid("initialTwin.tags and initialTwin.properties must be objects.")
    if not isinstance(properties.get("desired", {}), dict):
        raise invalid("initialTwin.properties.desired must be an object.")


def _chosen(name: str, value: str) -> str:
    """Return one of the choices, which the service takes in any case, as it spells it itself."""
    for choice in _CHOICES[name]:
        if value.lower() == choice.lower():
            return choice
    raise invalid(f"{name} must be one of {', '.join(_CHOICES[name])}.")


def _check_allocation(body: Json) -> None:
    hubs = body.get("iotHubs", [])
    if not all(isinstance(hub, str) and hub for hub in hubs):
        raise invalid("iotHubs must hold host names.")
    if hubs and "allocationPolicy" not in body:
        raise invalid("iotHubs needs an allocationPolicy.")
    if body.get("allocationPolicy") != "custom":
        return
    webhook = body.get("customAllocationDefinition", {})
    url, version = webhook.get("webhookUrl"), webhook.get("apiVersion")
    if not (isinstance(url, str) and url and isinstance(version, str)):
        raise invalid("allocationPolicy custom needs a webhookUrl and an apiVersion.")
    if version[: len(_OLDEST_WEBHOOK)] < _OLDEST_WEBHOOK:
        raise invalid(
            f"customAllocationDefinition.apiVersion must be {_OLDEST_WEBHOOK}-preview or later."
        )

"""Device groups of IoT Central, and the devices that their queries select."""

from __future__ import annotations

from dataclasses import replace

from dpsctl.emulator.answers import Answer, Json
from dpsctl.emulator.call import Call
from dpsctl.emulator.central.conditions import parse_query
from dpsctl.emulator.central.devices import DEVICES
from dpsctl.emulator.central.group_ids import group_id_rule
from dpsctl.emulator.central.languages import DEVICE_GROUP_FILTER, DEVICE_QUERY
from dpsctl.emulator.central.pages import Listed, list_answer
from dpsctl.emulator.central.records import Kind


def devices(call: Call, group_id: str) -> Answer:
    """Answer with a page of the devices that a group's query selects now."""
    group = DEVICE_GROUP.existing(call, group_id)
    selected = parse_query(group["filter"], DEVICE_QUERY)
    return list_answer(replace(DEVICES, parameters=("maxpagesize",)), call, selected)


def _accept(sent: Json, current: Json | None) -> Json:
    """Refuse a query that selects nothing sensible."""
    del current
    parse_query(sent["filter"], DEVICE_QUERY)
    return sent


def _shown(call: Call, record: Json) -> Json:
    del call
    return record


DEVICE_GROUP = Kind(
    what="Device group",
    listed=Listed("central.deviceGroups", DEVICE_GROUP_FILTER, _shown),
    check_id=group_id_rule("_-"),
    fields={"displayName": str, "description": str, "filter": str, "organizations": list},
    required=("displayName", "filter"),
    accept=_accept,
)

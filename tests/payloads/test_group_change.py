"""A change names what it changes; every other field, known or new, stays as it was."""

import json
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import Settings
from dpsctl.options.individual import Device
from dpsctl.options.kinds import Words
from dpsctl.options.records import Edits
from dpsctl.options.words import AllocationPolicy, ProvisioningStatus, ReprovisionPolicy, Toggle
from dpsctl.payloads.attestation import SIGNING
from dpsctl.payloads.enrollment import Change, check_edits

NAMES = st.text("abc.$=_\u00e9", max_size=4)
LEAVES = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | NAMES
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=3)
RECORDS = st.fixed_dictionaries(
    {"enrollmentGroupId": st.just("g1"), "attestation": st.just({"type": "none", "new": 1})},
    optional={
        "capabilities": st.none() | OBJECTS,
        "initialTwin": st.none() | st.fixed_dictionaries({}, optional={"tags": OBJECTS, "x": JSON}),
        "provisioningStatus": st.sampled_from(["enabled", "disabled", None]),
        "reprovisionPolicy": st.none() | OBJECTS,
        "iotHubs": st.just(["h"]),
        "newField": JSON,
    },
)
FLAGS = {
    "capabilities": {"edge_enabled": Toggle.true},
    "provisioningStatus": {"provisioning_status": ProvisioningStatus.disabled},
    "reprovisionPolicy": {"reprovision_policy": ReprovisionPolicy.never},
    "allocationPolicy": {"allocation_policy": AllocationPolicy.hashed},
    "initialTwin": {"initial_twin_tags": Words(["a=1"])},
}


def change(**flags):
    return Change(attestation=None, collection=SIGNING, settings=Settings(**flags), edits=Edits())


@given(RECORDS)
def test_change_that_asks_for_nothing_changes_nothing(record):
    assert change().of(deepcopy(record)) == record


@pytest.mark.parametrize("field", sorted(FLAGS))
@given(record=RECORDS)
def test_flag_changes_its_own_field_only(field, record):
    before = json.dumps(record)

    changed = change(**FLAGS[field]).of(record)

    assert {k: v for k, v in changed.items() if k != field} == {
        k: v for k, v in record.items() if k != field
    }
    assert json.dumps(record) == before


@given(RECORDS)
def test_flag_of_a_frame_leaves_the_other_fields_in_it(record):
    capabilities, policy = record.get("capabilities") or {}, record.get("reprovisionPolicy") or {}

    edge = change(edge_enabled=Toggle.false).of(record)
    never = change(reprovision_policy=ReprovisionPolicy.never).of(record)

    assert edge["capabilities"] == {**capabilities, "iotEdge": False}
    no = {"updateHubAssignment": False, "migrateDeviceData": False}
    assert never["reprovisionPolicy"] == {**policy, **no}


@given(RECORDS)
def test_new_properties_leave_the_rest_of_the_twin(record):
    record = {**record, "initialTwin": {"tags": {"a": 1}, "properties": {"x": 2, "desired": {}}}}

    twin = change(initial_twin_properties=Words(["a=1"])).of(record)["initialTwin"]

    assert twin == {"tags": {"a": 1}, "properties": {"x": 2, "desired": {"a": "1"}}}


@given(RECORDS)
def test_new_tags_leave_the_rest_of_the_twin(record):
    twin = change(initial_twin_tags=Words(["a=1"])).of(record)["initialTwin"]

    old = record.get("initialTwin") or {}
    assert twin == {**old, "tags": {"a": "1"}}


RECORD = {"enrollmentGroupId": "g1", "deviceId": "a/b", "iotHubs": ["not a host"], "a": {"b": 1}}


def test_edits_come_last_and_in_their_order():
    asked = Change(
        attestation=None,
        collection=SIGNING,
        settings=Settings(edge_enabled=Toggle.true),
        edits=Edits(set_values=["a.c=2", "capabilities.iotEdge:=false"], remove_paths=["a.b"]),
    )

    changed = asked.of({"enrollmentGroupId": "g1", "a": {"b": 1}})

    assert changed["a"] == {"c": "2"}
    assert changed["capabilities"] == {"iotEdge": False}


def test_old_record_is_judged_where_it_changes_alone():
    assert change(edge_enabled=Toggle.true).of(RECORD)["iotHubs"] == ["not a host"]
    with pytest.raises(UsageError) as failure:
        change(allocation_policy=AllocationPolicy.hashed, iot_hubs=["https://h"]).of(RECORD)
    assert failure.value.hint == "Nothing was written."


def test_what_flags_say_of_a_device_is_read_as_an_object():
    told = Device(device_id="d1", device_information=Words(["a=1", "b:=2"]))
    asked = Change(
        attestation=None, collection=SIGNING, settings=Settings(), edits=Edits(), device=told
    )

    changed = asked.of({"registrationId": "d1"})

    assert changed["deviceId"] == "d1"
    assert changed["optionalDeviceInformation"] == {"a": "1", "b": 2}
    bad = Device(device_information=Words(["[1]"]))
    with pytest.raises(UsageError, match=r"^--device-information"):
        Change(
            attestation=None, collection=SIGNING, settings=Settings(), edits=Edits(), device=bad
        ).of({})


@pytest.mark.parametrize(
    ("set_values", "remove_paths", "said"),
    [
        (["a.b=1", "c=2", "a.b=2"], [], "--set: a.b is given twice"),
        (["etag=1"], [], "--set and --remove cannot change etag"),
        ([], ["enrollmentGroupId"], "--set and --remove cannot change enrollmentGroupId"),
    ],
)
def test_edits_that_cannot_be_meant_are_refused(set_values, remove_paths, said):
    edits = Edits(set_values=set_values, remove_paths=remove_paths)

    with pytest.raises(UsageError) as failure:
        check_edits(edits, "enrollmentGroupId")

    assert failure.value.message == said


def test_edits_of_different_fields_are_taken_whatever_their_values():
    check_edits(Edits(set_values=["a=1", "b=1", "c.a=1"], remove_paths=["d"]), "enrollmentGroupId")

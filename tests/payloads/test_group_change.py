"""A change names what it changes; every other field, known or new, stays as it was."""

import json
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.options.enrollment import Settings
from dpsctl.options.kinds import Words
from dpsctl.options.records import Edits
from dpsctl.options.words import AllocationPolicy, ProvisioningStatus, ReprovisionPolicy, Toggle
from dpsctl.payloads.attestation import SIGNING
from dpsctl.payloads.enrollment import Change

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
def test_new_tags_leave_the_rest_of_the_twin(record):
    twin = change(initial_twin_tags=Words(["a=1"])).of(record)["initialTwin"]

    old = record.get("initialTwin") or {}
    assert twin == {**old, "tags": {"a": "1"}}

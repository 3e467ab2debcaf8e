"""Which hub a device gets, and when it gets none."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.emulator.devices.allocation import AllocationFailed, choose_hub, linked_hubs

HUBS = (("hub-a", 1), ("hub-b", 1), ("hub-c", 1))
DEVICES = [f"device-{number}" for number in range(3000)]


def placed(hubs, policy="hashed", latencies=None):
    return {device: choose_hub(policy, device, hubs, latencies or {}) for device in DEVICES}


def test_hashed_spreads_devices_evenly():
    counts = Counter(placed(HUBS).values())

    assert all(900 < counts[name] < 1100 for name, _ in HUBS)


def test_hashed_spreads_devices_by_weight():
    counts = Counter(placed((("hub-a", 1), ("hub-b", 4))).values())

    assert 500 < counts["hub-a"] < 700


@pytest.mark.parametrize("policy", [None, "hashed"])
def test_hashed_is_the_default_and_ignores_order_and_case(policy):
    there = placed(HUBS)

    back = {name: choose_hub(policy, name.upper(), HUBS[::-1], {}) for name in DEVICES}

    assert back == there


def test_new_hub_moves_devices_to_itself_alone():
    before, after = placed(HUBS[:2]), placed(HUBS)

    assert {after[name] for name in DEVICES if after[name] != before[name]} == {"hub-c"}


def test_static_takes_the_first_hub():
    assert set(placed(HUBS, "static").values()) == {"hub-a"}


@pytest.mark.parametrize(
    ("latencies", "chosen"),
    [
        ({"hub-a": 30, "hub-b": 20, "hub-c": 25}, {"hub-b"}),
        ({"HUB-C": 200}, {"hub-c"}),
        ({"hub-a": 5, "hub-b": 5}, {"hub-a", "hub-b"}),
        ({}, {"hub-a", "hub-b", "hub-c"}),
    ],
    ids=["the nearest", "the only known", "equals share", "nothing known"],
)
def test_geo_latency_takes_the_nearest_hub(latencies, chosen):
    assert set(placed(HUBS, "geoLatency", latencies).values()) == chosen


@given(st.text(max_size=128), st.lists(st.integers(1, 2**31), min_size=1, max_size=5))
def test_every_device_gets_one_of_the_hubs(registration_id, weights):
    hubs = [(f"hub-{place}", weight) for place, weight in enumerate(weights)]

    assert choose_hub("hashed", registration_id, hubs, {}) in dict(hubs)


@pytest.mark.parametrize(
    ("enrollment", "names"),
    [
        ({}, ["hub-a", "hub-b", "hub-c"]),
        ({"iotHubs": []}, ["hub-a", "hub-b", "hub-c"]),
        ({"iotHubs": ["HUB-B", "elsewhere"]}, ["hub-b"]),
        ({"iotHubHostName": "hub-c"}, ["hub-c"]),
    ],
    ids=["any", "an empty list", "some", "the old single name"],
)
def test_enrollment_restricts_the_linked_hubs(enrollment, names):
    assert [name for name, _ in linked_hubs(enrollment, HUBS)] == names


@pytest.mark.parametrize(
    ("enrollment", "hubs", "code"),
    [({}, (), 400208), ({"iotHubs": ["elsewhere"]}, HUBS, 401001)],
    ids=["no hub is linked", "none of the enrollment's is"],
)
def test_device_without_a_hub_is_told_why(enrollment, hubs, code):
    with pytest.raises(AllocationFailed) as failed:
        linked_hubs(enrollment, hubs)

    assert failed.value.code == code

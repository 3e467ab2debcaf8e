"""What becomes of a device that was assigned before."""

import pytest

from dpsctl.emulator.devices.reprovisioning import Assigned, assigned, candidates, policy_for

HUBS = (("hub-a", 1), ("hub-b", 3))
OLD, NEW = {"tags": {"twin": "old"}}, {"tags": {"twin": "new"}}
MIGRATE = {"updateHubAssignment": True, "migrateDeviceData": True}
RESET = {"updateHubAssignment": True, "migrateDeviceData": False}
NEVER = {"updateHubAssignment": False, "migrateDeviceData": False}


def at(hub, first="hub-a", substatus="initialAssignment"):
    return Assigned(hub, "d1", first, substatus, OLD)


@pytest.mark.parametrize(
    ("policy", "before", "expected"),
    [
        (MIGRATE, at("hub-a"), HUBS),
        (RESET, at("hub-a"), HUBS),
        ({}, at("hub-a"), HUBS),
        (NEVER, None, HUBS),
        (NEVER, at("hub-a"), [("hub-a", 1)]),
        ({"updateHubAssignment": False}, at("hub-b"), [("hub-b", 1)]),
    ],
    ids=["migrate", "reset", "no policy", "never, first time", "never", "no update"],
)
def test_only_a_device_that_never_moves_is_bound_to_its_hub(policy, before, expected):
    assert candidates(policy, HUBS, before) == expected


@pytest.mark.parametrize(
    ("stored", "version", "expected"),
    [
        (MIGRATE, "2018-04-01", MIGRATE),
        (None, "2018-04-01", {"updateHubAssignment": False}),
        (None, "2017-11-15", {"updateHubAssignment": False}),
        (None, "2018-09-01-preview", {}),
        (None, "2021-10-01", {}),
    ],
)
def test_only_old_devices_stick_where_no_policy_is_stored(stored, version, expected):
    assert policy_for({"reprovisionPolicy": stored}, version) == expected


@pytest.mark.parametrize(
    ("policy", "before", "hub", "substatus", "twin"),
    [
        (MIGRATE, None, "hub-a", "initialAssignment", NEW),
        (MIGRATE, at("hub-a"), "hub-a", "initialAssignment", OLD),
        (RESET, at("hub-a"), "hub-a", "initialAssignment", OLD),
        (NEVER, at("hub-a"), "hub-a", "initialAssignment", OLD),
        (MIGRATE, at("hub-a"), "hub-b", "deviceDataMigrated", OLD),
        ({}, at("hub-a"), "hub-b", "deviceDataMigrated", OLD),
        (RESET, at("hub-a"), "hub-b", "deviceDataReset", NEW),
        (MIGRATE, at("hub-b"), "hub-a", "reprovisionedToInitialAssignment", OLD),
        (RESET, at("hub-b"), "hub-a", "reprovisionedToInitialAssignment", NEW),
        (RESET, at("hub-b", "hub-a", "deviceDataReset"), "hub-b", "deviceDataReset", OLD),
    ],
    ids=[
        "first",
        "migrate, stays",
        "reset, stays",
        "never, stays",
        "migrate, moves",
        "no policy, moves",
        "reset, moves",
        "migrate, comes back",
        "reset, comes back",
        "stays after a move",
    ],
)
def test_policy_decides_about_data_and_substatus(policy, before, hub, substatus, twin):
    after = assigned(policy, before, hub, "d1", NEW)

    assert (after.hub, after.substatus, after.twin) == (hub, substatus, twin)
    assert after.first_hub == "hub-a"

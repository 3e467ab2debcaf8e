"""Operation ids prove themselves."""

import pytest

from dpsctl.emulator.devices.operations import is_operation_of, new_operation_id

KEY = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="


def test_ids_of_a_device_share_its_part_and_differ():
    first, second = (new_operation_id("d1", KEY) for _ in range(2))

    assert first != second
    assert first.rpartition(".")[0] == second.rpartition(".")[0]


@pytest.mark.parametrize("registration_id", ["d1", "D1"])
def test_id_is_known_again(registration_id):
    assert is_operation_of(new_operation_id("d1", KEY), registration_id, KEY)


@pytest.mark.parametrize(
    "operation_id",
    [
        "",
        "5.316aac5bdc130deb.b1e02da8-0000-4000-8000-000000000000",
        "b1e02da8-0000-4000-8000-000000000000",
        "\u00e9.\U0001f600",
        new_operation_id("d2", KEY),
        new_operation_id("d1", "b3RoZXIgc2l4dGVlbiBieXRlcyBvciBzbw=="),
    ],
    ids=["empty", "made up", "a part", "not ASCII", "another device's", "another emulator's"],
)
def test_other_ids_are_not(operation_id):
    assert not is_operation_of(operation_id, "d1", KEY)


def test_changed_id_is_not():
    operation_id = new_operation_id("d1", KEY)
    place = operation_id.rindex(".") + 1
    changed = "0" if operation_id[place] != "0" else "1"

    wrong = operation_id[:place] + changed + operation_id[place + 1 :]

    assert not is_operation_of(wrong, "d1", KEY)

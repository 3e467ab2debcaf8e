"""`central device-group` against the emulator."""

import pytest

QUERY = 'SELECT * FROM devices WHERE $template = "dtmi:a:b;1" AND $simulated = true'
CREATE = "device-group create --device-group-id g1 --display-name G --filter"


def test_devices_of_a_group_are_those_its_query_selects(central):
    central("device create -d sim --simulated --template 'dtmi:a:b;1'")
    central("device create -d real --template 'dtmi:a:b;1'")
    central("device create -d other --simulated --template 'dtmi:a:c;1'")
    central(f"""{CREATE} '{QUERY}'""")
    ran = central("device-group device list --device-group-id g1 --query '[].id'")

    assert ran.json == ["sim"]


def test_devices_of_a_group_come_in_pages(central, requests_of):
    for number in range(3):
        central(f"device create -d d{number}")
    central(f"{CREATE} 'SELECT * FROM devices'")

    ran, requests = requests_of("device-group device list --device-group-id g1 --page-size 2")

    assert len(ran.json) == 3
    assert len(requests) == 2


def test_query_that_cannot_be_read_is_refused(central):
    ran = central(f"{CREATE} 'SELECT id FROM devices'", expect=1)

    assert "character 8" in ran.err


def test_description_can_be_cleared_and_the_rest_stays(central, requests_of):
    central(f"{CREATE} 'SELECT * FROM devices' --description old --organizations a b")

    ran, requests = requests_of("device-group update --device-group-id g1 --description ''")

    assert requests[-1]["body"] == {"description": ""}
    assert ran.json["organizations"] == ["a", "b"]


def test_create_leaves_an_existing_group_alone(central):
    central(f"{CREATE} 'SELECT * FROM devices'")

    central(f"{CREATE} 'SELECT * FROM devices WHERE $enabled = true'", expect=5)


@pytest.mark.parametrize(
    "group_id", ["a.b", "a b", "ü", "x" * 256], ids=["dot", "space", "umlaut", "long"]
)
def test_id_that_breaks_the_rule_is_refused(requests_of, group_id):
    ran, requests = requests_of(f"device-group show --device-group-id '{group_id}'", expect=2)

    assert "--device-group-id" in ran.err
    assert requests == []


def test_list_is_filtered_and_sorted(central):
    for name in ("b", "a", "other"):
        central(
            f"device-group create --device-group-id g-{name} --display-name '{name} hall'"
            " --filter 'SELECT * FROM devices'"
        )

    ran = central(
        """device-group list --filter "displayName ne 'other hall'" --order-by displayName"""
        " --query '[].id'"
    )

    assert ran.json == ["g-a", "g-b"]

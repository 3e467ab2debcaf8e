"""The grammar of filters and queries; the examples are those of Central's pages."""

import pytest

from dpsctl.emulator.answers import Refusal
from dpsctl.emulator.central.conditions import parse_condition, parse_query
from dpsctl.emulator.central.languages import DEVICE_FILTER, DEVICE_QUERY

DEVICE = {
    "id": "device1",
    "displayName": "Thermostat one",
    "enabled": True,
    "provisioned": False,
    "simulated": True,
    "template": "dtmi:contoso:Thermostat;1",
    "organizations": ["redmond", "seattle"],
}


def holds(text):
    return parse_condition(text, DEVICE_FILTER)(DEVICE)


@pytest.mark.parametrize(
    "text",
    [
        "id eq 'device1' and scopes eq 'redmond'",
        "Enabled ne false",
        "id le 'device1'",
        "id lt 'e'",
        "id ge 'device1'",
        "id gt 'd'",
        "id eq 'device1' and enabled eq true",
        "id eq 'other' or simulated eq true",
        "contains(displayName, 'Thermostat')",
        "contains ( DISPLAYNAME , 'one' )",
        "template ne 'x'",
        "scopes ne 'paris'",
        "contains(scopes, 'seat')",
        "ID EQ 'device1' AND provisioned eq FALSE",
        "displayName ne 'it''s'",
        "indexof(displayName, 'Thermostat') ge 0",
        "indexof(displayName, 'Thermostat') eq 0",
        "indexof(displayName, 'one') gt 0",
        "IndexOf ( DISPLAYNAME , 'device1' ) lt 0",
        "indexof(displayName, 'device1') le -1",
        "indexof(displayName, 'one') ne -1 and enabled eq true",
        "indexof(scopes, 'seat') ge 0",
    ],
)
def test_condition_holds(text):
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "id eq 'Device1'",
        "Enabled ne true",
        "id lt 'device1'",
        "id gt 'device1'",
        "contains(displayName, 'thermostat')",
        "scopes ne 'redmond'",
        "indexof(displayName, 'thermostat') ge 0",
        "indexof(displayName, 'Thermostat') gt 0",
        "indexof(scopes, 'paris') ge 0",
        "scopes eq 'paris'",
        "id eq 'device1' and enabled eq false",
        "id eq 'x' or simulated eq false",
    ],
)
def test_condition_does_not_hold(text):
    assert not holds(text)


def test_and_binds_closer_than_or():
    assert holds("simulated eq true or id eq 'x' and enabled eq false")
    assert not holds("simulated eq false or id eq 'device1' and enabled eq false")


def test_quote_is_written_twice():
    condition = parse_condition("displayName eq 'it''s'", DEVICE_FILTER)

    assert condition({"displayName": "it's"})


@pytest.mark.parametrize(("operator", "expected"), [("eq", False), ("ne", True), ("lt", False)])
def test_missing_field_equals_nothing(operator, expected):
    assert parse_condition(f"template {operator} 'x'", DEVICE_FILTER)({}) is expected


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", 1),
        ("id", 3),
        ("id eq", 6),
        ("id eq device1", 7),
        ('id eq "device1"', 7),
        ("id = 'device1'", 4),
        ("id has 'device1'", 4),
        ("colour eq 'red'", 1),
        ("enabled eq 'true'", 12),
        ("enabled eq maybe", 12),
        ("enabled lt true", 9),
        ("id eq 'a' xor id eq 'b'", 11),
        ("id eq 'a' and", 14),
        ("(id eq 'a')", 1),
        ("not enabled eq true", 1),
        ("contains(enabled, 'a')", 10),
        ("contains(id 'a')", 13),
        ("contains(id, 'a'", 17),
        ("startswith(id, 'a')", 1),
        ("indexof(enabled, 'a') ge 0", 9),
        ("indexof(id, 'a')", 17),
        ("indexof(id, 'a') ge", 20),
        ("indexof(id, 'a') ge '0'", 21),
        ("indexof(id, 'a') ge 0.5", 21),
        ("indexof(id, 'a') ge 99999999999999999999", 21),
        ("id eq 'a", 7),
        ("id eq 'a' # or", 11),
        ("id eq 1", 7),
    ],
)
def test_what_the_grammar_does_not_know_is_refused_with_its_place(text, place):
    with pytest.raises(Refusal, match=f"at character {place}: expected") as refused:
        parse_condition(text, DEVICE_FILTER)

    assert refused.value.code == 400000


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT * FROM devices", True),
        ("select * from devices where $simulated = true", True),
        ('SELECT * FROM devices WHERE $template = "dtmi:contoso:Thermostat;1"', True),
        ('SELECT * FROM devices WHERE $template = "x" AND $provisioned = true', False),
        ("SELECT * FROM devices WHERE $id <> 'device1' OR $provisioned != true", True),
        ("SELECT * FROM devices WHERE $displayName >= 'U'", False),
    ],
)
def test_query_selects(query, expected):
    assert parse_query(query, DEVICE_QUERY)(DEVICE) is expected


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SELECT id FROM devices",
        "SELECT * FROM things",
        "SELECT * FROM devices WHERE",
        "SELECT * FROM devices $id = 'a'",
        "SELECT * FROM devices WHERE ($id = 'a')",
        "SELECT * FROM devices WHERE $id eq 'a'",
        "SELECT * FROM devices WHERE id = 'a'",
        "SELECT * FROM devices WHERE contains($id, 'a')",
        "SELECT * FROM devices WHERE indexof($id, 'a') >= 0",
        "SELECT * FROM devices; DROP TABLE devices",
    ],
)
def test_query_that_is_none_is_refused(query):
    with pytest.raises(Refusal, match="at character"):
        parse_query(query, DEVICE_QUERY)

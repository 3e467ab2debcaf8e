import json

import pytest
from rich.cells import cell_len

from dpsctl.output.query import compile_query
from dpsctl.output.tables import Look, table

REGISTRATION = {
    "registrationId": "dev1",
    "createdDateTimeUtc": "2024-01-02T03:04:05.6789012Z",
    "assignedHub": "hub1.azure-devices.net",
    "deviceId": "dev1",
    "status": "assigned",
    "substatus": "initialAssignment",
    "lastUpdatedDateTimeUtc": "2024-01-02T03:04:06.6789012Z",
    "etag": '"00000001-0000-0700-0000-6650aaaa0000"',
}
# Recorded from azure-cli 2.65 with azure-iot 0.25, for the record above.
REGISTRATION_OF_AZ = (
    "AssignedHub             CreatedDateTimeUtc            DeviceId    LastUpdatedDateTimeUtc"
    "        RegistrationId    Status    Substatus\n"
    "----------------------  ----------------------------  ----------  "
    "----------------------------  ----------------  --------  -----------------\n"
    "hub1.azure-devices.net  2024-01-02T03:04:05.6789012Z  dev1        "
    "2024-01-02T03:04:06.6789012Z  dev1              assigned  initialAssignment\n"
)
# Recorded too: a column that only some records have.
ENROLLMENTS_OF_AZ = (
    "CreatedDateTimeUtc            DeviceId    ProvisioningStatus    RegistrationId\n"
    "----------------------------  ----------  --------------------  ----------------\n"
    "2024-01-02T03:04:05.6789012Z  d           enabled               a\n"
    "2024-01-02T03:04:05.6789012Z              enabled               b\n"
)


def plain(data, columns=None):
    return table(data, columns, Look())


def test_table_of_one_record_is_what_az_prints():
    assert plain(REGISTRATION) == REGISTRATION_OF_AZ


def test_table_leaves_a_gap_where_a_record_lacks_a_field():
    common = {"createdDateTimeUtc": "2024-01-02T03:04:05.6789012Z", "provisioningStatus": "enabled"}
    first = {**common, "registrationId": "a", "deviceId": "d", "capabilities": {"iotEdge": False}}
    second = {**common, "registrationId": "b", "etag": "x", "deviceId": None}

    assert plain([first, second]) == ENROLLMENTS_OF_AZ


def test_table_of_a_text_has_the_title_result():
    key = "az8ePdpjWyXFeQaOTegNYfxnTz/X5LGqBqu/7Vn/oac="

    assert plain(key) == f"Result\n{'-' * 44}\n{key}\n"


def test_table_of_lists_numbers_its_columns():
    assert plain([["a", 1], ["b", 2]]) == (
        "Column1    Column2\n---------  ---------\na          1\nb          2\n"
    )


@pytest.mark.parametrize("nothing", [[], None, {}, [{}]])
def test_table_of_nothing_is_empty(nothing):
    assert plain(nothing) == ""


def test_table_keeps_what_a_query_names_in_its_order():
    query = compile_query("[].{type: attestation.type, id: name}")

    shown = plain(query.search([{"attestation": {"type": "x509"}, "name": "g"}]))

    assert shown == "Type    Id\n------  ----\nx509    g\n"


def test_table_of_nested_fields_only_shows_them_as_json():
    assert plain({"attestation": {"type": "tpm"}}).splitlines()[2] == '{"type": "tpm"}'


def test_table_takes_the_columns_of_the_command():
    columns = {"Group": "enrollmentGroupId", "Hubs": "iotHubs", "Edge": "capabilities.iotEdge"}
    group = {"enrollmentGroupId": "g", "iotHubs": ["a", "b"], "other": 1}

    lines = plain([group, {**group, "capabilities": {"iotEdge": True}}], columns).splitlines()

    assert [line.split() for line in lines] == [
        ["Group", "Hubs", "Edge"],
        ["-------", "------", "------"],
        ["g", "a,", "b"],
        ["g", "a,", "b", "True"],
    ]


def test_table_in_a_pipe_cuts_and_folds_nothing():
    shown = plain({"a": "x" * 500, "b": "y" * 500})

    assert shown.splitlines()[2] == "x" * 500 + "  " + "y" * 500


@pytest.mark.parametrize("colour", [False, True])
def test_table_fits_the_terminal_and_loses_nothing(colour):
    shown = table([{"a": "x" * 50, "b": "y" * 40}], None, Look(40, colour))

    assert shown.count("x") == 50
    assert shown.count("y") == 40
    if not colour:
        assert max(cell_len(line) for line in shown.splitlines()) <= 40


def test_coloured_table_in_a_pipe_is_not_folded():
    shown = table([{"a": "x" * 300, "b": "y" * 300, "c": "z" * 300}], None, Look(colour=True))

    assert len(shown.splitlines()) == 3


def test_table_colours_status_values_only():
    shown = table([{"name": "failed", "status": "failed"}], None, Look(80, colour=True))

    row = shown.splitlines()[2]
    assert row.startswith("failed")
    assert "\x1b[31mfailed" in row


def test_table_lines_up_wide_characters():
    lines = plain([{"a": "漢字漢字", "b": "x"}, {"a": "abc", "b": "y"}]).splitlines()

    assert {cell_len(line) for line in lines[2:]} == {11}


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("a\nb", r"a\nb"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("[red]x", "[red]x"),
        (":smile:", ":smile:"),
    ],
)
@pytest.mark.parametrize("width", [None, 8])
def test_table_spells_out_control_characters_and_knows_no_markup(text, cell, width):
    shown = table([{"c": text}], None, Look(width))

    assert "".join(shown.split("\n")[2:]) == cell


def test_table_shows_numbers_and_truth_as_az_does():
    data = json.loads('{"a": true, "b": 1.5, "c": 0}')

    assert plain(data).splitlines()[2].split() == ["True", "1.5", "0"]

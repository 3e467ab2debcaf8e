"""Rows of a file as drafts of enrollments."""

import pytest

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import Settings
from dpsctl.options.kinds import Words
from dpsctl.options.records import Edits
from dpsctl.options.words import AttestationType, ProvisioningStatus, Toggle
from dpsctl.payloads.individual import Draft
from dpsctl.payloads.rows import check_columns, draft_of


@pytest.mark.parametrize(
    ("values", "field", "expected"),
    [
        pytest.param({"eid": "d1"}, "record_id", "d1", id="alias of a flag"),
        pytest.param({"registrationId": "d1"}, "record_id", "d1", id="field"),
        pytest.param({"at": "TPM"}, "attestation_type", AttestationType.tpm, id="word in any case"),
        pytest.param(
            {"attestation": {"type": "x509"}},
            "attestation_type",
            AttestationType.x509,
            id="field in an object",
        ),
        pytest.param(
            {"attestation.x509.clientCertificates.primary.certificate": "PEM"},
            "certificates",
            {"primary": "PEM"},
            id="certificate",
        ),
    ],
)
def test_value_of_a_row_takes_its_place_in_the_draft(values, field, expected):
    assert getattr(draft_of(values, Draft()), field) == expected


@pytest.mark.parametrize(
    ("values", "group", "field", "expected"),
    [
        pytest.param({"deviceId": "pump"}, "device", "device_id", "pump", id="text"),
        pytest.param({"iotHubs": ["a", "b"]}, "settings", "iot_hubs", ["a", "b"], id="list"),
        pytest.param({"iot-hubs": "hub"}, "settings", "iot_hubs", ["hub"], id="list of one"),
        pytest.param(
            {"initialTwin": {"tags": {"site": "eu"}}},
            "settings",
            "initial_twin_tags",
            Words(['{"site": "eu"}']),
            id="object",
        ),
        pytest.param(
            {"tags": "site=eu"}, "settings", "initial_twin_tags", Words(["site=eu"]), id="words"
        ),
        pytest.param(
            {"initialTwin.tags:=": '{"rack": 7}'},
            "settings",
            "initial_twin_tags",
            Words(['{"rack": 7}']),
            id="JSON that the name announces",
        ),
        pytest.param(
            {"capabilities": {"iotEdge": True}},
            "settings",
            "edge_enabled",
            Toggle.true,
            id="true or false",
        ),
    ],
)
def test_value_of_a_row_is_read_as_its_flag_reads_it(values, group, field, expected):
    assert getattr(getattr(draft_of(values, Draft()), group), field) == expected


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        pytest.param({"deviceId": 5}, "--device-id: 5 is no text", id="number"),
        pytest.param({"iotHubs": ["a", 5]}, "--iot-hubs: 5 is no text", id="number in a list"),
        pytest.param({"tags": 7}, "--tags: 7 is no text", id="number for an object"),
        pytest.param(
            {"device-id": list(range(40))},
            "--device-id: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1 is no text",
            id="what is long is cut",
        ),
        pytest.param(
            {"edge-enabled": "yes"}, "--edge-enabled: 'yes' is none of true, false", id="no word"
        ),
        pytest.param({"edge-enabled": 1}, "--edge-enabled: 1 is no text", id="number for a word"),
        pytest.param(
            {"provisioning-status": True},
            "--provisioning-status: 'true' is none of disabled, enabled",
            id="true for another word",
        ),
        pytest.param(
            {"deviceId": "a\0b"}, "--device-id: a control character in 'a\\x00b'", id="control"
        ),
        pytest.param(
            {"primary-key": "?"},
            "--primary-key: the key is not base64",
            id="what the flag refuses",
        ),
        pytest.param(
            {"initialTwin.tags:=": "{"},
            "column 'initialTwin.tags:=': ",
            id="no JSON",
        ),
    ],
)
def test_value_that_its_flag_would_not_take_is_refused(values, complaint):
    with pytest.raises(UsageError) as refused:
        draft_of(values, Draft())

    assert refused.value.message.startswith(complaint)


def test_empty_value_does_not_end_the_row():
    assert draft_of({"device-id": None, "eid": "d1"}, Draft()).record_id == "d1"


def test_edit_of_a_row_takes_the_place_of_the_same_one_among_the_defaults():
    defaults = Draft(edits=Edits(set_values=["initialTwin.tags.site=eu", "iotHubHostName=a"]))

    edits = draft_of({"initialTwin.tags.site": "us"}, defaults).edits

    assert edits.set_values == ["iotHubHostName=a", 'initialTwin.tags.site:="us"']


def test_only_what_the_service_tells_of_a_certificate_is_passed_over():
    client = "attestation.x509.clientCertificates.primary"
    values = {f"{client}.info.version": 3, f"{client}.note": "x", "initialTwin.info": "y"}

    edits = draft_of(values, Draft()).edits

    assert edits.set_values == [f'{client}.note:="x"', 'initialTwin.info:="y"']


def test_row_is_laid_over_the_defaults():
    defaults = Draft(settings=Settings(edge_enabled=Toggle.true, webhook_url="https://a"))

    draft = draft_of({"provisioning-status": "Disabled", "edge-enabled": False}, defaults)

    expected = Settings(
        edge_enabled=Toggle.false,
        webhook_url="https://a",
        provisioning_status=ProvisioningStatus.disabled,
    )
    assert vars(draft.settings) == vars(expected)


def test_fields_without_a_flag_become_edits():
    values = {"reprovisionPolicy": {"migrateDeviceData": False}, "initialTwin.tags.a\\.b": "x"}

    edits = draft_of(values, Draft()).edits

    assert edits.set_values == [
        "reprovisionPolicy.migrateDeviceData:=false",
        'initialTwin.tags.a\\.b:="x"',
    ]


def test_what_the_service_writes_itself_is_passed_over():
    values = {
        "etag": "x",
        "registrationState": {"status": "assigned"},
        "createdDateTimeUtc": "2026-01-01T00:00:00Z",
        "attestation": {"x509": {"clientCertificates": {"primary": {"info": {"version": 3}}}}},
    }

    draft = draft_of(values, Draft())

    assert (draft.record_id, draft.certificates, draft.edits.set_values) == (None, {}, [])
    assert not any(vars(draft.attestation).values())


@pytest.mark.parametrize("name", ["device_id", "-d", "tags.site", "deviceID", "registrationid", ""])
def test_name_of_nothing_is_refused(name):
    with pytest.raises(UsageError, match="neither a flag nor a field"):
        check_columns([name], "f.csv")


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        pytest.param(
            ["deviceId", "deviceId:="],
            "f.csv: the column 'deviceId' is there twice",
            id="twice",
        ),
        pytest.param(
            ["initialTwin..x"],
            "f.csv: column 'initialTwin..x': an empty name in the path 'initialTwin..x'",
            id="no path",
        ),
    ],
)
def test_columns_that_cannot_be_are_refused_by_name(names, complaint):
    with pytest.raises(UsageError) as refused:
        check_columns(names, "f.csv")

    assert refused.value.message == complaint


def test_refused_column_is_told_how_columns_are_named():
    with pytest.raises(UsageError) as refused:
        check_columns(["device_id"], "f.csv")

    assert refused.value.hint.startswith("Name it as the flag without dashes (device-id)")


def test_columns_are_flags_and_fields_whose_json_may_follow():
    check_columns(["eid", "device-id", "etag", "initialTwin.tags.site:="], "f.csv")

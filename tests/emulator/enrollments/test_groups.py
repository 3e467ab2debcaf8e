"""Enrollment groups over HTTPS: what goes in and what comes out."""

import base64
import re

import pytest

from dpsctl.emulator.settings import Limits

KEY = base64.b64encode(b"k" * 32).decode()
OTHER_KEY = base64.b64encode(b"o" * 16).decode()
STALE = base64.b64encode(b'"0a001f42-0000-0800-0000-646801ed0000"').decode()
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?Z")


def test_put_answers_with_the_keys_it_made(api, group_body):
    answer = api("PUT", "/enrollmentGroups/g1", group_body())

    keys = answer.json()["attestation"]["symmetricKey"]
    assert answer.status_code == 200
    assert [len(base64.b64decode(keys[name])) for name in ("primaryKey", "secondaryKey")] == [
        64,
        64,
    ]
    assert keys["primaryKey"] != keys["secondaryKey"]


def test_put_keeps_the_keys_it_was_given(create_group):
    keys = {"primaryKey": KEY, "secondaryKey": OTHER_KEY}

    made = create_group(attestation={"type": "symmetricKey", "symmetricKey": keys})

    assert made["attestation"]["symmetricKey"] == keys


def test_put_makes_only_the_key_that_is_null(create_group):
    keys = {"primaryKey": KEY, "secondaryKey": None}

    made = create_group(attestation={"type": "symmetricKey", "symmetricKey": keys})

    assert made["attestation"]["symmetricKey"]["primaryKey"] == KEY
    assert len(base64.b64decode(made["attestation"]["symmetricKey"]["secondaryKey"])) == 64


def test_get_and_query_hide_keys(api, create_group):
    create_group()

    one = api("GET", "/enrollmentGroups/g1").json()
    many = api("POST", "/enrollmentGroups/query", {"query": "SELECT *"}).json()

    assert one["attestation"] == {"type": "symmetricKey"}
    assert many == [one]


def test_attestationmechanism_shows_keys(api, create_group):
    made = create_group()

    answer = api("POST", "/enrollmentGroups/g1/attestationmechanism")

    assert answer.json() == made["attestation"]


def test_answers_keep_the_service_order_of_fields_and_put_unknown_ones_last(create_group):
    made = create_group(
        somethingNew={"a": None},
        iotHubs=["h"],
        allocationPolicy="hashed",
        reprovisionPolicy={"updateHubAssignment": True, "migrateDeviceData": True},
        provisioningStatus="enabled",
        initialTwin={"tags": {}},
        capabilities={"iotEdge": False},
    )

    assert " ".join(made) == (
        "enrollmentGroupId attestation capabilities initialTwin etag provisioningStatus "
        "reprovisionPolicy createdDateTimeUtc lastUpdatedDateTimeUtc allocationPolicy iotHubs "
        "somethingNew"
    )
    assert made["somethingNew"] == {"a": None}


def test_nulls_are_dropped_but_for_the_provisioning_status(create_group):
    made = create_group(
        provisioningStatus=None, reprovisionPolicy=None, iotHubs=None, initialTwin={"tags": None}
    )

    assert made["provisioningStatus"] is None
    assert not {"reprovisionPolicy", "iotHubs"} & set(made)
    assert made["initialTwin"] == {}


def test_twins_come_back_as_they_went_in(api, create_group):
    tags = {"z": None, "a": 123456789012345678901234567890, "version": 1, "$version": [1.5, {}]}
    desired = {"metadata": {"count": None}, "name": "\ud800 é"}

    create_group(initialTwin={"tags": tags, "properties": {"desired": desired}})
    twin = api("GET", "/enrollmentGroups/g1").json()["initialTwin"]

    assert twin == {"tags": tags, "properties": {"desired": desired}}
    assert list(twin["tags"]) == list(tags)


def test_dates_and_etag_have_the_form_of_the_service(create_group):
    made = create_group()

    assert DATE.fullmatch(made["createdDateTimeUtc"])
    assert made["createdDateTimeUtc"] == made["lastUpdatedDateTimeUtc"]
    assert re.fullmatch(r'"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"', etag_text(made))


def etag_text(record):
    return base64.b64decode(record["etag"]).decode()


def test_update_keeps_the_date_of_creation_and_changes_the_etag(api, create_group, group_body):
    made = create_group()

    updated = api("PUT", "/enrollmentGroups/g1", group_body(), {"If-Match": made["etag"]}).json()

    assert updated["createdDateTimeUtc"] == made["createdDateTimeUtc"]
    assert updated["lastUpdatedDateTimeUtc"] > made["lastUpdatedDateTimeUtc"]
    assert updated["etag"] != made["etag"]


@pytest.mark.parametrize(
    "wrapped", ["{}", '"{}"', "*"], ids=["bare", "quoted", "whatever is there"]
)
def test_update_takes_the_etag(api, create_group, group_body, wrapped):
    made = create_group()

    answer = api(
        "PUT", "/enrollmentGroups/g1", group_body(), {"If-Match": wrapped.format(made["etag"])}
    )

    assert answer.status_code == 200


def test_put_without_an_etag_does_not_overwrite(api, create_group, group_body):
    create_group()

    answer = api("PUT", "/enrollmentGroups/G1", group_body("G1"))

    assert answer.status_code == 409
    assert answer.json()["errorCode"] == 409202
    assert answer.json()["message"] == "EnrollmentGroup already exists."


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_stale_etag_is_refused(api, create_group, group_body, method):
    made = create_group()

    answer = api(method, "/enrollmentGroups/g1", group_body(), {"If-Match": STALE})

    assert answer.status_code == 412
    assert api("GET", "/enrollmentGroups/g1").json()["etag"] == made["etag"]


def test_raw_cosmos_etag_is_invalid(api, create_group, group_body):
    raw = etag_text(create_group())

    answer = api("PUT", "/enrollmentGroups/g1", group_body(), {"If-Match": raw})

    assert answer.status_code == 400
    assert answer.json()["message"] == "ETag is invalid."


@pytest.mark.parametrize("etag", ["*", STALE], ids=["whatever is there", "one etag"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_if_match_for_a_missing_group_is_404(api, group_body, method, etag):
    answer = api(method, "/enrollmentGroups/g1", group_body(), {"If-Match": etag})

    assert (answer.status_code, answer.json()["errorCode"]) == (404, 404202)


def test_delete_needs_no_etag_and_has_no_body(api, create_group):
    create_group()

    answer = api("DELETE", "/enrollmentGroups/g1")

    assert (answer.status_code, answer.content) == (204, b"")
    assert api("GET", "/enrollmentGroups/g1").status_code == 404


def test_ids_and_paths_have_no_case_and_the_first_spelling_stays(api, create_group, group_body):
    create_group("Line-1")

    updated = api("PUT", "/ENROLLMENTGROUPS/LINE-1", group_body("line-1"), {"If-Match": "*"})
    shown = api("GET", "/enrollmentgroups/line-1")

    assert updated.json()["enrollmentGroupId"] == "Line-1"
    assert shown.json()["enrollmentGroupId"] == "Line-1"


def test_percent_encoded_ids_are_read(api, create_group):
    create_group("a:b")

    assert api("GET", "/enrollmentGroups/a%3Ab").json()["enrollmentGroupId"] == "a:b"


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"allocationPolicy": "Hashed"}, {"allocationPolicy": "hashed"}),
        ({"allocationPolicy": "GEOLATENCY"}, {"allocationPolicy": "geoLatency"}),
        ({"provisioningStatus": "Disabled"}, {"provisioningStatus": "disabled"}),
        ({"attestation": {"type": "SymmetricKey"}}, {"attestation": {"type": "symmetricKey"}}),
        ({"attestation": {"type": "None"}}, {"attestation": {"type": "none"}}),
    ],
    ids=["policy", "policy in capitals", "status", "attestation", "no attestation"],
)
def test_choices_are_taken_in_any_case_and_answered_in_one(api, create_group, fields, shown):
    create_group(**fields)

    record = api("GET", "/enrollmentGroups/g1").json()

    assert {name: record[name] for name in shown} == shown


def test_group_named_query_can_be_read(api, create_group):
    create_group("query")

    assert api("GET", "/enrollmentGroups/query").json()["enrollmentGroupId"] == "query"
    assert api("POST", "/enrollmentGroups/query/attestationmechanism").status_code == 200


def test_maximum_set_of_the_reference_survives(api, group_body):
    attestation = {
        "type": "none",
        "symmetricKey": {"primaryKey": "tdoshkmlo", "secondaryKey": "lmajo"},
        "tpm": {"endorsementKey": "naoof", "storageRootKey": "tdgkgcvptrsw"},
        "x509": {"clientCertificates": {"primary": {"certificate": "gkozpt"}}},
    }
    webhook = {"apiVersion": "gbannx", "webhookUrl": "todqb"}
    body = group_body(
        attestation=attestation,
        iotHubHostName="dey",
        allocationPolicy="hashed",
        customAllocationDefinition=webhook,
    )

    api("PUT", "/enrollmentGroups/g1", body)
    shown = api("GET", "/enrollmentGroups/g1").json()

    assert {name: shown[name] for name in body} == body


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"attestation": None}, id="no attestation"),
        pytest.param({"attestation": "symmetricKey"}, id="attestation as text"),
        pytest.param({"attestation": {"type": "tpm"}}, id="TPM in a group"),
        pytest.param({"attestation": {"type": "magic"}}, id="unknown attestation"),
        pytest.param({"attestation": {"type": {}}}, id="attestation type as an object"),
        pytest.param({"enrollmentGroupId": "g2"}, id="another id"),
        pytest.param({"enrollmentGroupId": None}, id="no id"),
        pytest.param({"iotHubs": ["h"]}, id="hubs without a policy"),
        pytest.param({"iotHubs": [1], "allocationPolicy": "hashed"}, id="hub as a number"),
        pytest.param({"iotHubs": "h", "allocationPolicy": "hashed"}, id="hubs as text"),
        pytest.param({"allocationPolicy": "random"}, id="unknown policy"),
        pytest.param({"allocationPolicy": "custom"}, id="custom without a webhook"),
        pytest.param({"provisioningStatus": "on"}, id="unknown status"),
        pytest.param({"capabilities": {"iotEdge": "yes"}}, id="iotEdge as text"),
        pytest.param({"capabilities": []}, id="capabilities as a list"),
        pytest.param({"reprovisionPolicy": {"migrateDeviceData": 1}}, id="policy as a number"),
        pytest.param({"initialTwin": {"tags": []}}, id="tags as a list"),
        pytest.param({"initialTwin": {"properties": 1}}, id="properties as a number"),
        pytest.param({"initialTwin": {"properties": {"desired": 1}}}, id="desired as a number"),
    ],
)
def test_invalid_group_is_refused(api, group_body, fields):
    answer = api("PUT", "/enrollmentGroups/g1", group_body(**fields))

    assert answer.status_code == 400
    assert answer.json()["errorCode"] == 400004
    assert api("GET", "/enrollmentGroups/g1").status_code == 404


@pytest.mark.parametrize(
    "key",
    [
        "",
        "not base64!",
        base64.b64encode(b"k" * 15).decode(),
        base64.b64encode(b"k" * 65).decode(),
        7,
    ],
    ids=["empty", "not base64", "15 bytes", "65 bytes", "a number"],
)
def test_bad_key_is_refused(api, group_body, key):
    attestation = {"type": "symmetricKey", "symmetricKey": {"primaryKey": key}}

    answer = api("PUT", "/enrollmentGroups/g1", group_body(attestation=attestation))

    assert answer.status_code == 400
    assert "primaryKey" in answer.json()["message"]


@pytest.mark.parametrize(
    ("version", "status"),
    [("2018-08-31", 400), ("2018-09-01-preview", 200), ("2018-09-01", 200), ("2021-10-01", 200)],
)
def test_webhook_version_has_a_lower_bound(api, group_body, version, status):
    webhook = {"webhookUrl": "https://w", "apiVersion": version}
    body = group_body(allocationPolicy="custom", customAllocationDefinition=webhook)

    answer = api("PUT", "/enrollmentGroups/g1", body)

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("group_id", "status"),
    [("a b", 400), ("é", 400), ("a.", 400), ("x" * 129, 400), ("a%2Fb", 404)],
    ids=["space", "accent", "dot at the end", "too long", "slash"],
)
def test_impossible_id_is_refused(api, group_body, group_id, status):
    answer = api("PUT", f"/enrollmentGroups/{group_id}", group_body(group_id))

    assert answer.status_code == status


def test_one_group_too_many_is_refused_for_its_attestation_only(start, caller, group_body):
    send = caller(start(limits=Limits(symmetric_key_groups=1)))

    statuses = [
        send("PUT", f"/enrollmentGroups/{one}", group_body(one)).status_code for one in "ab"
    ]
    update = send("PUT", "/enrollmentGroups/a", group_body("a"), {"If-Match": "*"})

    assert statuses == [200, 400]
    assert update.status_code == 200

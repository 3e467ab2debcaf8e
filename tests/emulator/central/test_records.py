"""Devices, device groups and enrollment groups of IoT Central over HTTPS."""

import pytest

GROUP = {"displayName": "G", "filter": "SELECT * FROM devices"}
BY_KEY = {"displayName": "E", "type": "iot", "attestation": {"type": "symmetricKey"}}
RECORDS = {
    "devices": ("/devices/r1", {"displayName": "D"}),
    "deviceGroups": ("/deviceGroups/r1", GROUP),
    "enrollmentGroups": ("/enrollmentGroups/r1", BY_KEY),
}
every_kind = pytest.mark.parametrize(("path", "body"), RECORDS.values(), ids=RECORDS)


@every_kind
def test_record_is_written_read_listed_and_deleted(central, path, body):
    written = central("PUT", path, body).json()

    assert central("GET", path).json() == written
    assert central("GET", path.rpartition("/")[0]).json() == {"value": [written]}
    assert central("DELETE", path).status_code == 204
    assert central("GET", path).status_code == 404


@every_kind
def test_patch_changes_one_field(central, path, body):
    written = central("PUT", path, body).json()

    changed = central("PATCH", path, {"displayName": "New"}).json()

    assert changed.pop("etag") != written.pop("etag")
    assert changed == {**written, "displayName": "New"}


@every_kind
def test_stale_etag_in_the_body_is_refused(central, path, body):
    etag = central("PUT", path, body).json()["etag"]
    central("PATCH", path, {"displayName": "New"})

    answer = central("PATCH", path, {"displayName": "Newer", "etag": etag})

    assert answer.status_code == 412
    assert central("GET", path).json()["displayName"] == "New"


@every_kind
@pytest.mark.parametrize(("version", "status"), [("stable", 400), ("preview", 412)])
def test_if_match_is_the_previews(central, preview, path, body, version, status):
    central("PUT", path, body)
    send = {"stable": central, "preview": preview}[version]

    answer = send("PATCH", path, {"displayName": "New"}, headers={"If-Match": "IjEi"})

    assert answer.status_code == status


@every_kind
@pytest.mark.parametrize(
    "wrong",
    [[], {"displayName": 1}, {"colour": "red"}],
    ids=["no object", "wrong type", "unknown field"],
)
def test_body_that_breaks_a_rule_is_refused(central, path, body, wrong):
    sent = wrong if isinstance(wrong, list) else {**body, **wrong}

    answer = central("PUT", path, sent)

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "InvalidBody")
    assert answer.headers["x-ms-error-code"] == "InvalidBody"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/deviceGroups/g", {"displayName": "G"}),
        ("/enrollmentGroups/g", {"displayName": "G", "type": "iot"}),
        ("/enrollmentGroups/g", {**BY_KEY, "type": "car"}),
        ("/enrollmentGroups/g", {**BY_KEY, "attestation": {"type": "tpm"}}),
        ("/devices/d", {"organizations": [1]}),
    ],
    ids=["no filter", "no attestation", "unknown type", "unknown attestation", "no texts"],
)
def test_record_without_sense_is_refused(central, path, body):
    assert central("PUT", path, body).status_code == 422


@pytest.mark.parametrize(
    "path", ["/devices/a%20b", "/deviceGroups/a.b", "/enrollmentGroups/a_b", "/devices/a%2Fb"]
)
def test_id_that_breaks_the_rule_makes_no_record(central, path):
    assert central("PUT", path, BY_KEY).status_code in {400, 404, 422}
    assert central("GET", path).status_code == 404


def test_null_in_a_patch_removes_a_field(central):
    central("PUT", "/deviceGroups/g", {**GROUP, "description": "d"})

    assert "description" not in central("PATCH", "/deviceGroups/g", {"description": None}).json()


def test_device_is_never_provisioned_by_a_caller(central):
    device = central("PUT", "/devices/d", {"provisioned": True}).json()

    assert device["provisioned"] is False


def test_deployment_manifest_is_the_previews(central, preview):
    body = {"type": ["iotEdge"], "deploymentManifest": {"data": {}}}

    assert central("PUT", "/devices/d", body).status_code == 422
    assert preview("PUT", "/devices/d", body).json()["deploymentManifest"] == {"data": {}}


def test_keys_are_made_and_stay(central):
    made = central("PUT", "/enrollmentGroups/e", BY_KEY).json()["attestation"]["symmetricKey"]

    changed = central("PATCH", "/enrollmentGroups/e", {"displayName": "New"}).json()

    assert changed["attestation"]["symmetricKey"] == made
    assert set(made) == {"primaryKey", "secondaryKey"}


def test_attestation_keeps_its_type(central):
    central("PUT", "/enrollmentGroups/e", BY_KEY)

    assert (
        central("PATCH", "/enrollmentGroups/e", {"attestation": {"type": "x509"}}).status_code
        == 422
    )


def test_records_are_none_of_the_provisioning_services(central, api):
    central("PUT", "/enrollmentGroups/e", BY_KEY)

    assert api("POST", "/enrollmentGroups/query", {"query": "SELECT *"}).json() == []


def test_error_names_the_request_and_the_time(central):
    error = central("GET", "/devices/none").json()["error"]

    assert error["code"] == "NotFound"
    assert error["requestId"] in error["message"]
    assert error["time"].endswith("GMT")


@pytest.mark.parametrize(("method", "status"), [("POST", 405), ("PUT", 405)])
def test_unknown_route_is_refused_in_centrals_shape(central, method, status):
    answer = central(method, "/devices")

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, "MethodNotAllowed")


def test_fault_is_answered_in_centrals_shape(emulator, central):
    emulator.faults.replace(["429 once, Retry-After 1"])

    answer = central("GET", "/devices")

    assert answer.json()["error"]["code"] == "TooManyRequests"
    assert answer.headers["Retry-After"] == "1"

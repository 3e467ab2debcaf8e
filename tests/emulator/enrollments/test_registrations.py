"""Registrations that the service keeps: read, list by group, delete."""

import pytest

STATE = {"registrationId": "D1", "status": "assigned", "assignedHub": "h", "etag": "ImEi"}


@pytest.fixture
def registered(emulator, create_group):
    create_group("g1")
    emulator.store.put("DeviceRegistration", "D1", STATE, label="g1")
    emulator.store.put("DeviceRegistration", "d2", {**STATE, "registrationId": "d2"}, label="g2")


@pytest.mark.usefixtures("registered")
def test_registration_is_found_in_any_case(api):
    assert api("GET", "/registrations/d1").json() == STATE


@pytest.mark.parametrize("body", [None, {"query": "SELECT *"}], ids=["no body", "as Node"])
@pytest.mark.usefixtures("registered")
def test_query_lists_the_registrations_of_one_group(api, body):
    answer = api("POST", "/registrations/G1/query", body)

    assert answer.json() == [STATE]
    assert answer.headers["x-ms-item-type"] == "DeviceRegistration"


@pytest.mark.usefixtures("emulator")
def test_query_of_a_missing_group_is_404(api):
    answer = api("POST", "/registrations/g1/query")

    assert (answer.status_code, answer.json()["errorCode"]) == (404, 404202)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_missing_registration_is_404(api, method):
    answer = api(method, "/registrations/d1")

    assert (answer.status_code, answer.json()["errorCode"]) == (404, 404201)


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 204), ({"If-Match": "*"}, 204), ({"If-Match": "ImEi"}, 204), ({"If-Match": "ImIi"}, 412)],
    ids=["no etag", "any etag", "its etag", "another etag"],
)
@pytest.mark.usefixtures("registered")
def test_delete_obeys_the_etag(api, headers, status):
    answer = api("DELETE", "/registrations/D1", headers=headers)

    assert answer.status_code == status
    assert api("GET", "/registrations/d1").status_code == (404 if status == 204 else 200)

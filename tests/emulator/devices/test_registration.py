"""A device registers over HTTPS, and the service shows it."""

import re

import pytest

KEY = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="
DERIVED_KEY = "Ok2MWdLkcH38WuBUgZVJxJ48/Bv8U50xij/I1nvsXgs="  # openssl, for the id device-1
HUB = "hub-1.azure-devices.net"


@pytest.fixture
def enroll(api):
    """Enroll the device d1 with KEY."""

    def create(**fields):
        attestation = {
            "type": "symmetricKey",
            "symmetricKey": {"primaryKey": KEY, "secondaryKey": KEY},
        }
        body = {"registrationId": "d1", "attestation": attestation, **fields}
        answer = api(
            "PUT", "/enrollments/d1", body, headers={"If-Match": "*"} if again(api) else {}
        )
        assert answer.status_code == 200, answer.text

    return create


def again(api):
    return api("GET", "/enrollments/d1").status_code == 200


@pytest.mark.parametrize("version", ["2019-03-31", "2021-10-01"])
def test_register_is_accepted_as_an_operation(enroll, device, version):
    enroll()

    answer = device("d1", key=KEY).send(version=version)

    assert answer.status_code == 202
    assert answer.headers["Retry-After"] == "3"
    assert answer.headers["Location"].endswith("/registrations/d1/register")
    assert answer.json()["status"] == "assigning"
    guid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    assert re.fullmatch(rf"5\.[0-9a-f]{{16}}\.{guid}", answer.json()["operationId"])


def test_operation_tells_the_assignment(enroll, device):
    enroll(deviceId="pump-1")

    done = device("d1", key=KEY).register()

    state = done["registrationState"]
    assert done["status"] == "assigned"
    assert list(state) == [
        "symmetricKey",
        "registrationId",
        "createdDateTimeUtc",
        "assignedHub",
        "deviceId",
        "status",
        "substatus",
        "lastUpdatedDateTimeUtc",
        "etag",
    ]
    assert (state["assignedHub"], state["deviceId"]) == (HUB, "pump-1")
    assert (state["status"], state["substatus"]) == ("assigned", "initialAssignment")


def test_message_of_a_device_has_a_limit(enroll, device):
    enroll()
    caller = device("d1", key=KEY)
    small = {"registrationId": "d1", "payload": "x" * (95 << 10)}
    large = {"registrationId": "d1", "payload": "x" * (96 << 10)}

    assert caller.send(body=small).status_code == 202
    refused = caller.send(body=large)
    assert (refused.status_code, refused.json()["errorCode"]) == (413, 413000)
    assert caller.send("POST", "", large).status_code == 413


def test_device_can_look_itself_up(enroll, device):
    enroll()
    caller = device("d1", key=KEY)
    done = caller.register()

    answer = caller.send("POST", "")

    assert (answer.status_code, answer.json()) == (200, done["registrationState"])


def test_service_shows_the_registration(enroll, device, api):
    enroll()
    state = device("d1", key=KEY).register()["registrationState"]
    del state["symmetricKey"]

    assert api("GET", "/registrations/D1").json() == state
    assert api("GET", "/enrollments/d1").json()["registrationState"] == state


def test_query_lists_the_device_under_its_group(create_group, api, device):
    create_group("g1", attestation={"type": "symmetricKey", "symmetricKey": {"primaryKey": KEY}})
    derived = (
        "Ok2MWdLkcH38WuBUgZVJxJ48/Bv8U50xij/I1nvsXgs="  # openssl dgst -sha256 -hmac of device-1
    )

    device("device-1", key=derived).register()

    listed = api("POST", "/registrations/g1/query").json()
    assert [each["registrationId"] for each in listed] == ["device-1"]


def test_deleted_registration_is_unknown_to_the_device(enroll, device, api):
    enroll()
    caller = device("d1", key=KEY)
    caller.register()
    api("DELETE", "/registrations/d1")

    answer = caller.send("POST", "")

    assert (answer.status_code, answer.json()["errorCode"]) == (404, 404201)


def test_operation_of_another_device_is_404(enroll, device):
    enroll()
    caller = device("d1", key=KEY)
    caller.register()

    answer = caller.send(
        "GET", "/operations/5.316aac5bdc130deb.b1e02da8-0000-4000-8000-000000000000"
    )

    assert answer.status_code == 404


def test_disabled_enrollment_is_told_at_once_and_kept(enroll, device, api):
    enroll(provisioningStatus="disabled")

    answer = device("d1", key=KEY).send()

    state = answer.json()["registrationState"]
    assert (answer.status_code, answer.json()["status"]) == (200, "disabled")
    assert state["status"] == "disabled"
    assert not {"deviceId", "assignedHub"} & set(state)
    assert api("GET", "/registrations/d1").json()["status"] == "disabled"


def test_null_status_is_enabled(enroll, device):
    enroll(provisioningStatus=None)

    assert device("d1", key=KEY).register()["status"] == "assigned"


@pytest.mark.parametrize(
    ("registration_id", "body", "status"),
    [
        ("d1", {"registrationId": "other"}, 400),
        ("d1", [], 400),
        ("d1", {"registrationId": "D1"}, 202),
        ("d1", {}, 202),
        ("d1_", {}, 400),
    ],
    ids=["another id", "no object", "another case", "no id", "no possible id"],
)
def test_body_may_only_repeat_the_id(enroll, device, registration_id, body, status):
    enroll()

    assert device(registration_id, key=KEY).send(body=body).status_code == status


@pytest.mark.parametrize("version", ["", "2016-01-01"])
def test_unknown_version_is_400(enroll, device, version):
    enroll()

    assert device("d1", key=KEY).send(version=version).status_code == 400


def test_registered_device_stays_known_to_the_same_database(tmp_path, start, caller, device):
    settings = {"db": str(tmp_path / "dps.sqlite"), "hubs": ((HUB, 1),)}
    first = start(**settings)
    attestation = {"type": "symmetricKey", "symmetricKey": {"primaryKey": KEY}}
    body = {"registrationId": "d1", "attestation": attestation}
    caller(first)("PUT", "/enrollments/d1", body)
    operation_id = device("d1", key=KEY, at=first).send().json()["operationId"]
    first.stop()

    answer = device("d1", key=KEY, at=start(**settings)).send("GET", f"/operations/{operation_id}")

    assert answer.json()["status"] == "assigned"

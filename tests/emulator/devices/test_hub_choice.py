"""Devices and hubs, end to end: policies, the webhook, and what a second registration changes."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from werkzeug import Response

KEY = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="
HUBS = (("hub-a", 1), ("hub-b", 1))
RESET = {"updateHubAssignment": True, "migrateDeviceData": False}
NEVER = {"updateHubAssignment": False, "migrateDeviceData": False}


@pytest.fixture
def two_hubs(start):
    return start(hubs=HUBS, latencies=(("hub-a", 20.0), ("hub-b", 10.0)))


@pytest.fixture
def api(two_hubs, caller):
    return caller(two_hubs)


@pytest.fixture
def enroll(api):
    """Enroll the device d1 with KEY, or change its enrollment."""

    def put(**fields):
        keys = {"primaryKey": KEY, "secondaryKey": KEY}
        attestation = {"type": "symmetricKey", "symmetricKey": keys}
        body = {"registrationId": "d1", "attestation": attestation, **fields}
        known = api("GET", "/enrollments/d1").status_code == 200
        answer = api("PUT", "/enrollments/d1", body, headers={"If-Match": "*"} if known else {})
        assert answer.status_code == 200, answer.text

    return put


@pytest.fixture
def register(two_hubs, device):
    caller = device("d1", key=KEY, at=two_hubs)
    return lambda payload=None: caller.register(payload)["registrationState"]


@pytest.fixture
def twin(api):
    return lambda: api("GET", "/_emulator/devices/d1").json().get("twin")


@pytest.fixture
def journey(register, twin):
    """Register, and say where the device is, why, and with which twin."""

    def arrive():
        state = register()
        return state["assignedHub"], state["substatus"], twin()

    return arrive


@pytest.fixture
def webhook(httpserver, enroll):
    """Enroll d1 with a webhook that gives *answer*; return what it was sent, one by one."""

    def answering(answer=None, status=200, **fields):
        httpserver.clear()
        httpserver.expect_request("/allocate", method="POST").respond_with_json(answer, status)
        url = httpserver.url_for("/allocate?code=secret")
        definition = {"webhookUrl": url, "apiVersion": "2021-10-01"}
        enroll(allocationPolicy="custom", customAllocationDefinition=definition, **fields)
        return lambda: [request.get_json() for request, _ in httpserver.log]

    return answering


@pytest.mark.parametrize(
    ("fields", "hub"),
    [
        ({"allocationPolicy": "static", "iotHubs": ["hub-b"]}, "hub-b"),
        ({"allocationPolicy": "hashed", "iotHubs": ["hub-a"]}, "hub-a"),
        ({"allocationPolicy": "geoLatency"}, "hub-b"),
    ],
    ids=["static", "hashed", "geoLatency"],
)
def test_device_is_assigned_by_policy(enroll, register, fields, hub):
    enroll(**fields)

    assert register()["assignedHub"] == hub


@pytest.mark.parametrize(
    "fields",
    [
        {"allocationPolicy": "static", "iotHubs": ["elsewhere"]},
        {"allocationPolicy": "hashed", "iotHubs": ["elsewhere", "nowhere"]},
        {"iotHubHostName": "elsewhere"},
    ],
    ids=["static", "hashed", "host name"],
)
def test_hub_that_is_not_linked_is_stored_and_fails_the_registration(
    enroll, register, two_hubs, fields
):
    enroll(**fields)

    state = register()

    assert (state["status"], state["errorCode"]) == ("failed", 401001)
    [registering, _] = [one for one in two_hubs.requests() if "/d1/" in one["path"]]
    assert (registering["status"], registering["reason"]) == (202, "IoTHub not found.")


@pytest.mark.parametrize(
    ("version", "hub"),
    [("2017-11-15", "hub-a"), ("2018-04-01", "hub-a"), ("2018-11-01", "hub-b")],
)
def test_device_from_before_there_were_policies_sticks_to_its_hub(
    enroll, device, two_hubs, version, hub
):
    enroll(allocationPolicy="static", iotHubs=["hub-a"])
    caller = device("d1", key=KEY, at=two_hubs)
    assert caller.send(version=version).status_code == 202
    enroll(allocationPolicy="static", iotHubs=["hub-b"])

    caller.send(version=version)

    assert two_hubs.store.get("DeviceRegistration", "d1")["assignedHub"] == hub


def test_no_linked_hub_fails_the_registration(start, caller, device):
    emulator = start()
    attestation = {"type": "symmetricKey", "symmetricKey": {"primaryKey": KEY}}
    body = {"registrationId": "d1", "attestation": attestation}
    caller(emulator)("PUT", "/enrollments/d1", body)

    done = device("d1", key=KEY, at=emulator).register()

    assert (done["status"], done["registrationState"]["errorCode"]) == ("failed", 400208)
    kept = caller(emulator)("GET", "/registrations/d1").json()
    assert (kept["status"], kept["errorCode"]) == ("failed", 400208)


def test_second_registration_keeps_hub_and_substatus_but_not_the_etag(enroll, register):
    enroll()

    first, second = register(), register()

    kept = ("assignedHub", "deviceId", "substatus", "createdDateTimeUtc")
    assert [first[name] for name in kept] == [second[name] for name in kept]
    assert first["etag"] != second["etag"]
    assert first["lastUpdatedDateTimeUtc"] < second["lastUpdatedDateTimeUtc"]


@pytest.mark.parametrize(
    ("policy", "hub", "substatus", "line"),
    [
        (None, "hub-b", "deviceDataMigrated", "old"),
        (RESET, "hub-b", "deviceDataReset", "new"),
        (NEVER, "hub-a", "initialAssignment", "old"),
    ],
    ids=["migrate", "reset", "never"],
)
def test_changed_allocation_does_what_the_policy_says(
    enroll, journey, policy, hub, substatus, line
):
    for place, value in (("hub-a", "old"), ("hub-b", "new")):
        twin = {"tags": {"line": value}}
        enroll(
            allocationPolicy="static", iotHubs=[place], initialTwin=twin, reprovisionPolicy=policy
        )
        arrived = journey()

    assert arrived == (hub, substatus, {"tags": {"line": line}})


def test_device_that_comes_back_is_said_to(enroll, register):
    substatus = []
    for hub in ("hub-a", "hub-b", "hub-a"):
        enroll(allocationPolicy="static", iotHubs=[hub])
        substatus.append(register()["substatus"])

    assert substatus == [
        "initialAssignment",
        "deviceDataMigrated",
        "reprovisionedToInitialAssignment",
    ]


def test_deleted_registration_is_followed_by_an_initial_assignment(enroll, register, api):
    enroll(allocationPolicy="static", iotHubs=["hub-a"])
    register()
    api("DELETE", "/registrations/d1")
    enroll(allocationPolicy="static", iotHubs=["hub-b"])

    assert register()["substatus"] == "initialAssignment"


def test_reenabled_device_never_moves_if_its_policy_says_so(enroll, register, device, two_hubs):
    enroll(allocationPolicy="static", iotHubs=["hub-a"])
    register()
    enroll(provisioningStatus="disabled")
    device("d1", key=KEY, at=two_hubs).send()
    enroll(reprovisionPolicy=NEVER, allocationPolicy="geoLatency")

    assert register()["assignedHub"] == "hub-a"


def test_seeded_registration_counts_as_an_assignment(enroll, register, two_hubs):
    seeded = {"registrationId": "d1", "assignedHub": "hub-a", "deviceId": "pump"}
    two_hubs.seed({"registrations": [seeded]})
    enroll(allocationPolicy="static", iotHubs=["hub-b"])

    state = register()

    assert (state["substatus"], state["deviceId"]) == ("deviceDataMigrated", "pump")


def test_device_at_no_hub_is_404_to_testers(api):
    assert api("GET", "/_emulator/devices/d1").status_code == 404


def test_webhook_is_sent_what_the_documentation_shows(webhook, register):
    seen = webhook({"iotHubHostName": "hub-b"})

    register({"model": 7})

    [request] = seen()
    enrollment = request["individualEnrollment"]
    assert list(request) == ["individualEnrollment", "deviceRuntimeContext", "linkedHubs"]
    assert request["linkedHubs"] == ["hub-a", "hub-b"]
    assert request["deviceRuntimeContext"] == {
        "registrationId": "d1",
        "payload": {"model": 7},
        "symmetricKey": {},
    }
    assert enrollment["attestation"] == {"type": "symmetricKey"}
    assert enrollment["etag"].startswith('"')
    assert enrollment["customAllocationDefinition"]["webhookUrl"].endswith("/allocate?****")
    assert KEY not in str(request)


def test_webhook_is_told_the_present_hub(webhook, register):
    seen = webhook({"iotHubHostName": "hub-b"}, iotHubs=["hub-b"], deviceId="pump")
    register()

    register()

    context = seen()[-1]["deviceRuntimeContext"]
    assert (context["currentIotHubHostName"], context["currentDeviceId"]) == ("hub-b", "pump")
    assert seen()[-1]["linkedHubs"] == ["hub-b"]


def test_device_that_never_moves_stays_whatever_its_webhook_says(enroll, webhook, register):
    enroll(allocationPolicy="static", iotHubs=["hub-a"])
    register()
    seen = webhook({"iotHubHostName": "hub-b", "payload": 1}, reprovisionPolicy=NEVER)

    state = register()

    assert [request["linkedHubs"] for request in seen()] == [["hub-a", "hub-b"]]
    assert (state["assignedHub"], state["payload"]) == ("hub-a", 1)


def test_webhook_s_answer_is_obeyed(webhook, register, twin):
    wanted = {"tags": {"line": "webhook"}, "properties": {"desired": {"rate": 5}}}
    webhook(
        {"iotHubHostName": "HUB-B", "initialTwin": wanted, "payload": {"hello": [1]}},
        initialTwin={"tags": {"line": "enrollment"}},
    )

    state = register()

    assert (state["assignedHub"], state["payload"]) == ("hub-b", {"hello": [1]})
    assert twin() == wanted


def test_webhook_without_a_twin_leaves_the_enrollments(webhook, register, twin):
    webhook({"iotHubHostName": "hub-b", "initialTwin": None}, initialTwin={"tags": {"a": 1}})

    register()

    assert twin() == {"tags": {"a": 1}}


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        (None, 500, "Custom allocation failed with status code: 500"),
        (None, 302, "Custom allocation failed with status code: 302"),
        ({"iotHubHostName": "elsewhere"}, 200, "none of the linkedHubs"),
        ({}, 200, "none of the linkedHubs"),
        ([], 200, "not an object"),
        ({"iotHubHostName": "hub-a", "initialTwin": 1}, 200, "initialTwin"),
    ],
    ids=["500", "redirect", "unlinked hub", "no hub", "a list", "a wrong twin"],
)
def test_webhook_that_fails_fails_the_registration(webhook, register, answer, status, message):
    webhook(answer, status)

    state = register()

    assert (state["status"], state["errorCode"]) == ("failed", 400207)
    assert message in state["errorMessage"]
    assert "assignedHub" not in state


def test_webhook_that_is_not_json_fails_the_registration(webhook, httpserver, register):
    webhook()
    httpserver.clear()
    httpserver.expect_request("/allocate").respond_with_data("<html>")

    assert "not JSON" in register()["errorMessage"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "nonsense", "http://[/", "ftp://127.0.0.1/"]
)
def test_webhook_that_cannot_be_called_fails_the_registration(enroll, register, url):
    definition = {"webhookUrl": url, "apiVersion": "2021-10-01"}
    enroll(allocationPolicy="custom", customAllocationDefinition=definition)

    state = register()

    assert (state["status"], state["errorCode"]) == ("failed", 400207)


def test_device_registered_by_another_meanwhile_is_409(webhook, httpserver, two_hubs, device):
    webhook()
    two_hubs.store.put("DeviceRegistration", "d1", {"registrationId": "d1", "etag": "old"})

    def meddle(_):
        two_hubs.store.put("DeviceRegistration", "d1", {"registrationId": "d1", "etag": "new"})
        return Response('{"iotHubHostName": "hub-a"}')

    httpserver.clear()
    httpserver.expect_request("/allocate").respond_with_handler(meddle)
    answer = device("d1", key=KEY, at=two_hubs).send()

    assert (answer.status_code, answer.json()["errorCode"]) == (409, 409203)


def test_webhook_is_shown_the_certificate(api, two_hubs, certificate, device, httpserver):
    httpserver.expect_request("/allocate").respond_with_json({"iotHubHostName": "hub-a"})
    signer = certificate("signer")
    pem = signer.certificate.public_bytes(Encoding.PEM).decode()
    slots = {"signingCertificates": {"primary": {"certificate": pem}}}
    definition = {"webhookUrl": httpserver.url_for("/allocate"), "apiVersion": "2021-10-01"}
    body = {"enrollmentGroupId": "g1", "attestation": {"type": "x509", "x509": slots}}
    body |= {"allocationPolicy": "custom", "customAllocationDefinition": definition}
    assert api("PUT", "/enrollmentGroups/g1", body).status_code == 200

    device("d1", chain=[certificate("d1", signer)], at=two_hubs).register()

    [(request, _)] = httpserver.log
    assert request.get_json()["enrollmentGroup"]["attestation"] == {"type": "x509"}
    info = request.get_json()["deviceRuntimeContext"]["x509"]["certificateInfo"]
    assert info["subjectName"] == "CN=d1"

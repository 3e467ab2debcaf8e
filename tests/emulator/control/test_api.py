"""What testers do to the emulator over HTTP: faults, seeds, the log, reset."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import requests
from requests.exceptions import ChunkedEncodingError, JSONDecodeError
from werkzeug.test import Client

from dpsctl.emulator.app import EmulatorApp
from dpsctl.emulator.control import access
from dpsctl.emulator.control.api import PREFIX
from dpsctl.emulator.routes import ROUTES

GROUP = "/enrollmentGroups/g1"


@pytest.fixture
def control(emulator):
    """Send a request of the tester's, or with the *headers* of somebody else."""

    def send(method, path, body=None, headers=None):
        own = {"Authorization": f"Bearer {emulator.control_token}"}
        return requests.request(
            method,
            f"{emulator.endpoint}/_emulator/{path}",
            json=body,
            headers=own if headers is None else headers,
            timeout=10,
            verify=emulator.ca_file,
        )

    return send


@pytest.fixture
def break_with(control):
    def replace(*faults):
        assert control("PUT", "faults", {"faults": faults}).status_code == 200

    return replace


def test_status_is_answered_in_the_service_shape(api, break_with):
    break_with("429 after 1, Retry-After 1")

    answers = [api("GET", GROUP) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [404, 429]
    assert answers[1].headers["Retry-After"] == "1"
    assert answers[1].json()["errorCode"] == 429000


def test_refused_write_is_not_done(api, control, break_with, group_body):
    break_with("503")

    api("PUT", GROUP, group_body())
    control("DELETE", "faults")

    assert api("GET", GROUP).status_code == 404


def test_reset_breaks_the_connection_after_the_write(api, break_with, group_body):
    break_with("reset once")

    with pytest.raises((requests.ConnectionError, ChunkedEncodingError)):
        api("PUT", GROUP, group_body())

    assert api("GET", GROUP).status_code == 200


def test_cut_answer_is_whole_http_and_half_json(api, break_with, group_body):
    break_with("cut once")

    answer = api("PUT", GROUP, group_body())

    assert answer.status_code == 200
    with pytest.raises(JSONDecodeError):
        answer.json()
    assert api("GET", GROUP).status_code == 200


def test_latency_delays_the_answer(api, break_with):
    break_with("latency 100ms")

    began = time.monotonic()
    api("GET", GROUP)

    assert time.monotonic() - began >= 0.1


def test_reset_ends_what_waits_and_lets_it_do_nothing(start, caller, group_body):
    emulator = start(faults=("latency 10m on PUT",))
    send = caller(emulator)

    with ThreadPoolExecutor() as pool:
        held = pool.submit(send, "PUT", GROUP, group_body())
        while not held.done():  # a reset before it has come in is none to it
            emulator.reset()
            time.sleep(0.01)

    assert held.result().status_code == 503
    assert send("GET", GROUP).status_code == 404


@pytest.mark.parametrize(("skew", "status"), [("-30s", 404), ("2m", 401)])
def test_skewed_clock_judges_tokens(api, break_with, skew, status):
    break_with(f"skew {skew}")

    assert api("GET", GROUP).status_code == status


def test_throttle_refuses_what_is_too_much(api, break_with):
    break_with("throttle 2")

    assert [api("GET", GROUP).status_code for _ in range(3)] == [404, 404, 429]


def test_faults_do_not_concern_control(control, break_with):
    break_with("503", "latency 10m")

    assert control("GET", "health").json() == {"status": "ok", "faults": ["503", "latency 10m"]}
    assert control("GET", "faults").json() == {"faults": ["503", "latency 10m"]}


@pytest.mark.parametrize(
    "body", [{"faults": ["boom"]}, {"faults": "503"}, {"faults": [5]}, [], None]
)
def test_faults_that_make_no_sense_are_refused(control, body):
    assert control("PUT", "faults", body).status_code == 400
    assert control("GET", "faults").json() == {"faults": []}


def test_faults_of_the_settings_come_back_with_reset(start, caller):
    emulator = start(faults=("503 once",))
    send = caller(emulator)

    before = [send("GET", GROUP).status_code for _ in range(2)]
    emulator.reset()

    assert [*before, send("GET", GROUP).status_code] == [503, 404, 503]


def test_reset_forgets_everything(api, control, break_with, create_group):
    create_group()
    break_with("503")

    answer = control("POST", "reset")

    assert answer.status_code == 204
    assert control("GET", "requests").json() == {"requests": []}
    assert api("GET", GROUP).status_code == 404


def test_seed_writes_records_of_all_kinds_twice_over(api, control, group_body):
    enrollment = {"registrationId": "d1", "attestation": {"type": "symmetricKey"}}
    registrations = [
        {"registrationId": "d1"},
        {"registrationId": "d2", "enrollmentGroupId": "g1", "status": "failed"},
    ]
    seed = {
        "enrollmentGroups": [group_body()],
        "enrollments": [enrollment],
        "registrations": registrations,
    }

    answers = [control("POST", "seed", seed) for _ in range(2)]

    assert answers[1].json() == {"enrollmentGroups": 1, "enrollments": 1, "registrations": 2}
    assert api("GET", "/enrollments/d1").json()["registrationState"]["status"] == "assigned"
    listed = api("POST", "/registrations/g1/query").json()
    assert [(one["registrationId"], one["status"]) for one in listed] == [("d2", "failed")]
    assert "enrollmentGroupId" not in listed[0]


@pytest.mark.parametrize(
    "bad",
    [
        {"enrollments": [{"registrationId": "x"}]},
        {"enrollments": {}},
        {"enrollments": [{}]},
        {"enrollments": [7]},
        {"registrations": [{"registrationId": 1}]},
        {"registrations": [{"registrationId": "a", "enrollmentGroupId": 1}]},
        {"devices": []},
        {"centralDevices": [{"displayName": "no id"}]},
        {"centralDevices": [{"id": "d1", "colour": "red"}]},
    ],
)
def test_seed_that_is_wrong_anywhere_writes_nothing(api, control, group_body, bad):
    answer = control("POST", "seed", {"enrollmentGroups": [group_body()], **bad})

    assert answer.status_code == 400
    assert api("POST", "/enrollmentGroups/query", {"query": "*"}).json() == []


def test_seed_writes_records_of_iot_central(control, emulator):
    by_key = {"id": "line-4", "displayName": "L", "type": "iot"}
    seed = {
        "centralDevices": [{"id": "d1", "enabled": False, "type": ["iotEdge"]}],
        "centralDeviceGroups": [
            {"id": "all", "displayName": "A", "filter": "SELECT * FROM devices"}
        ],
        "centralEnrollmentGroups": [{**by_key, "attestation": {"type": "symmetricKey"}}],
    }

    answer = control("POST", "seed", seed)

    assert answer.json() == dict.fromkeys(seed, 1)
    assert emulator.store.get("central.devices", "d1")["enabled"] is False
    assert emulator.store.get("central.deviceGroups", "all")["displayName"] == "A"
    keys = emulator.store.get("central.enrollmentGroups", "line-4")["attestation"]["symmetricKey"]
    assert {*keys} == {"primaryKey", "secondaryKey"}


def test_seed_with_one_record_twice_is_refused_whole(control, emulator):
    groups = [
        {"enrollmentGroupId": name, "attestation": {"type": "symmetricKey"}}
        for name in ("line-4", "line-5", "LINE-4")
    ]

    answer = control("POST", "seed", {"enrollmentGroups": groups})

    assert answer.status_code == 400
    assert "enrollmentGroups[2]: 'LINE-4' is enrollmentGroups[0] already." in answer.text
    assert emulator.store.count("EnrollmentGroup") == 0


def test_seed_that_is_no_object_is_refused(control):
    assert control("POST", "seed", []).status_code == 400


def test_log_shows_requests_and_masks_secrets(api, emulator, control, create_group):
    made = create_group()
    api("PUT", GROUP, made, {"If-Match": made["etag"]})

    text = control("GET", "requests").text
    last = control("GET", "requests").json()["requests"][-1]

    keys = made["attestation"]["symmetricKey"]
    assert (last["method"], last["path"], last["status"]) == ("PUT", GROUP, 200)
    assert last["headers"]["if-match"] == made["etag"]
    assert last["headers"]["authorization"].startswith("SharedAccessSignature sr=127.0.0.1")
    assert last["body"]["attestation"]["symmetricKey"] == dict.fromkeys(keys, "***")
    assert not any(secret in text for secret in (*keys.values(), emulator.policy_key))
    assert "sig=***&" in text


def test_log_masks_the_key_of_a_webhook(control, create_group):
    webhook = {"webhookUrl": "https://f.example/api?code=aKey", "apiVersion": "2021-10-01"}

    create_group(allocationPolicy="custom", customAllocationDefinition=webhook)
    last = control("GET", "requests").json()["requests"][-1]

    seen = last["body"]["customAllocationDefinition"]
    assert seen == webhook | {"webhookUrl": "https://f.example/api?***"}


def test_log_masks_bearer_tokens_and_takes_bodies_that_are_no_json(api, control):
    api("PUT", GROUP, data=b"{", headers={"Authorization": "Bearer secret"})

    last = control("GET", "requests").json()["requests"][-1]

    assert last["headers"]["authorization"] == "Bearer ***"
    assert last["body"] is None


SECRET = "dGhpcyBpcyBub2JvZHkncyBidXNpbmVzcyBhdCBhbGw="
PRIVATE = f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        (GROUP, {"Authorization": f"Basic {SECRET}"}, {}),
        (GROUP, {"Authorization": SECRET}, {}),
        (GROUP, {"Authorization": f"SharedAccessKey={SECRET}"}, {}),
        (f"{GROUP}?sig={SECRET}", {}, {}),
        (f"{GROUP}?code={SECRET}", {}, {}),
        (f"/enrollments/SharedAccessKey={SECRET}", {}, {}),
        (GROUP, {}, {"x": {"sharedAccessKey": SECRET, "Password": SECRET}}),
        (GROUP, {}, {"hubs": [[f"HostName=h;SharedAccessKey={SECRET}"]]}),
        (GROUP, {}, [{"certificate": PRIVATE}, PRIVATE]),
        (GROUP, {}, PRIVATE),
    ],
)
def test_log_masks_what_callers_put_where_it_does_not_belong(api, control, path, headers, body):
    api("PUT", path, body, headers)

    log = control("GET", "requests")
    number = log.json()["requests"][-1]["number"]

    assert SECRET not in log.text + control("GET", f"requests/{number}").text


def test_log_can_be_cleared(api, control):
    api("GET", GROUP)

    control("DELETE", "requests")

    assert control("GET", "requests").json() == {"requests": []}


def test_control_is_for_this_machine_only(emulator):
    stranger = Client(EmulatorApp(emulator.service))
    headers = {"Authorization": f"Bearer {emulator.control_token}"}
    answers = [
        stranger.post("/_emulator/reset", headers=headers, environ_base={"REMOTE_ADDR": address})
        for address in ("192.0.2.7", "::ffff:192.0.2.7", "nobody", "::1", "::ffff:127.0.0.1")
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403, 204, 204]


@pytest.mark.parametrize(
    "host",
    ["rebound.example.test", "127.0.0.1.example.test", "192.0.2.7:443", "a@localhost", "[::1", ""],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "requests"), ("POST", "reset")])
def test_site_whose_name_leads_here_controls_nothing(control, emulator, host, method, path):
    token = f"Bearer {emulator.control_token}"

    answer = control(method, path, headers={"Host": host, "Authorization": token})

    assert (answer.status_code, answer.json()["errorCode"]) == (403, 403000)


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:1", "dps.localhost:443", "127.0.0.1", "127.9.9.9:5", "[::1]:443"],
)
def test_every_name_of_this_machine_will_do(control, host):
    assert control("GET", "health", headers={"Host": host}).status_code == 200


def test_request_without_a_host_controls_nothing(start):
    plain = start(tls=False)

    with socket.create_connection((plain.settings.host, plain.port), timeout=10) as connection:
        connection.sendall(b"GET /_emulator/requests HTTP/1.0\r\n\r\n")

        assert b" 403 " in connection.recv(1 << 16)


def test_name_that_the_user_gave_will_do(start):
    emulator = start(sans=("dps.example.test",), tls=False)
    url = f"http://127.0.0.1:{emulator.port}/_emulator/health"

    answer = requests.get(url, headers={"Host": f"DPS.example.test:{emulator.port}"}, timeout=10)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["https://example.test", "null", "https://localhost:3000", "http://127.0.0.1:{port}", ""],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "requests"), ("DELETE", "faults")])
def test_page_of_another_origin_controls_nothing(control, emulator, origin, method, path):
    headers = {
        "Origin": origin.format(port=emulator.port),
        "Authorization": f"Bearer {emulator.control_token}",
    }

    assert control(method, path, headers=headers).status_code == 403


def test_page_of_the_emulators_own_origin_may(control, emulator):
    assert control("GET", "requests", headers={"Origin": emulator.endpoint}).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer wrong", "Basic {token}", "{token}", "Bearer {token}x", "Bearer é"],
)
@pytest.mark.parametrize(
    "change", ["POST reset", "POST seed", "PUT faults", "DELETE faults", "DELETE requests"]
)
def test_change_needs_the_control_token(api, control, emulator, authorization, change):
    api("PUT", GROUP, {"enrollmentGroupId": "g1", "attestation": {"type": "symmetricKey"}})
    token = authorization and authorization.format(token=emulator.control_token).encode("latin-1")

    headers = {"Authorization": token} if token else {}
    answer = control(*change.split(), {"faults": ["503"]}, headers)

    assert (answer.status_code, answer.json()["errorCode"]) == (401, 401002)
    assert "DPSCTL_EMULATOR_CONTROL_TOKEN" in answer.json()["message"]
    assert emulator.control_token not in answer.text
    assert api("GET", GROUP).status_code == 200
    assert control("GET", "requests").json()["requests"]


def test_form_of_a_page_resets_nothing(api, emulator, create_group):
    create_group()

    answer = requests.post(
        f"{emulator.endpoint}/_emulator/reset",
        data={"a": "b"},
        headers={"Origin": "https://example.test"},
        verify=emulator.ca_file,
        timeout=10,
    )

    assert answer.status_code == 403
    assert api("GET", GROUP).status_code == 200


def test_every_route_of_control_is_guarded():
    guards = {route.path: route.guard for route in ROUTES if route.path.startswith(PREFIX)}

    assert len(guards) > 10
    assert set(guards.values()) == {access.tester, access.owner}


def test_no_two_emulators_share_a_control_token(start, emulator):
    assert start().control_token != emulator.control_token
    assert len(emulator.control_token) >= 32


def test_log_says_why_and_how_long(api, control, device, break_with):
    api("GET", GROUP)
    api("GET", GROUP, headers={"Authorization": "SharedAccessSignature sr=a&sig=b&se=1&skn=x"})
    device("d1", key="c2l4dGVlbiBieXRlcyBhdCBsZWFzdA==").send()
    break_with("503 once", "latency 30ms")
    api("GET", GROUP)
    api("POST", "/enrollmentGroups/query", {"query": "*"})

    seen = control("GET", "requests").json()["requests"]

    assert [(one["status"], one["reason"]) for one in seen] == [
        (404, "EnrollmentGroup not found."),
        (401, "There is no policy 'x' (skn)."),
        (401, "The token is not signed with a key derived from one of a group's."),
        (503, "The emulator was asked for a 503."),
        (200, None),
    ]
    assert seen[-1]["ms"] >= 30 > seen[0]["ms"] > 0


def test_log_says_which_bodies_were_not_read(api, emulator):
    sent = [b"[" * (2 << 20), b"chunks"]

    api("PUT", GROUP, data=sent[0])
    api("PUT", GROUP, data=iter(sent[1:]), headers={"Content-Length": "7"})

    assert [(one["status"], one["reason"], one["body"]) for one in emulator.requests()] == [
        (413, "The request body is too large.", None),
        (400, "Bad Request", None),
    ]


@pytest.mark.parametrize("breakage", ["cut", "reset"])
def test_log_says_which_answers_never_arrived_whole(api, emulator, break_with, breakage):
    break_with(f"{breakage} once")

    with suppress(requests.RequestException):
        api("POST", "/enrollmentGroups/query", {"query": "*"})

    (seen,) = emulator.requests()
    assert (seen["status"], seen["reason"]) == (200, f"The emulator was asked for a {breakage}.")


def test_unknown_control_is_404(control):
    assert control("GET", "nothing").status_code == 404

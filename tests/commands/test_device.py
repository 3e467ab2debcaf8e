"""`device register` against answers that a good service would give only now and then."""

import json
from urllib.parse import parse_qs, unquote

import pytest

from dpsctl.keys import derive_device_key, sign

# The group key of the documentation, and what it derives (docs/service.md#d).
GROUP_KEY = (
    "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
)
DEVICE = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"
DEVICE_KEY = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="
PATH = f"/0ne1/registrations/{DEVICE}"
ASSIGNED = {"registrationId": DEVICE, "assignedHub": "hub.example", "deviceId": "pump-1"}


@pytest.fixture
def register(httpserver, run_offline, monkeypatch):
    """Run `device register` for DEVICE against the HTTP server."""
    monkeypatch.setenv("DPSCTL_DEVICE_ENDPOINT_URL", httpserver.url_for("").rstrip("/"))

    def register(options, **given):
        line = f"device register --id-scope 0ne1 --rid {DEVICE} --retries 0 {options}"
        return run_offline(line, **given)

    return register


def answer(httpserver, status, state, **extra):
    """Make the service end the registration at once with *status*."""
    body = {"operationId": "op-1", "status": status, "registrationState": state}
    httpserver.expect_request(f"{PATH}/register").respond_with_json(body, **extra)


def test_register_polls_as_often_as_it_is_asked_to(httpserver, register):
    going_on = {"operationId": "op 1", "status": "assigning"}
    httpserver.expect_ordered_request(f"{PATH}/register", method="PUT").respond_with_json(
        going_on, status=202, headers={"Retry-After": "0"}
    )
    poll = f"{PATH}/operations/op 1"
    httpserver.expect_ordered_request(poll, method="GET").respond_with_json(
        going_on, status=202, headers={"Retry-After": "0"}
    )
    done = {**going_on, "status": "assigned", "registrationState": ASSIGNED}
    httpserver.expect_ordered_request(poll, method="GET").respond_with_json(done)

    ran = register(f"--key {DEVICE_KEY}")

    assert ran.json == {"status": "assigned", **ASSIGNED}
    assert len(httpserver.log) == 3


def test_register_signs_with_the_key_derived_from_the_groups(httpserver, register):
    answer(httpserver, "assigned", ASSIGNED)

    register(f"--group-key {GROUP_KEY}")

    token = httpserver.log[0][0].headers["Authorization"]
    parts = parse_qs(token.removeprefix("SharedAccessSignature "))
    assert parts["sr"] == [f"0ne1/registrations/{DEVICE}"]
    assert parts["skn"] == ["registration"]
    signed_text = token.partition("sr=")[2].partition("&")[0] + "\n" + parts["se"][0]
    assert parts["sig"] == [sign(DEVICE_KEY, signed_text)]


def test_register_sends_the_payload(httpserver, register):
    answer(httpserver, "assigned", ASSIGNED)

    register(f"--key {DEVICE_KEY} --payload model=p7 rack:=7")

    sent = json.loads(httpserver.log[0][0].get_data())
    assert sent == {"registrationId": DEVICE, "payload": {"model": "p7", "rack": 7}}


def test_connection_string_is_shown_only_on_request(httpserver, register):
    answer(httpserver, "assigned", ASSIGNED)

    plain = register(f"--group-key {GROUP_KEY}")
    asked = register(f"--group-key {GROUP_KEY} --show-connection-string")

    assert DEVICE_KEY not in plain.out + plain.err
    assert asked.json["connectionString"] == (
        f"HostName=hub.example;DeviceId=pump-1;SharedAccessKey={DEVICE_KEY}"
    )


@pytest.mark.parametrize(
    ("status", "code", "exit_code", "hint"),
    [
        pytest.param("failed", 400208, 1, "Link a hub", id="no hub linked"),
        pytest.param("failed", 400207, 1, "webhook", id="webhook failed"),
        pytest.param("failed", None, 1, "registration show", id="failed for no reason given"),
        pytest.param("disabled", None, 5, "--provisioning-status enabled", id="disabled"),
    ],
)
def test_register_says_what_became_of_it(httpserver, register, status, code, exit_code, hint):
    state = {"registrationId": DEVICE, "errorCode": code, "errorMessage": "It is so."}
    answer(httpserver, status, state)

    ran = register(f"--key {DEVICE_KEY}", expect=exit_code)

    assert ran.out == ""
    assert "It is so." in ran.err
    assert hint in ran.err


@pytest.mark.parametrize(
    ("proof", "hint"),
    [
        pytest.param(f"--key {DEVICE_KEY}", "--group-key", id="own key"),
        pytest.param(f"--group-key {GROUP_KEY}", "upper case", id="group key"),
    ],
)
def test_register_exits_4_when_the_key_is_wrong(httpserver, register, proof, hint):
    refusal = {"errorCode": 401000, "message": "Unauthorized", "trackingId": "t-1"}
    httpserver.expect_request(f"{PATH}/register").respond_with_json(refusal, status=401)

    ran = register(proof, expect=4)

    assert hint in ran.err
    assert "t-1" in ran.err


def test_register_exits_7_when_the_time_is_over(httpserver, register):
    httpserver.expect_request(f"{PATH}/register").respond_with_json(
        {"operationId": "op-1", "status": "assigning"}, status=202, headers={"Retry-After": "3"}
    )

    ran = register(f"--key {DEVICE_KEY} --wait 1", expect=7)

    assert "--wait" in ran.err


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param([], "a list instead of an object", id="a list"),
        pytest.param({"status": 5}, "status in the service's answer is a number", id="a number"),
        pytest.param({}, "no status", id="no status"),
    ],
)
def test_register_distrusts_an_answer_without_a_status(httpserver, register, body, said):
    httpserver.expect_request(f"{PATH}/register").respond_with_json(body)

    ran = register(f"--key {DEVICE_KEY}", expect=1)

    assert said in ran.err


@pytest.mark.parametrize(
    ("proof", "named"),
    [
        pytest.param("", "--group-key", id="nothing"),
        pytest.param(f"--key {DEVICE_KEY} --group-key {GROUP_KEY}", "--group-key", id="two keys"),
        pytest.param(f"--key {DEVICE_KEY} --cp x --kp y", "--certificate-path", id="key and more"),
        pytest.param("--certificate-path c.pem", "c.pem: cannot read", id="no certificate file"),
        pytest.param("--key-path k.pem", "--certificate-path", id="no certificate"),
        pytest.param("--cp gone.pem --kp gone.key", "gone.pem", id="no such file"),
        pytest.param("--key not-base64", "--key", id="no base64"),
    ],
)
def test_register_sends_nothing_without_one_proof(httpserver, register, proof, named):
    ran = register(proof, expect=2)

    assert named in ran.err
    assert httpserver.log == []


def test_register_refuses_an_encrypted_private_key_instead_of_asking(register, issue):
    device = issue("device", password=b"secret")

    ran = register(f"--cp {device.path} --kp {device.key_path}", expect=2)

    assert f"--passphrase is missing, the passphrase of {device.key_path}" in ran.err


def test_register_refuses_a_key_of_another_certificate(register, issue):
    one, other = issue("one"), issue("other")

    ran = register(f"--cp {one.path} --kp {other.key_path}", expect=2)

    assert f"--key-path {other.key_path}: the key is not that of --certificate-path" in ran.err


def test_dry_run_shows_the_registration_without_sending_it(httpserver, register):
    ran = register(f"--key {DEVICE_KEY} --dry-run")

    assert ran.json["method"] == "PUT"
    assert ran.json["body"] == {"registrationId": DEVICE}
    assert httpserver.log == []


def test_upper_case_ids_are_warned_of_with_a_groups_key(httpserver, run_offline, register):
    del register  # it points dpsctl at the server
    done = {"operationId": "op-1", "status": "assigned", "registrationState": ASSIGNED}
    httpserver.expect_request("/0ne1/registrations/Device-1/register").respond_with_json(done)

    ran = run_offline(f"device register --id-scope 0ne1 --rid Device-1 --group-key {GROUP_KEY}")

    token = unquote(httpserver.log[0][0].headers["Authorization"])
    assert "upper-case" in ran.err
    assert "registrations/Device-1" in token
    assert derive_device_key(GROUP_KEY, "Device-1") not in ran.out + ran.err


@pytest.mark.parametrize("host", ["a b", "http://x.example", "a/b", "x@y", "x:99999", "x\ny"])
def test_host_that_is_none_is_refused(run_offline, host):
    words = ["--id-scope", "0ne1", "--rid", "d", "--key", DEVICE_KEY, "--host", host]

    assert "--host" in run_offline(["device", "register", *words], expect=2).err

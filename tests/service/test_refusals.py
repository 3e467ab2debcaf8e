import gzip
import time
from email.utils import formatdate

import pytest

SHOW = "enrollment-group show --gid g1"
PATH = "/enrollmentGroups/g1"
HTML = "<html><body><h1>Sign in to the hotel's network</h1></body></html>"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(HTML, "text/html", id="html"),
        pytest.param("", "application/json", id="empty"),
        pytest.param('{"a": 1', "application/json", id="cut"),
        pytest.param("{'a': 1}", "application/json", id="python"),
        pytest.param(b"\xff\xfe\x00", "application/json", id="bytes"),
        pytest.param("[" * 100_000, "application/json", id="deep"),
        pytest.param('{"a": ' + "9" * 5000 + "}", "application/json", id="absurd-number"),
    ],
)
@pytest.mark.parametrize("line", ["show --gid g1", "list", "create --gid g1", "update --gid g1"])
def test_answer_that_is_no_json_is_an_error_of_one_sentence(
    odd_service, run_offline, line, body, kind
):
    odd_service.expect_request(
        "/enrollmentGroups/query" if line == "list" else PATH
    ).respond_with_data(body, content_type=kind)

    ran = run_offline(f"enrollment-group {line}", expect=1)

    assert f"the answer is not JSON ({kind}" in ran.err
    assert len(ran.err.splitlines()) == 2
    assert ran.out == ""


@pytest.mark.parametrize("status", [403, 404, 502])
def test_error_page_of_a_proxy_is_told_by_its_status(odd_service, run_offline, status):
    odd_service.expect_request(PATH).respond_with_data(
        HTML, status=status, content_type="text/html"
    )

    ran = run_offline(f"{SHOW} --retries 0", expect=None)

    assert f"(HTTP {status})" in ran.err
    assert "hotel" not in ran.err


@pytest.mark.parametrize(
    ("proxy", "code", "said"),
    [
        (
            "http://user:p%2Fss@127.0.0.1:9",
            7,
            "through the proxy http://127.0.0.1:9: Connection refused",
        ),
        ("http://user:pa/ss@127.0.0.1:9", 2, "The proxy that the environment names is no URL"),
        ("http://user:pa/ss@[::1", 2, "The proxy that the environment names is no URL"),
    ],
)
def test_proxy_is_to_blame_and_its_password_is_not_told(
    run_offline, monkeypatch, proxy, code, said
):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "")
    login = "HostName=dps.example;SharedAccessKeyName=owner;SharedAccessKey=c2VjcmV0"
    monkeypatch.setenv("DPSCTL_LOGIN", login)

    ran = run_offline(f"{SHOW} --retries 0 --debug", expect=code)

    assert said in ran.err
    assert not any(secret in ran.err for secret in ("pa/ss", "p%2Fss", ":pa"))


def test_answer_that_cannot_be_unpacked_is_an_error(odd_service, run_offline):
    odd_service.expect_request(PATH).respond_with_data(
        gzip.compress(b"{}")[:-12] + b"x", headers={"Content-Encoding": "gzip"}
    )

    assert "dpsctl: " in run_offline(f"{SHOW} --retries 0", expect=None).err


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param([], "is a list instead of an object", id="list"),
        pytest.param("text", "is a text instead of an object", id="text"),
        pytest.param(None, "is nothing instead of an object", id="null"),
        pytest.param(7, "is a number instead of an object", id="number"),
        pytest.param({"attestation": "x"}, "attestation in", id="attestation"),
        pytest.param({"attestation": {"x509": []}}, "x509 in", id="x509"),
        pytest.param(
            {"attestation": {"x509": {"signingCertificates": {"primary": 1}}}}, "primary in", id="1"
        ),
        pytest.param({"initialTwin": []}, "initialTwin in", id="twin"),
        pytest.param({"initialTwin": {"properties": True}}, "truth value", id="properties"),
        pytest.param({"capabilities": 1}, "capabilities in", id="capabilities"),
        pytest.param({"reprovisionPolicy": "never"}, "reprovisionPolicy in", id="policy"),
        pytest.param({"customAllocationDefinition": "w"}, "customAllocation", id="webhook"),
        pytest.param({"iotHubs": "h"}, "iotHubs in", id="hubs"),
    ],
)
@pytest.mark.parametrize("verb", ["show --keys", "update --ee --etag '*'"])
def test_answer_of_the_wrong_type_is_an_error(odd_service, run_offline, verb, body, said):
    odd_service.expect_request(PATH).respond_with_json(body)

    ran = run_offline(f"enrollment-group {verb} --gid g1", expect=1)

    assert said in ran.err
    assert "--debug" in ran.err


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param({}, "is an object instead of a list", id="object"),
        pytest.param([1], "is a number instead of an object", id="numbers"),
        pytest.param([[]], "is a list instead of an object", id="lists"),
        pytest.param("x", "is a text instead of a list", id="text"),
    ],
)
@pytest.mark.parametrize("line", ["list", "registration list --gid g1"])
def test_list_of_the_wrong_type_is_an_error(odd_service, run_offline, line, body, said):
    for path in ("/enrollmentGroups/query", "/registrations/g1/query"):
        odd_service.expect_request(path).respond_with_json(body)

    assert said in run_offline(f"enrollment-group {line}", expect=1).err


def test_error_names_code_message_and_tracking_id(odd_service, run_offline):
    body = {"errorCode": 400004, "message": "Bad thing.", "trackingId": "t-1", "info": {"a": "b"}}
    odd_service.expect_request(PATH).respond_with_json(body, status=400)

    problem, hint = run_offline(SHOW, expect=1).err.splitlines()

    assert problem == f"dpsctl: GET {PATH}: Bad thing (HTTP 400, 400004, tracking id t-1)"
    assert "--dry-run" in hint


@pytest.mark.parametrize(
    "body",
    [
        pytest.param([], id="list"),
        pytest.param({"message": {"a": 1}}, id="message-is-an-object"),
        pytest.param({"errorCode": [1], "trackingId": {}}, id="code-is-a-list"),
        pytest.param({"message": None, "errorCode": None}, id="nulls"),
    ],
)
def test_odd_error_body_is_no_traceback(odd_service, run_offline, body):
    odd_service.expect_request(PATH).respond_with_json(body, status=400)

    assert "HTTP 400" in run_offline(SHOW, expect=1).err


def test_host_of_a_hub_is_recognised(odd_service, run_offline):
    body = {"Message": "ErrorCode:ArgumentInvalid;x", "ExceptionMessage": "Tracking ID:1"}
    odd_service.expect_request(PATH).respond_with_json(body, status=400)

    ran = run_offline(SHOW, expect=1)

    assert "ErrorCode:ArgumentInvalid" in ran.err
    assert "IoT hub" in ran.err


@pytest.mark.parametrize(
    ("offset", "said"),
    [
        pytest.param(-3600, "clock is 3", id="an-hour-behind"),
        pytest.param(3600, "clock is 3", id="an-hour-ahead"),
        pytest.param(10, "policy's name and key", id="in-step"),
    ],
)
def test_refused_token_tells_of_a_wrong_clock(raw_service, run_offline, offset, said):
    date = formatdate(time.time() + offset, usegmt=True)
    head = f"HTTP/1.1 401 Unauthorized\r\nDate: {date}\r\nContent-Length: 2\r\n\r\n"
    raw_service(head.encode() + b"{}")

    assert said in run_offline(SHOW, expect=4).err


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (400, "--debug"),
        (403, "right"),
        (404, "list"),
        (409, "update"),
        (412, "--etag '*'"),
        (429, "--retries"),
        (500, "tracking id"),
    ],
)
def test_every_refusal_says_what_to_do(odd_service, run_offline, status, hint):
    odd_service.expect_request(PATH).respond_with_json({}, status=status)

    ran = run_offline(f"{SHOW} --retries 0", expect=None)

    assert ran.err.splitlines()[1].startswith("hint: ")
    assert hint in ran.err.splitlines()[1]

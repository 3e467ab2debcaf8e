"""Answers that no service gives: each is a clear error that names what was odd."""

import json
import re

import pytest
from werkzeug.wrappers import Response

GROUP = "/enrollmentGroups/g1"
SHOW, UPDATE = "enrollment-group show --gid g1", "enrollment-group update --gid g1 --tags a=b"
CERTIFICATE = {"clientCertificates": {"primary": {"info": "a text"}}}


def in_json(body, status=200, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if isinstance(body, str) else json.dumps(body)
    return Response(data, status, headers, content_type="application/json")


@pytest.mark.parametrize(
    ("line", "answer", "code", "said"),
    [
        pytest.param(
            SHOW,
            in_json({"message": "No."}, 401, Date=f"Fri, 01 Jan 2027 00:00:00 +{'9' * 20}"),
            4,
            "No (HTTP 401)",
            id="date-of-another-world",
        ),
        pytest.param(
            f"{SHOW} --retries 0",
            in_json({"message": "Slow."}, 429, Retry_After="\xb2"),
            6,
            "Slow (HTTP 429)",
            id="retry-after-squared",
        ),
        pytest.param(
            SHOW,
            in_json({"attestation": {"type": ["symmetricKey"]}}),
            1,
            "attestation.type in the service's answer is a list instead of a text",
            id="type-a-list",
        ),
        pytest.param(
            SHOW,
            in_json({"attestation": {"type": "x509", "x509": CERTIFICATE}}),
            1,
            "attestation.x509.clientCertificates.primary.info in the service's answer is a text "
            "instead of an object",
            id="info-a-text",
        ),
        pytest.param(
            SHOW,
            in_json({"attestation": {"type": "none"}, "iotHubs": ["hub", None]}),
            1,
            "iotHubs[1] in the service's answer is nothing instead of a text",
            id="no-hub",
        ),
        pytest.param(SHOW, in_json("null"), 1, "is nothing instead of an object", id="null"),
        pytest.param(
            SHOW, in_json('{"tags": NaN}'), 1, "NaN is no number of JSON", id="not-a-number"
        ),
        pytest.param(SHOW, in_json('{"a": -Infinity}'), 1, "-Infinity is no number", id="infinite"),
        pytest.param(SHOW, in_json("[" * 10**5), 1, "the answer is not JSON", id="too-deep"),
        pytest.param(SHOW, in_json("1" * 5000), 1, "the answer is not JSON", id="too-long"),
        pytest.param(
            SHOW,
            in_json({"message": "a\nhint: run \x1b[1mthis " + "long " * 9999}, 400),
            1,
            r"a hint: run \x1b[1mthis long",
            id="a-message-that-forges-lines",
        ),
    ],
)
def test_odd_answer_is_named(odd_service, run_offline, line, answer, code, said):
    odd_service.expect_request(GROUP).respond_with_response(answer)

    ran = run_offline(line, expect=code)

    assert said in ran.err
    assert len(ran.err.splitlines()) <= 2
    assert len(ran.err) < 2000


@pytest.mark.parametrize("state", ["a text", ["a", "list"], 5])
def test_registration_that_is_no_object_is_named(odd_service, run_offline, monkeypatch, state):
    monkeypatch.setenv("DPSCTL_DEVICE_ENDPOINT_URL", odd_service.url_for("").rstrip("/"))
    answer = {"operationId": "o", "status": "assigned", "registrationState": state}
    odd_service.expect_request("/0ne1/registrations/d/register").respond_with_json(answer)

    ran = run_offline("device register --id-scope 0ne1 --rid d --key ZmFrZQ==", expect=1)

    assert "registrationState in the service's answer is" in ran.err


@pytest.mark.parametrize("kinds", [5, "iotEdge", [5]])
def test_device_of_an_odd_type_is_named(httpserver, run_offline, monkeypatch, kinds):
    monkeypatch.setenv("DPSCTL_CENTRAL_APP", f"http://localhost:{httpserver.port}")
    monkeypatch.setenv("DPSCTL_CENTRAL_TOKEN", "the-token")
    monkeypatch.setenv("NO_PROXY", "localhost")
    devices = {"value": [{"id": "d", "type": kinds}]}
    httpserver.expect_request("/api/devices").respond_with_json(devices)

    ran = run_offline("central device list --edge-only", expect=1)

    assert re.search(r"type(\[0\])? in the service's answer is", ran.err)


def test_every_hint_of_the_network_names_the_doctor(run_offline, odd_service, monkeypatch):
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", "http://127.0.0.1:9")
    refused = run_offline(f"{SHOW} --retries 0", expect=7)
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", odd_service.url_for("").rstrip("/"))
    odd_service.expect_request(GROUP).respond_with_json({}, status=401)
    unknown = run_offline(SHOW, expect=4)

    assert "'dpsctl doctor'" in refused.err
    assert "'dpsctl doctor'" in unknown.err

"""What dpsctl does when IoT Central answers as a good application would not."""

import json

import pytest
from werkzeug.wrappers import Response

from dpsctl.errors import ServiceFailed
from dpsctl.options.central import CentralConnection
from dpsctl.run import Run
from dpsctl.service.connect_central import connect
from dpsctl.service.contract import Purpose

ERROR = {
    "error": {
        "code": "InvalidBody",
        "message": "Bad template. You can contact support at https://aka.ms/iotcentral-support."
        " Please include the following information. Request ID: req-1, Time: t.",
        "requestId": "req-1",
        "time": "Tue, 02 Jan 2024 03:04:05 GMT",
    }
}


@pytest.fixture
def odd_central(httpserver, monkeypatch):
    """Point dpsctl at a server that answers as the test says."""
    monkeypatch.setenv("DPSCTL_CENTRAL_APP", f"http://localhost:{httpserver.port}")
    monkeypatch.setenv("DPSCTL_CENTRAL_TOKEN", "the-token")
    monkeypatch.setenv("NO_PROXY", "localhost")
    return httpserver


@pytest.fixture
def devices(odd_central):
    """Give the service itself, for what no command does."""
    options = CentralConnection(app_id=f"http://localhost:{odd_central.port}", token="the-token")
    return connect(options, Run({}), Purpose()).devices


def test_next_link_to_another_host_is_not_followed(odd_central, run_offline):
    link = "https://elsewhere.example/api/devices?api-version=2022-07-31&$skiptoken=1"
    odd_central.expect_request("/api/devices").respond_with_json({"value": [], "nextLink": link})

    ran = run_offline("central device list", expect=1)

    assert "elsewhere.example" in ran.err
    assert len(odd_central.log) == 1


def test_next_link_is_followed_as_it_is(odd_central, run_offline):
    token = "%257B%2522token%2522%253A%2522%252BRID"
    url = f"http://localhost:{odd_central.port}/api/devices?api-version=2022-07-31"
    pages = [
        {"value": [{"id": "d1"}], "nextLink": f"{url}&%24skiptoken={token}"},
        {"value": [{"id": "d2"}]},
    ]
    for page in pages:
        odd_central.expect_ordered_request("/api/devices").respond_with_json(page)

    ran = run_offline("central device list --query '[].id'")

    assert ran.json == ["d1", "d2"]
    assert odd_central.log[1][0].query_string.decode().endswith(f"%24skiptoken={token}")


def test_list_that_goes_round_in_circles_ends(odd_central, run_offline):
    link = f"http://localhost:{odd_central.port}/api/devices?api-version=2022-07-31&$skiptoken=1"
    odd_central.expect_request("/api/devices").respond_with_json({"value": [], "nextLink": link})

    ran = run_offline("central device list", expect=1)

    assert "circles" in ran.err


@pytest.mark.parametrize(
    "body", [[], {}, {"value": {}}, {"value": [1]}], ids=["list", "no value", "object", "number"]
)
def test_list_of_another_shape_is_a_bad_answer(odd_central, run_offline, body):
    odd_central.expect_request("/api/devices").respond_with_json(body)

    ran = run_offline("central device list", expect=1)

    assert "service's answer is" in ran.err


def test_error_is_shown_in_the_services_words(odd_central, run_offline):
    odd_central.expect_request("/api/devices/d1").respond_with_json(ERROR, status=422)

    ran = run_offline("central device show -d d1 --error-format json", expect=1)

    error = json.loads(ran.err)["error"]
    assert error["message"].endswith("Bad template (HTTP 422, InvalidBody, tracking id req-1)")
    assert (error["errorCode"], error["trackingId"]) == ("InvalidBody", "req-1")
    assert "--dry-run" in error["hint"]


@pytest.mark.parametrize(
    ("status", "code"), [(401, 4), (403, 4), (404, 3), (412, 5), (422, 1), (429, 6), (500, 8)]
)
def test_status_decides_the_exit_code(odd_central, run_offline, status, code):
    odd_central.expect_request("/api/devices/d1").respond_with_json(ERROR, status=status)

    ran = run_offline("central device show -d d1 --retries 0", expect=code)

    assert "hint:" in ran.err


def test_throttled_request_is_made_again(odd_central, run_offline):
    odd_central.expect_ordered_request("/api/devices/d1").respond_with_response(
        Response(status=429, headers={"Retry-After": "0"})
    )
    odd_central.expect_ordered_request("/api/devices/d1").respond_with_json({"id": "d1"})

    assert run_offline("central device show -d d1").json == {"id": "d1"}


def test_patch_is_not_made_again_after_a_failure(odd_central, devices):
    odd_central.expect_request("/api/devices/d1", method="PATCH").respond_with_json({}, status=503)

    with pytest.raises(ServiceFailed):
        devices.update("d1", {"enabled": False})

    assert len(odd_central.log) == 1


def test_delete_that_a_lost_try_has_done_is_done(odd_central, devices, monkeypatch):
    monkeypatch.setattr("dpsctl.service.http.time.sleep", lambda _: None)
    odd_central.expect_ordered_request("/api/devices/d1").respond_with_json({}, status=503)
    odd_central.expect_ordered_request("/api/devices/d1").respond_with_json(ERROR, status=404)

    assert devices.delete("d1") is None


def test_id_is_percent_encoded_on_the_wire(odd_central, run_offline):
    odd_central.expect_request("/api/devices/a#b/c?d").respond_with_json({"id": "x"})

    run_offline("central device show -d 'a#b/c?d'")

    assert odd_central.log[0][0].environ["REQUEST_URI"].startswith("/api/devices/a%23b%2Fc%3Fd?")


def test_token_is_sent_as_it_is(odd_central, devices):
    odd_central.expect_request(
        "/api/devices/d1", headers={"Authorization": "the-token"}
    ).respond_with_json({"id": "d1"})

    assert devices.show("d1") == {"id": "d1"}


def test_edge_devices_are_told_by_their_templates(odd_central, run_offline):
    devices = [{"id": f"d-{name}", "template": f"dtmi:{name};1"} for name in ("edge", "plain")]
    odd_central.expect_request("/api/devices").respond_with_json({"value": [*devices, {"id": "d"}]})
    odd_central.expect_request("/api/deviceTemplates/dtmi:edge;1").respond_with_json(
        {"@type": ["ModelDefinition", "DeviceModel", "EdgeModel"]}
    )
    odd_central.expect_request("/api/deviceTemplates/dtmi:plain;1").respond_with_json(
        {"@type": ["ModelDefinition", "DeviceModel"]}
    )

    ran = run_offline("central device list --edge-only --query '[].id'")

    assert ran.json == ["d-edge"]

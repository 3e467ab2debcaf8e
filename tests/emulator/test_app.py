"""Errors that no handler is needed for, in the service's shape."""

import re

import pytest

from dpsctl.emulator.access.guards import SERVICE_VERSIONS


def test_error_has_the_shape_of_the_service(api):
    answer = api("GET", "/enrollmentGroups/g1")

    error = answer.json()
    assert list(error) == ["errorCode", "trackingId", "message", "timestampUtc"]
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", error["trackingId"])
    assert error["timestampUtc"].endswith("Z")
    assert answer.headers["x-ms-error-code"] == str(error["errorCode"])
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("version", SERVICE_VERSIONS)
def test_known_versions_are_answered(api, version):
    assert api("GET", "/enrollmentGroups/g1", params={"api-version": version}).status_code == 404


@pytest.mark.parametrize("version", ["2016-01-01", "", "2021-10-01x", "2017-11-15"])
def test_unknown_version_is_400_and_told_which_there_are(api, version):
    refused = api("GET", "/enrollmentGroups/g1", params={"api-version": version})

    assert refused.status_code == 400
    assert refused.json()["message"].endswith("2026-11-01, 2026-11-02-preview.")


@pytest.mark.parametrize("version", ["2017-11-15", "2018-04-01"])
def test_devices_are_answered_in_older_versions_than_services(device, version):
    assert device("d1").send(version=version).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/nothing", 404),
        ("GET", "/enrollmentGroups", 405),
        ("GET", "/enrollmentGroups/", 405),
        ("GET", "/enrollmentGroups//g1", 404),
        ("GET", "/enrollmentGroups/../../etc/passwd", 404),
        ("GET", "/enrollmentGroups/g1/more", 404),
        ("PATCH", "/enrollmentGroups/g1", 405),
        ("POST", "/enrollmentGroups/g1", 405),
        ("GET", "/enrollmentGroups/%00", 404),
        ("GET", "/enrollmentGroups/%ff%fe", 404),
    ],
)
def test_what_is_not_there_is_said_in_json(api, method, path, status):
    answer = api(method, path)

    assert answer.status_code == status
    assert answer.json()["errorCode"] // 1000 == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[1]",
        b"null",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": ' + b"1" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 200 + b"1" + b"}" * 200,
    ],
    ids=lambda body: repr(body[:12]),
)
def test_body_that_is_no_json_object_is_400(api, body):
    answer = api("PUT", "/enrollmentGroups/g1", data=body)

    assert (answer.status_code, answer.json()["errorCode"]) == (400, 400004)


def test_body_over_the_limit_is_413(api):
    answer = api("PUT", "/enrollmentGroups/g1", data=b" " * (2 << 20))

    assert (answer.status_code, answer.json()["errorCode"]) == (413, 413000)


def test_failure_of_the_emulator_itself_is_a_500_in_the_same_shape(start, caller, caplog):
    emulator = start()
    emulator.store.close()

    answer = caller(emulator)("GET", "/enrollmentGroups/g1")

    assert (answer.status_code, answer.json()["errorCode"]) == (500, 500000)
    assert "GET /enrollmentGroups/g1" in caplog.text

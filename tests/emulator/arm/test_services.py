"""The service as Resource Manager shows it: found, described, its keys told, or refused."""

import base64
import json

import pytest
import requests

from dpsctl.emulator.access.access_tokens import ARM, CENTRAL, DPS, make_access_token

SUBSCRIPTION = "/subscriptions/91d12660-3dec-467a-be2a-213b5544ddc0"
SERVICES = "providers/Microsoft.Devices/provisioningServices"
SERVICE = f"{SUBSCRIPTION}/resourceGroups/my-rg/{SERVICES}/my-dps"
GROUPS = "/enrollmentGroups/query"
QUERY = {"query": "SELECT *"}


def test_service_is_shown_under_any_name_as_the_real_one_was_recorded(arm, emulator):
    shown = arm("GET", SERVICE, version="2021-10-15").json()

    properties = shown["properties"]
    assert (shown["name"], shown["id"]) == ("my-dps", SERVICE)
    assert shown["resourcegroup"] == "my-rg"
    assert (properties["state"], properties["idScope"]) == ("Active", emulator.id_scope)
    assert properties["serviceOperationsHostName"] == emulator.host
    assert [hub["name"] for hub in properties["iotHubs"]] == ["hub-1.azure-devices.net"]
    assert "SharedAccessKey=****" in properties["iotHubs"][0]["connectionString"]
    assert "disableLocalAuth" not in properties


@pytest.mark.parametrize("scope", [SUBSCRIPTION, f"{SUBSCRIPTION}/resourcegroups/my-rg"])
def test_lists_hold_the_one_service(scope, arm):
    (only,) = arm("GET", f"{scope}/{SERVICES}").json()["value"]

    assert only["name"] == "emulated-dps"
    assert arm("GET", only["id"]).json() == only


def test_one_subscription_is_listed(arm):
    (only,) = arm("GET", "/subscriptions", version="2022-12-01").json()["value"]

    assert only["id"] == f"/subscriptions/{only['subscriptionId']}"


def test_a_name_that_was_chosen_is_the_only_one(arm, start):
    named = start(dps_name="My-Dps")

    assert arm("GET", SERVICE, at=named).status_code == 200
    assert arm("GET", f"{SUBSCRIPTION}/{SERVICES}", at=named).json()["value"][0]["name"] == "My-Dps"
    for method, path in (("GET", ""), ("POST", "/listkeys"), ("GET", "/certificates")):
        missing = arm(method, SERVICE.replace("my-dps", "other") + path, at=named)
        assert missing.status_code == 404
        assert missing.json()["error"]["code"] == "ResourceNotFound"


def test_each_key_that_is_listed_opens_the_service(arm, start, sas, caller):
    busy = start(policies=(("reader", frozenset({"EnrollmentRead"})),))

    owner, reader = arm("POST", f"{SERVICE}/listkeys", at=busy).json()["value"]

    assert owner["keyName"] == "provisioningserviceowner"
    assert owner["rights"] == "ServiceConfig, DeviceConnect, EnrollmentWrite"
    assert (reader["keyName"], reader["rights"]) == ("reader", "EnrollmentRead")
    keys = [(policy["keyName"], policy[name]) for policy in (owner, reader) for name in KEYS]
    assert len({key for _, key in keys}) == 4
    for name, key in keys:
        headers = {"Authorization": sas(busy.host, key, name)}
        assert caller(busy)("POST", GROUPS, QUERY, headers).status_code == 200


KEYS = ("primaryKey", "secondaryKey")


@pytest.mark.parametrize(
    ("version", "code"),
    [
        pytest.param(None, "MissingApiVersionParameter", id="none"),
        pytest.param("2017-08-21-preview", "NoRegisteredProviderFound", id="one too old"),
    ],
)
def test_version_that_is_not_there_is_refused_and_those_that_are_named(version, code, arm):
    refused = arm("GET", SERVICE, version=version)

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, code)
    assert version is None or "2022-12-12" in refused.json()["error"]["message"]


def forged(token, **claims):
    head, body, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    text = json.dumps({**said, **claims}).encode()
    return f"{head}.{base64.urlsafe_b64encode(text).decode().rstrip('=')}.{signature}"


PLANES = {
    ARM: ("GET", "/subscriptions", "2022-12-01"),
    DPS: ("GET", "/registrations/nobody", "2021-10-01"),
    CENTRAL: ("GET", "/api/devices", "2022-07-31"),
}


def asked(emulator, plane, token):
    method, path, version = PLANES[plane]
    return requests.request(
        method,
        f"{emulator.endpoint}{path}?api-version={version}",
        headers={"Authorization": f"Bearer {token}"},
        verify=emulator.ca_file,
        timeout=10,
    )


@pytest.mark.parametrize("plane", PLANES)
def test_token_opens_whom_it_is_for_and_nobody_else(plane, emulator):
    token = make_access_token(emulator.identity, emulator.clock.now(), [plane])

    assert asked(emulator, plane, token).status_code in {200, 404}
    assert asked(emulator, plane, emulator.access_token).status_code in {200, 404}
    assert {asked(emulator, other, token).status_code for other in set(PLANES) - {plane}} == {401}


@pytest.mark.parametrize("plane", PLANES)
def test_any_other_token_is_refused(plane, emulator, start):
    own, now = emulator.access_token, emulator.clock.now()
    others = {
        "empty": "",
        "none": "eyJhbGciOiJub25lIn0.e30.",
        "no JWT": "a-token",
        "another emulator's": start().access_token,
        "changed": forged(own, exp=2**40),
        "expired": make_access_token(emulator.identity, now - 366 * 24 * 3600),
    }

    answers = {name: asked(emulator, plane, token).status_code for name, token in others.items()}

    assert answers == dict.fromkeys(others, 401)


def test_who_shows_no_token_is_told_so_in_the_words_of_resource_manager(emulator):
    answer = requests.get(
        f"{emulator.endpoint}{SERVICE}?api-version=2022-12-12", verify=emulator.ca_file, timeout=10
    )

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "AuthenticationFailed"


def test_a_fault_is_told_in_the_shape_of_resource_manager(arm, emulator):
    emulator.faults.replace(["429 once, Retry-After 1"])

    busy = arm("GET", SERVICE)

    assert (busy.status_code, busy.json()["error"]["code"]) == (429, "TooManyRequests")


def test_without_local_auth_keys_are_listed_and_open_nothing(arm, start, caller):
    closed = start(disable_local_auth=True)
    send = caller(closed)
    bearer = {"Authorization": f"Bearer {closed.access_token}"}

    by_key, by_token = send("POST", GROUPS, QUERY), send("POST", GROUPS, QUERY, bearer)

    assert (by_key.status_code, by_key.json()["errorCode"]) == (401, 401002)
    assert by_token.status_code == 200
    assert arm("POST", f"{SERVICE}/listkeys", at=closed).status_code == 200
    shown = arm("GET", SERVICE, at=closed, version="2026-08-31").json()
    assert shown["properties"]["disableLocalAuth"] is True


def test_local_auth_is_switched_while_the_emulator_runs_until_a_reset(arm, emulator, api):
    control = {"Authorization": f"Bearer {emulator.control_token}"}
    url = f"{emulator.endpoint}/_emulator/settings"

    def shown():
        answer = arm("GET", SERVICE, version="2026-11-01").json()
        return answer["properties"]["disableLocalAuth"], api("POST", GROUPS, QUERY).status_code

    assert shown() == (False, 200)
    changed = requests.put(
        url, json={"disableLocalAuth": True}, headers=control, verify=emulator.ca_file, timeout=10
    )
    assert (changed.status_code, changed.json()) == (200, {"disableLocalAuth": True})
    assert shown() == (True, 401)
    emulator.reset()
    assert shown() == (False, 200)


@pytest.mark.parametrize("body", [{}, [], {"disableLocalAuth": "yes"}, {"other": True}])
def test_settings_that_are_none_are_refused(body, emulator):
    control = {"Authorization": f"Bearer {emulator.control_token}"}
    url = f"{emulator.endpoint}/_emulator/settings"

    refused = requests.put(url, json=body, headers=control, verify=emulator.ca_file, timeout=10)

    assert refused.status_code == 400

"""Inside the environment of 'dpsctl emulator' every name leads to the emulator, and none beyond."""

import os
from pathlib import Path

import pytest
import requests

AZURE = "my-dps.azure-devices-provisioning.net"
KEY = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="


@pytest.fixture(autouse=True)
def _no_program_to_sign_in_with(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")


@pytest.mark.parametrize(
    "named",
    [
        "-n my-dps",
        "-n my-dps -g my-rg",
        "-n my-dps -g my-rg --subscription 'my subscription'",
        "-n my-dps --auth-type login",
        f"-n {AZURE} -g my-rg",
        f"-n {AZURE} --auth-type login",
        "-n my-dps --cloud china --auth-type login",
        "-n my-dps --cloud usgov",
    ],
)
def test_every_name_of_a_service_is_the_emulators(named, inside, emulator):
    made = inside(f"enrollment-group create --gid g1 {named}").json

    assert made["enrollmentGroupId"] == "g1"
    assert {200} == {asked["status"] for asked in emulator.requests()}
    assert emulator.store.get("EnrollmentGroup", "g1")


def test_names_are_not_remembered_for_another_emulator(inside):
    inside("enrollment-group list -n my-dps -g my-rg")

    assert not Path(os.environ["XDG_CACHE_HOME"], "dpsctl").exists()


@pytest.mark.parametrize(
    "app", ["my-app", "my-app.azureiotcentral.com", "https://my-app.azureiotcentral.com"]
)
def test_every_application_is_the_emulators(app, inside, emulator):
    inside(f"central device create -d pump-7 -n {app}")

    assert [asked["path"] for asked in emulator.requests()][-1] == "/api/devices/pump-7"


def test_without_an_api_token_the_signed_in_user_is_asked_for_central(inside, monkeypatch):
    monkeypatch.delenv("DPSCTL_CENTRAL_TOKEN")

    assert inside("central device list -n my-app").json == []


@pytest.mark.parametrize("host", ["global.azure-devices-provisioning.net", AZURE])
def test_every_host_for_devices_is_the_emulators(host, inside, emulator):
    keys = {"primaryKey": KEY, "secondaryKey": KEY}
    attestation = {"type": "symmetricKey", "symmetricKey": keys}
    emulator.seed({"enrollmentGroups": [{"enrollmentGroupId": "g", "attestation": attestation}]})

    assert inside(f"device register --rid d1 --group-key {KEY} --host {host}").json


@pytest.mark.parametrize(
    "line", ["enrollment-group list", "enrollment-group create --gid g --dry-run"]
)
def test_a_connection_string_of_another_service_is_refused(line, inside, emulator):
    login = f"HostName={AZURE};SharedAccessKeyName=owner;SharedAccessKey={KEY}"

    refused = inside([*line.split(), "--login", login], expect=2)

    assert "--login" in refused.err
    assert "DPSCTL_EMULATOR" in refused.err
    assert emulator.requests() == []


def test_a_context_of_another_service_is_refused(inside, monkeypatch):
    monkeypatch.setenv("PROD", f"HostName={AZURE};SharedAccessKeyName=o;SharedAccessKey={KEY}")
    inside("config set --context prod login_env=PROD")

    assert "DPSCTL_EMULATOR" in inside("enrollment-group list --context prod", expect=2).err


def test_its_own_connection_string_is_taken(inside, emulator):
    assert inside(["enrollment-group", "list", "--login", emulator.connection_string]).json == []


def test_nobody_else_is_asked_for_a_token(inside, monkeypatch):
    monkeypatch.delenv("DPSCTL_ACCESS_TOKEN")

    assert "DPSCTL_ACCESS_TOKEN" in inside("enrollment-group list -n my-dps", expect=4).err


def test_what_trusts_by_curls_variable_finds_it(inside, emulator, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    del inside

    assert requests.get(f"{emulator.endpoint}/_emulator/health", timeout=10).ok

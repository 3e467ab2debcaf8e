"""Who may ask the emulated IoT Central application, and in which version."""

import pytest
import requests


def status(emulator, token=None, version="2022-07-31"):
    headers = {} if token is None else {"Authorization": token}
    answer = requests.get(
        f"{emulator.endpoint}/api/devices",
        params={"api-version": version},
        headers=headers,
        verify=emulator.ca_file,
        timeout=10,
    )
    return answer.status_code


def test_token_of_the_application_is_accepted(emulator):
    assert status(emulator, emulator.central_token) == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda _: None,
        lambda _: "Bearer a.b.c",
        lambda token: token.replace("sig=", "sig=A"),
        lambda token: token.replace("skn=emulator", "skn=other"),
        lambda token: token.replace("sr=0ne", "sr=1ne"),
        lambda token: token.partition("&se=")[0] + "&se=1000",
        lambda token: token.partition("&se=")[0],
    ],
    ids=["none", "bearer", "signature", "name", "resource", "expired", "endless"],
)
def test_other_token_is_refused(emulator, change):
    assert status(emulator, change(emulator.central_token)) == 401


def test_token_ends_after_a_year(emulator):
    token = emulator.central_token
    emulator.faults.replace(["skew 8761h"])

    assert status(emulator, token) == 401


def test_token_is_good_for_the_application_alone(emulator, sas):
    token = sas(emulator.host, emulator.policy_key)

    assert status(emulator, token) == 401


def test_token_of_the_application_opens_nothing_else(emulator):
    answer = requests.get(
        f"{emulator.endpoint}/enrollmentGroups/g?api-version=2021-10-01",
        headers={"Authorization": emulator.central_token},
        verify=emulator.ca_file,
        timeout=10,
    )

    assert answer.status_code == 401


@pytest.mark.parametrize("version", ["", "2021-10-01", "latest"])
def test_unknown_version_is_refused(emulator, version):
    assert status(emulator, emulator.central_token, version) == 400


def test_az_lists_devices_in_a_version_of_its_own(emulator):
    assert status(emulator, emulator.central_token, "2022-06-30-preview") == 200

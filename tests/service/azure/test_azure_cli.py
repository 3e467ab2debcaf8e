"""What az left on this machine: its default subscription, its defaults, and its mistakes."""

import json
import os
import sys
from pathlib import Path

import pytest

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
OTHER = "99999999-2222-3333-4444-555555555555"


@pytest.fixture
def az_folder(monkeypatch):
    """The folder in which az keeps its things; no subscription is named anywhere else."""
    monkeypatch.delenv("AZURE_SUBSCRIPTION_ID", raising=False)
    folder = Path(os.environ["HOME"], ".azure")
    folder.mkdir()
    return folder


@pytest.fixture
def profile(az_folder):
    """Write az's profile as az does, with a byte order mark before it."""

    def write(*subscriptions):
        listed = [
            {"id": id_, "name": name, "isDefault": default, "state": "Enabled"}
            for id_, name, default in subscriptions
        ]
        text = json.dumps({"installationId": "x", "subscriptions": listed})
        (az_folder / "azureProfile.json").write_text(text, encoding="utf-8-sig")

    return write


def test_azs_default_subscription_is_the_last_resort(client_secret, service, profile, run_offline):
    client_secret.add("mydps", service.policy_key)
    profile((OTHER, "test", False), (SUBSCRIPTION, "production", True))

    run_offline("enrollment-group list -n mydps")

    assert client_secret.asked[0].startswith(f"GET /subscriptions/{SUBSCRIPTION}/providers/")


def test_a_name_that_az_knows_needs_no_question(client_secret, service, profile, run_offline):
    client_secret.add("mydps", service.policy_key)
    profile((OTHER, "test", True), (SUBSCRIPTION, "Production", False))

    run_offline("enrollment-group list -n mydps --subscription production")

    assert client_secret.asked[0].startswith(f"GET /subscriptions/{SUBSCRIPTION}/providers/")


@pytest.mark.parametrize(
    ("environ", "context", "expected"),
    [
        pytest.param({"AZURE_SUBSCRIPTION_ID": OTHER}, SUBSCRIPTION, OTHER, id="environment"),
        pytest.param({}, OTHER, OTHER, id="context"),
        pytest.param({}, None, SUBSCRIPTION, id="az's default"),
    ],
)
def test_a_subscription_comes_from_the_first_that_says_it(  # noqa: PLR0917 - fixtures
    environ, context, expected, client_secret, profile, run_offline, monkeypatch
):
    profile((SUBSCRIPTION, "production", True))
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    if context:
        run_offline(f"config set --context a subscription={context}")
        run_offline("config use-context a")

    run_offline("enrollment-group list -n mydps", expect=3)

    assert f"/subscriptions/{expected}/" in client_secret.asked[0]


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"subscriptions": [{}]}'], ids=["cut", "a list", "no id"]
)
def test_a_profile_of_another_form_is_a_warning(
    text, client_secret, service, az_folder, run_offline
):
    client_secret.add("mydps", service.policy_key)
    (az_folder / "azureProfile.json").write_text(text)

    ran = run_offline("enrollment-group list -n mydps")

    assert f"warning: {az_folder / 'azureProfile.json'} is not used" in ran.err
    assert client_secret.asked[0] == "GET /subscriptions"


def test_azs_default_group_and_sign_in_are_honoured(client_secret, az_folder, run_offline):
    (az_folder / "config").write_text(
        "[defaults]\ngroup = rg\niotdps-data-auth-type = login\n[cloud]\nname = AzureChinaCloud\n"
    )
    client_secret.add("mydps", "unused", suffix="cn")
    (az_folder / "azureProfile.json").write_text(
        json.dumps({"subscriptions": [{"id": SUBSCRIPTION, "name": "p", "isDefault": True}]})
    )

    ran = run_offline("enrollment-group list -n mydps")

    assert ran.json == []
    assert [path.rpartition("/")[2] for path in client_secret.asked] == ["mydps"]
    assert "https://management.chinacloudapi.cn/.default" in client_secret.scopes


def test_a_cloud_of_somebodys_own_is_the_public_one(client_secret, az_folder, run_offline):
    (az_folder / "config").write_text("[cloud]\nname = AzureStack\n")

    run_offline("enrollment-group list -n mydps --auth-type login")

    assert client_secret.asked == []


def test_az_that_takes_too_long_is_named(az, run_offline, monkeypatch):
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    monkeypatch.setattr("dpsctl.service.azure.azure_cli._PATIENCE", 0.1)
    (az.parent / "bin" / "az").write_text("#!/bin/sh\nexec sleep 5\n")

    ran = run_offline("enrollment-group list -n mydps --auth-type login", expect=4)

    assert "az gave no access token: TimeoutExpired" in ran.err


@pytest.mark.parametrize("is_installed", [True, False], ids=["azure-identity", "without it"])
def test_az_of_the_current_folder_is_not_asked(
    azure, run_offline, monkeypatch, tmp_path, is_installed
):
    for place in (tmp_path, tmp_path / "bin"):
        place.mkdir(exist_ok=True)
        (place / "az").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (place / "az").chmod(0o700)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ".:bin:")
    if not is_installed:
        monkeypatch.setitem(sys.modules, "azure.identity", None)

    ran = run_offline("enrollment-group list -n mydps --auth-type login", expect=4)

    assert "Nobody is signed in" in ran.err
    assert not (tmp_path / "ran").exists()
    assert azure.asked == []

"""How an application is named, and who asks it."""

import sys

import pytest

from dpsctl.options.central import CentralConnection
from dpsctl.run import Run
from dpsctl.service.connect_central import connect
from dpsctl.service.contract import Purpose

SUFFIX = "azureiotcentral.com"


@pytest.mark.parametrize(
    ("named", "url"),
    [
        ("myapp", f"https://myapp.{SUFFIX}/api"),
        ("0b1f9d5c-0000-4000-8000-000000000000", None),
        (f"myapp.{SUFFIX}", f"https://myapp.{SUFFIX}/api"),
        (f"https://myapp.{SUFFIX}", f"https://myapp.{SUFFIX}/api"),
        (f"https://myapp.{SUFFIX}/devices", f"https://myapp.{SUFFIX}/api"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api"),
    ],
    ids=["subdomain", "id", "host", "URL", "URL of a page", "emulator without TLS"],
)
def test_application_is_named_by_id_host_or_url(named, url):
    service = connect(CentralConnection(app_id=named, token="t"), Run({}), Purpose())

    assert service._http.target.url == (url or f"https://{named}.{SUFFIX}/api")


@pytest.mark.parametrize("old", ["v1", "preview", "1.1-preview"])
def test_name_of_a_version_of_old_is_not_heeded_as_with_az(old, inside, emulator):
    listed = inside(f"central device list --app-id my-app --av {old}")

    assert listed.json == []
    assert f"warning: --api-version {old} is no version by date" in listed.err
    assert emulator.requests()[-1]["query"]["api-version"] == "2022-07-31"


def test_version_that_the_application_does_not_know_is_asked_about(inside):
    refused = inside("central device list --app-id my-app --av 2019-10-28", expect=1)

    assert "hint: Is --api-version 2019-10-28 one of IoT Central's" in refused.err


def test_suffix_is_that_of_another_cloud():
    options = CentralConnection(app_id="a", token="t", central_dns_suffix="example.com")

    assert connect(options, Run({}), Purpose())._http.target.url == "https://a.example.com/api"


@pytest.mark.parametrize(
    "named",
    ["http://myapp.azureiotcentral.com", "ftp://a.b", "a b", "user@host.com", "a.b?x"],
    ids=["plain http", "other scheme", "space", "user", "query"],
)
def test_application_that_is_no_place_to_send_a_token_to_is_refused(run_offline, named):
    ran = run_offline(["central", "device", "list", "--token", "tttt", "--app-id", named], expect=2)

    assert "--app-id" in ran.err


def test_application_must_be_named(run_offline):
    ran = run_offline("central device list --token tttt", expect=2)

    assert "DPSCTL_CENTRAL_APP" in ran.err


def test_token_is_sent_as_it_is_and_never_shown(central, emulator, run_offline):
    central("device create -d d1")
    token = emulator.central_token

    ran = run_offline(
        ["central", "device", "show", "-d", "d1", "--app-id", emulator.endpoint, "--token", token,
         "--debug"]
    )  # fmt: skip

    signature = token.partition("sig=")[2].partition("&")[0]
    assert signature not in ran.err


def test_token_of_another_application_is_refused(central):
    ran = central("device list --token 'SharedAccessSignature sr=a&sig=b&skn=c&se=9999'", expect=4)

    assert "--token" in ran.err


def test_signed_in_users_token_is_used_without_an_api_token(requests_of, monkeypatch):
    monkeypatch.delenv("DPSCTL_CENTRAL_TOKEN")
    monkeypatch.setenv("DPSCTL_ACCESS_TOKEN", "a.b.c")

    _, requests = requests_of("device list", expect=4)

    assert requests[0]["headers"]["authorization"] == "Bearer ***"


def test_application_of_the_context_is_asked(central, run_offline, emulator, monkeypatch):
    central("device create -d d1")
    monkeypatch.delenv("DPSCTL_CENTRAL_APP")
    run_offline(["config", "set", "--context", "mine", f"central_app={emulator.endpoint}"])

    assert run_offline("central device show -d d1 --context mine").json["id"] == "d1"


def test_command_beside_an_emulator_finds_the_application(run_process):
    dpsctl = (sys.executable, "-m", "dpsctl")

    done = run_process("emulator", "exec", "--", *dpsctl, "central", "device", "list")

    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr

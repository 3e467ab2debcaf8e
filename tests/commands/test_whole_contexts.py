"""A context says all that it takes to work with a service, be it one behind a private CA."""

import shutil
from pathlib import Path

import pytest

KEY = "UFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUA=="


@pytest.fixture
def context(emulator, run_offline, monkeypatch):
    """Make the emulator the current context, with no variable that tells of it but its login."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("LAB_LOGIN", emulator.connection_string)
    run_offline(
        [
            *("config", "set", "--context", "lab", "login_env=LAB_LOGIN"),
            f"endpoint_url={emulator.endpoint}",
            f"device_endpoint_url={emulator.endpoint}",
            f"ca_bundle={emulator.ca_file}",
            f"id_scope={emulator.id_scope}",
        ]
    )
    run_offline("config use-context lab")
    return emulator


def test_context_alone_names_an_emulator(context, run_offline):
    run_offline(f"enrollment-group create --gid g1 --pk {KEY}")

    listed = run_offline("enrollment-group list").json

    assert [one["enrollmentGroupId"] for one in listed] == ["g1"]
    assert context.requests()


def test_device_finds_addresses_and_id_scope_in_its_context(context, run_offline):
    run_offline(f"enrollment-group create --gid g1 --pk {KEY}")

    registered = run_offline(f"device register --rid d1 --group-key {KEY}").json

    assert registered["status"] == "assigned"
    assert context.requests()


def test_another_service_than_the_contexts_gets_none_of_its_addresses(context, run_offline):
    login = f"HostName=127.0.0.1:1;SharedAccessKeyName=p;SharedAccessKey={KEY}"

    ran = run_offline(["enrollment-group", "list", "--login", login, "--retries", "0"], expect=7)

    assert "127.0.0.1:1" in ran.err
    assert context.requests() == []


@pytest.mark.usefixtures("context")
def test_variable_beats_the_address_of_the_context(run_offline, monkeypatch):
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", "https://127.0.0.1:1")

    assert "127.0.0.1:1" in run_offline("enrollment-group list --retries 0", expect=7).err


@pytest.mark.usefixtures("context")
def test_paths_are_seen_from_the_configuration(run_offline, emulator):
    configuration = Path(run_offline("config view --query file").json)
    shutil.copy(emulator.ca_file, configuration.with_name("ca.pem"))
    run_offline("config set ca_bundle=ca.pem")

    assert run_offline("enrollment-group list").json == []


@pytest.mark.parametrize(
    ("setting", "shown"),
    [("timeout=5m", 300.0), ("timeout=500ms", 0.5), ("retries=0", 0), ("id_scope=0ne1", "0ne1")],
)
def test_setting_is_read_as_its_flag_is(run_offline, setting, shown):
    name = setting.partition("=")[0]
    run_offline(f"config set --context lab dps_name=x {setting}")

    viewed = run_offline(f"config view --context lab --show-origin --query settings.{name}").json

    assert viewed == {"value": shown, "origin": "context lab"}


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("timeout=soon", "timeout: 'soon' is none"),
        ("timeout=0", "timeout: '0' is none"),
        ("retries=-1", "retries: '-1' is none"),
        ("retries=many", "retries: 'many' is none"),
        ("cloud=moon", "cloud: 'moon' is none of public,"),
    ],
)
def test_setting_that_cannot_be_is_refused(run_offline, setting, problem):
    assert problem in run_offline(f"config set --context lab {setting}", expect=2).err


@pytest.mark.usefixtures("context")
def test_context_with_no_address_is_refused_when_it_is_used(run_offline):
    run_offline("config set endpoint_url=ftp://here")

    refused = run_offline("enrollment-group list", expect=2)

    assert refused.err.startswith("dpsctl: The context's address: that is no place to connect to")


def test_flags_beat_the_context_in_how_long_and_how_often(run_offline):
    run_offline("config set --context lab dps_name=x timeout=5m retries=0")

    viewed = run_offline("config view --context lab --timeout 7 --query settings").json

    assert (viewed["timeout"], viewed["retries"]) == (7.0, 0)
    assert run_offline("config view --query settings.[timeout,retries]").json == [30.0, 4]


def test_contexts_are_listed_and_the_current_one_is_named(run_offline):
    run_offline("config set --context lab dps_name=lab-dps auth_type=login")
    run_offline("config set --context factory dps_name=plant login_env=PLANT")
    none = run_offline("config current-context", expect=2)
    run_offline("config use-context lab")

    listed = run_offline("config list").json
    table = run_offline("config list -o table").out

    assert "No context is the current one" in none.err
    assert run_offline("config current-context -o tsv").out == "lab\n"
    assert [(one["name"], one["isCurrent"]) for one in listed] == [
        ("factory", False),
        ("lab", True),
    ]
    assert table.splitlines()[3].split() == ["*", "lab", "lab-dps", "login"]


def test_view_says_which_context_it_shows(run_offline, monkeypatch):
    run_offline("config set --context lab dps_name=lab-dps")
    run_offline("config set --context factory dps_name=plant")
    run_offline("config use-context lab")

    current = run_offline("config view --query [context,settings.dps_name]").json
    typed = run_offline("config view --context factory --query [context,settings.dps_name]").json
    monkeypatch.setenv("DPSCTL_CONTEXT", "factory")
    exported = run_offline("config view --query [context,currentContext]").json

    assert current == ["lab", "lab-dps"]
    assert typed == ["factory", "plant"]
    assert exported == ["factory", "lab"]

"""Tokens of `compute-device-key --sas`: their ID scope is looked up where a service is named."""

from urllib.parse import unquote

import pytest

KEY = "UFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUA=="
COMMAND = "enrollment-group compute-device-key --rid d1 --sas -o tsv"
NAME = "-n my-dps -g my-rg"


@pytest.fixture
def by_name(inside, emulator, monkeypatch):
    """Leave only what a name needs: no connection string, and no ID scope."""
    inside(f"enrollment-group create --gid g1 --pk {KEY}")
    for name in ("DPSCTL_LOGIN", "DPSCTL_ID_SCOPE", "DPSCTL_EMULATOR"):
        monkeypatch.delenv(name)
    return emulator


def resource_of(token):
    (resource,) = [part for part in token.split(" ")[1].split("&") if part.startswith("sr=")]
    return unquote(resource.removeprefix("sr="))


@pytest.mark.parametrize("key", ["--gid g1", f"--key {KEY}", f"--key {KEY} --gid g1"])
def test_id_scope_is_that_of_the_service_that_is_named(run_offline, by_name, key):
    ran = run_offline(f"{COMMAND} {key} {NAME}")

    assert resource_of(ran.out) == f"{by_name.id_scope}/registrations/d1"


def test_id_scope_of_a_connection_string_is_looked_up_by_its_host(
    run_offline, by_name, monkeypatch
):
    host = "emulated-dps.azure-devices-provisioning.net"
    login = by_name.connection_string.replace(by_name.host, host)
    monkeypatch.setenv("DPSCTL_LOGIN", login)

    ran = run_offline(f"{COMMAND} --gid g1")

    assert resource_of(ran.out) == f"{by_name.id_scope}/registrations/d1"


def test_connection_string_of_a_service_that_is_not_found_asks_for_the_id_scope(
    run_offline, by_name
):
    login = by_name.connection_string

    refused = run_offline([*COMMAND.split(), "--gid", "g1", "--login", login], expect=2)

    assert refused.err.startswith(f"dpsctl: --id-scope is missing, and {by_name.host} is not among")


@pytest.mark.usefixtures("by_name")
def test_id_scope_of_the_variable_is_not_that_of_another_service(run_offline, by_name, monkeypatch):
    monkeypatch.setenv("DPSCTL_ID_SCOPE", "0ne0000ABCD")

    ran = run_offline(f"{COMMAND} --key {KEY} {NAME}")
    typed = run_offline(f"{COMMAND} --key {KEY} {NAME} --id-scope 0ne00001234")

    assert resource_of(ran.out) == f"{by_name.id_scope}/registrations/d1"
    assert resource_of(typed.out) == "0ne00001234/registrations/d1"


def test_tokens_of_many_have_the_id_scope_too(run_offline, by_name):
    ran = run_offline(
        f"enrollment-group compute-device-key --registration-ids - --sas -o tsv --gid g1 {NAME}",
        stdin="d1\nd2\n",
    )

    resources = [resource_of(line.partition("\t")[2]) for line in ran.out.splitlines()]
    assert resources == [f"{by_name.id_scope}/registrations/{name}" for name in ("d1", "d2")]


def test_key_alone_asks_nobody_whatever_the_environment_names(run_offline, by_name, monkeypatch):
    monkeypatch.setenv("DPSCTL_DPS_NAME", "my-dps")
    before = by_name.requests()

    refused = run_offline(f"{COMMAND} --key {KEY}", expect=2)

    assert refused.err.startswith("dpsctl: --id-scope is missing\nhint: Give it, or --dps-name")
    assert by_name.requests() == before


def test_key_alone_takes_the_id_scope_of_the_context(run_offline):
    run_offline("config set --context line id_scope=0ne00005678")
    run_offline("config use-context line")

    ran = run_offline(f"{COMMAND} --key {KEY}")

    assert resource_of(ran.out) == "0ne00005678/registrations/d1"

"""Reading services as `az iot dps` does: show, list, policy, connection-string."""

import pytest

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings

GROUP = "-g my-rg --subscription 91d12660-3dec-467a-be2a-213b5544ddc0"


@pytest.mark.parametrize("flag", ["--name", "-n", "--dps-name"])
def test_show_prints_the_service_and_the_id_scope_of_so_many_scripts(flag, inside, emulator):
    shown = inside(f"show {flag} my-dps {GROUP}").json
    scope = inside(f"show {flag} my-dps {GROUP} --query properties.idScope -o tsv").out

    assert (shown["name"], shown["resourcegroup"]) == ("my-dps", "my-rg")
    assert shown["properties"]["disableLocalAuth"] is False
    assert scope.strip() == emulator.id_scope


def test_show_takes_the_name_of_the_environment_and_of_the_context(inside, monkeypatch):
    monkeypatch.setenv("DPSCTL_DPS_NAME", "from-variable")
    inside("config set --context line dps_name=from-context resource_group=their-rg")

    assert inside("show --query name -o tsv").out == "from-variable\n"
    assert inside("show --context line --query [name,resourcegroup] -o tsv").out.split() == [
        "from-context",
        "their-rg",
    ]


def test_show_without_a_name_says_how_to_give_one(inside):
    for line in ("show", "policy list", "certificate list"):
        refused = inside(line, expect=2).err

        assert "hint: Give --dps-name NAME" in refused
        assert "--login" not in refused


def test_list_prints_all_of_a_group_or_subscription(inside):
    (of_group,) = inside(f"list {GROUP}").json
    (of_subscription,) = inside("list").json

    assert of_group["resourcegroup"] == "my-rg"
    assert of_subscription["name"] == "emulated-dps"
    assert "emulated-dps" in inside("list -o table").out


@pytest.fixture
def named(monkeypatch, run_offline):
    """Run dpsctl in the environment of an emulator with a name and two policies."""
    reader = (("reader", frozenset({"EnrollmentRead", "RegistrationStatusRead"})),)
    with Emulator(EmulatorSettings(dps_name="my-dps", policies=reader)) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield run_offline


@pytest.mark.parametrize(
    "line", ["show -n other", "policy list -n other", "enrollment list -n other"]
)
def test_service_that_is_not_there_is_told_with_those_that_are(line, named):
    missing = named(f"{line} {GROUP}", expect=3).err

    assert "other" in missing
    assert "There is my-dps (resource group my-rg)" in missing


def test_policies_are_printed_with_their_keys(named):
    owner, reader = named("policy list -n my-dps -g my-rg").json

    assert owner["keyName"] == "provisioningserviceowner"
    assert named("policy show --dps-name my-dps --pn READER").json == reader
    assert reader["rights"] == "EnrollmentRead, RegistrationStatusRead"
    assert "primaryKey" not in named("policy list -n my-dps -o table").out


def test_policy_that_is_not_there_is_told_with_those_that_are(named):
    missing = named("policy show -n my-dps --policy-name nobody", expect=3).err

    assert "provisioningserviceowner, reader" in missing


@pytest.mark.parametrize("policy", ["provisioningserviceowner", "reader"])
@pytest.mark.parametrize("key", ["primary", "secondary"])
def test_connection_string_signs_in(policy, key, named):
    shown = named(f"connection-string show -n my-dps -g my-rg --pn {policy} --kt {key}").json
    listed = named(["enrollment-group", "list", "--login", shown["connectionString"]])

    assert f"SharedAccessKeyName={policy};" in shown["connectionString"]
    assert listed.json == []


def test_connection_strings_are_printed_of_all_policies_and_of_all_services(named):
    (one,) = named("connection-string show -g my-rg").json
    of_all = named("connection-string show -n my-dps --show-all").json["connectionString"]
    (each,) = named("connection-string show --all").json

    assert one["name"] == each["name"] == "my-dps"
    assert one["connectionString"] == of_all[0]
    assert each["connectionString"] == of_all
    assert len(of_all) == 2


def test_service_without_the_policy_is_left_out_with_a_warning(named):
    ran = named("connection-string show --pn nobody")

    assert ran.json == []
    assert "my-dps is left out: it has no policy nobody" in ran.err


def test_no_key_is_traced(named):
    owner = named("policy list -n my-dps").json[0]

    traced = named("policy list -n my-dps --debug").err

    assert owner["primaryKey"] not in traced
    assert owner["secondaryKey"] not in traced


def test_cloud_that_has_no_newer_version_is_asked_in_the_older(odd_service, monkeypatch, inside):
    url = odd_service.url_for("").rstrip("/")
    monkeypatch.setenv("DPSCTL_ARM_URL", url)
    versions = []

    def answer(request):
        from werkzeug import Response

        versions.append(request.args["api-version"])
        known = versions[-1] == "2022-12-12"
        body = '{"value": [{"name": "old"}]}'
        refused = '{"error": {"code": "NoRegisteredProviderFound", "message": "no such version"}}'
        return Response(body if known else refused, status=200 if known else 400)

    odd_service.expect_request(
        "/subscriptions/emulator/providers/Microsoft.Devices/provisioningServices"
    ).respond_with_handler(answer)

    assert inside("list").json == [{"name": "old"}]
    assert versions == ["2026-08-31", "2022-12-12"]


def test_device_registers_with_a_service_named_instead_of_an_id_scope(
    inside, emulator, monkeypatch
):
    key = inside(
        "enrollment-group create --eid g1 --query attestation.symmetricKey.primaryKey -o tsv"
    ).out.strip()
    inside(f"device register -n my-dps {GROUP} --rid d1 --group-key {key}")
    monkeypatch.delenv("DPSCTL_ID_SCOPE")
    monkeypatch.setenv("DPSCTL_DPS_NAME", "my-dps")
    inside(f"device register --rid d2 --group-key {key}")

    asked = [request["path"] for request in emulator.requests()]
    assert sum("provisioningServices/my-dps" in path for path in asked) == 2
    assert f"/{emulator.id_scope}/registrations/d2/register" in asked


def test_device_needs_to_know_its_service_and_only_once(inside, monkeypatch):
    register = "device register --rid d1 --key c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="
    twice = inside(f"{register} --id-scope 0ne1 -n my-dps", expect=2).err
    monkeypatch.delenv("DPSCTL_ID_SCOPE")
    nowhere = inside(register, expect=2).err

    assert "--id-scope and --dps-name exclude each other" in twice
    assert "--dps-name" in nowhere

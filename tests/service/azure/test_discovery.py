"""A service found by its name: with a key, with a token, by its host, in each cloud."""

import json
import os
from pathlib import Path

import pytest

ARM_HOSTS = {
    "public": ("net", "management.azure.com"),
    "usgov": ("us", "management.usgovcloudapi.net"),
    "china": ("cn", "management.chinacloudapi.cn"),
}
SUBSCRIPTION = "/subscriptions/11111111-2222-3333-4444-555555555555"
ALL = f"{SUBSCRIPTION}/providers/Microsoft.Devices/provisioningServices"
ONE = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Devices/provisioningServices/mydps"


@pytest.mark.parametrize("cloud", ARM_HOSTS)
def test_create_signs_with_the_key_that_arm_lists(cloud, client_secret, service, run_offline):
    suffix, arm = ARM_HOSTS[cloud]
    client_secret.add("mydps", service.policy_key, suffix=suffix)

    ran = run_offline(f"enrollment-group create --gid g -n mydps -g rg --cloud {cloud}")

    assert ran.json["enrollmentGroupId"] == "g"
    assert client_secret.asked == [f"GET {ONE}", f"POST {ONE}/listkeys"]
    assert client_secret.scopes == [f"https://{arm}/.default"]


@pytest.mark.parametrize("cloud", ARM_HOSTS)
def test_create_as_the_signed_in_user_asks_arm_in_sovereign_clouds_only(
    cloud, client_secret, service, run_offline
):
    suffix, _ = ARM_HOSTS[cloud]
    client_secret.add("mydps", service.policy_key, suffix=suffix)

    ran = run_offline(
        f"enrollment-group create --gid g -n mydps -g rg --cloud {cloud} --auth-type login"
    )

    assert ran.json["enrollmentGroupId"] == "g"
    assert client_secret.asked == ([] if cloud == "public" else [f"GET {ONE}"])
    assert "https://azure-devices-provisioning.net/.default" in client_secret.scopes


@pytest.mark.parametrize(
    "name",
    ["mydps.azure-devices-provisioning.us", "https://mydps.azure-devices-provisioning.us/"],
    ids=["a host", "a URL"],
)
def test_create_by_host_name_and_token_asks_nobody_where_it_is(name, client_secret, run_offline):
    ran = run_offline(f"enrollment-group create --gid g -n {name} --auth-type login")

    assert ran.json["enrollmentGroupId"] == "g"
    assert client_secret.asked == []


def test_create_by_host_name_and_key_finds_the_service_of_that_name(
    client_secret, service, run_offline
):
    client_secret.add("mydps", service.policy_key, suffix="us")

    run_offline("enrollment-group create --gid g -n mydps.azure-devices-provisioning.us -g rg")

    assert client_secret.scopes == ["https://management.usgovcloudapi.net/.default"]


def test_the_host_that_arm_names_is_the_one_that_is_asked(
    client_secret, service, run_offline, monkeypatch
):
    client_secret.add("mydps", service.policy_key)
    client_secret.services[0]["host"] = service.host
    monkeypatch.delenv("DPSCTL_ENDPOINT_URL")

    ran = run_offline("enrollment-group list -n mydps -g rg --debug")

    assert f"> POST {service.endpoint}/enrollmentGroups/query" in ran.err


def test_a_name_is_found_in_any_case_on_any_page(client_secret, service, run_offline):
    for name in ("one", "two", "MyDps"):
        client_secret.add(name, service.policy_key)

    run_offline("enrollment-group list -n MYDPS")

    assert client_secret.asked[:3] == [f"GET {ALL}"] * 3


def test_a_read_takes_the_first_policy_that_may_read(client_secret, service, run_offline):
    reader = service.identity.key_of("reader")
    client_secret.add(
        "mydps", service.policy_key, reader=(reader, "EnrollmentRead, RegistrationStatusRead")
    )

    ran = run_offline("enrollment-group list -n mydps -g rg --verbose")

    assert "as the policy reader" in ran.err


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("enrollment-group create --gid g2", id="a write"),
        pytest.param("enrollment-group show --gid g --show-keys", id="keys to show"),
        pytest.param("enrollment-group compute-device-key --gid g --rid d", id="a key to use"),
    ],
)
def test_what_needs_more_than_reading_takes_another_policy(
    line, client_secret, service, run_offline
):
    reader = service.identity.key_of("reader")
    client_secret.add(
        "mydps", service.policy_key, reader=(reader, "EnrollmentRead, RegistrationStatusRead")
    )
    run_offline("enrollment-group create --gid g -n mydps -g rg")

    ran = run_offline(f"{line} -n mydps -g rg --verbose")

    assert "as the policy provisioningserviceowner" in ran.err


def test_doctor_reads_and_writes_as_commands_would(client_secret, service, run_offline):
    reader = service.identity.key_of("reader")
    client_secret.add(
        "mydps", service.policy_key, reader=(reader, "EnrollmentRead, RegistrationStatusRead")
    )

    ran = run_offline("doctor -n mydps -g rg -o json")

    assert {finding["status"] for finding in ran.json} == {"ok", "not needed"}


def test_doctor_names_the_rights_that_no_policy_has(client_secret, service, run_offline):
    reader = service.identity.key_of("reader")
    lacking = "EnrollmentRead, RegistrationStatusRead"
    client_secret.add("mydps", "", rights=lacking, reader=(reader, lacking))

    ran = run_offline("doctor -n mydps -g rg -o json", expect=4)

    failed = [finding for finding in ran.json if finding["status"] == "failed"]
    assert [finding["check"] for finding in failed] == ["write"]
    assert "no shared access policy has the rights EnrollmentRead, Enr" in failed[0]["detail"]


def test_the_owner_of_a_new_service_may_read_as_azure_makes_it(client_secret, service, run_offline):
    rights = "ServiceConfig, DeviceConnect, EnrollmentWrite"
    client_secret.add("mydps", service.policy_key, rights=rights)

    assert run_offline("enrollment-group list -n mydps -g rg").json == []


def test_policies_without_the_rights_are_named(client_secret, service, run_offline):
    client_secret.add("mydps", service.policy_key, rights="ServiceConfig, EnrollmentRead")

    ran = run_offline("enrollment-group create --gid g -n mydps -g rg", expect=4)

    assert "mydps: no shared access policy has the rights" in ran.err
    assert "provisioningserviceowner: ServiceConfig, EnrollmentRead" in ran.err
    assert "--auth-type login" in ran.err


@pytest.mark.usefixtures("client_secret")
def test_a_group_that_is_not_there_has_no_services(run_offline):
    ran = run_offline("enrollment-group list -n mydps -g no-group", expect=3)

    assert "there is no such service in resource group no-group" in ran.err
    assert "There is no provisioning service." in ran.err


def test_a_service_that_goes_while_its_keys_are_asked_for_is_missing(
    client_secret, service, run_offline
):
    client_secret.add("mydps", service.policy_key)
    client_secret.server.expect_oneshot_request(f"{ONE}/listkeys").respond_with_json(
        {"code": 404001, "httpStatusCode": "NotFound", "message": "Gone."}, status=404
    )

    ran = run_offline("enrollment-group list -n mydps -g rg", expect=3)

    assert "Gone (HTTP 404, 404001)" in ran.err


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        pytest.param({"properties": {"state": "Activating"}}, "its state: Activating", id="new"),
        pytest.param([], "The service's answer is a list instead of an object", id="a list"),
        pytest.param({"id": ONE}, "names no host", id="no properties"),
        pytest.param(
            {"id": ONE, "properties": {"serviceOperationsHostName": "a" * 300}},
            "host is none (300 characters)",
            id="a host of 300 letters",
        ),
        pytest.param(
            {"id": ".evil.example/x", "properties": {"serviceOperationsHostName": "h.example"}},
            "id of the service is no path",
            id="an id that continues the host",
        ),
        pytest.param(
            {"id": ONE, "properties": {"serviceOperationsHostName": 5}},
            "properties.serviceOperationsHostName in the service's answer is a number",
            id="a number",
        ),
    ],
)
def test_a_service_without_a_host_is_named(answer, problem, client_secret, run_offline):
    client_secret.server.expect_oneshot_request(ONE).respond_with_json(answer)

    ran = run_offline("enrollment-group list -n mydps -g rg", expect=1)

    assert problem in ran.err


def test_a_list_of_another_form_is_named(client_secret, run_offline):
    client_secret.server.expect_oneshot_request(ALL).respond_with_json({"values": []})

    ran = run_offline("enrollment-group list -n mydps", expect=1)

    assert "value in the service's answer is nothing instead of a list" in ran.err


@pytest.mark.usefixtures("client_secret")
def test_a_connection_string_as_a_name_is_not_repeated(run_offline):
    ran = run_offline(
        ["enrollment-group", "list", "-n", "HostName=h;SharedAccessKey=abc"], expect=2
    )

    assert "A connection string goes with --login" in ran.err
    assert "abc" not in ran.err


def test_a_name_typed_beats_a_connection_string_of_the_environment(
    client_secret, service, run_offline, monkeypatch
):
    client_secret.add("mydps", service.policy_key)
    monkeypatch.setenv(
        "DPSCTL_LOGIN", "HostName=other;SharedAccessKeyName=a;SharedAccessKey=YWFhYQ=="
    )

    run_offline("enrollment-group list -n mydps -g rg")

    assert client_secret.asked == [f"GET {ONE}", f"POST {ONE}/listkeys"]


@pytest.mark.usefixtures("client_secret")
def test_a_subscription_that_is_not_there_is_named_in_arms_words(run_offline):
    missing = "00000000-0000-0000-0000-000000000000"

    ran = run_offline(f"enrollment-group list -n mydps --subscription {missing}", expect=3)

    assert f"No subscription {missing}" in ran.err
    assert "SubscriptionNotFound" in ran.err


@pytest.mark.parametrize(
    ("where", "place"),
    [
        pytest.param("-g rg", "resource group rg", id="in a group"),
        pytest.param("", "the subscription", id="in the subscription"),
    ],
)
def test_a_name_that_is_not_there_lists_those_that_are(
    where, place, client_secret, service, run_offline
):
    client_secret.add("other-dps", service.policy_key)

    ran = run_offline(f"enrollment-group list -n mydps {where}", expect=3)

    assert f"--dps-name mydps: there is no such service in {place}" in ran.err
    assert "other-dps (resource group rg)" in ran.err


def test_a_subscription_may_be_given_by_its_name(client_secret, service, run_offline):
    client_secret.add("mydps", service.policy_key)

    run_offline("enrollment-group list -n mydps -g rg --subscription Production")

    assert client_secret.asked[0] == "GET /subscriptions"


@pytest.mark.parametrize(
    ("flag", "problem"),
    [
        pytest.param("", "No subscription is named", id="none named"),
        pytest.param("--subscription test", "--subscription test: is ambiguous", id="ambiguous"),
        pytest.param("--subscription x", "--subscription x: is not among those", id="missing"),
    ],
)
def test_subscriptions_to_choose_from_are_listed(
    flag, problem, client_secret, run_offline, monkeypatch
):
    monkeypatch.delenv("AZURE_SUBSCRIPTION_ID")
    client_secret.subscriptions |= {"id-1": "Test", "id-2": "test"}

    ran = run_offline(f"enrollment-group list -n mydps {flag}", expect=3)

    assert problem in ran.err
    assert "Test (id-1), test (id-2)" in ran.err


def test_the_only_subscription_needs_no_name(client_secret, service, run_offline, monkeypatch):
    monkeypatch.delenv("AZURE_SUBSCRIPTION_ID")
    client_secret.add("mydps", service.policy_key)

    ran = run_offline("enrollment-group list -n mydps -g rg")

    assert ran.json == []


def test_a_place_that_was_found_is_remembered_and_no_key_with_it(
    client_secret, service, run_offline
):
    client_secret.add("mydps", service.policy_key)
    run_offline("enrollment-group list -n mydps -g rg")
    client_secret.server.clear_log()

    run_offline("enrollment-group list -n MyDps -g rg")

    assert client_secret.asked == [f"POST {ONE}/listkeys"]
    cache = Path(os.environ["XDG_CACHE_HOME"], "dpsctl", "services.json")
    assert "mydps.azure-devices-provisioning.net" in cache.read_text()
    assert service.policy_key not in cache.read_text()
    assert cache.stat().st_mode & 0o777 == 0o600


def test_a_service_that_moved_is_found_anew(client_secret, service, run_offline):
    client_secret.add("mydps", service.policy_key, group="old")
    run_offline("enrollment-group list -n mydps")
    client_secret.services.clear()
    client_secret.add("mydps", service.policy_key, group="new")

    ran = run_offline("enrollment-group list -n mydps")

    assert ran.json == []


def test_a_spoilt_cache_spoils_nothing(client_secret, service, run_offline):
    client_secret.add("mydps", service.policy_key)
    cache = Path(os.environ["XDG_CACHE_HOME"], "dpsctl", "services.json")
    cache.parent.mkdir(parents=True)
    cache.write_text("[not json")

    ran = run_offline("enrollment-group list -n mydps -g rg")

    assert ran.json == []


def test_usage_errors_are_found_before_anybody_is_asked(client_secret, run_offline):
    run_offline(
        "enrollment-group create --gid g -n mydps -g rg --allocation-policy static", expect=2
    )

    assert client_secret.asked == []


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [
        pytest.param(403, "AuthorizationFailed", "listkeys/action", id="no right"),
        pytest.param(401, "ExpiredAuthenticationToken", "az login", id="a token refused"),
    ],
)
def test_arms_refusals_say_what_to_do(status, code, hint, client_secret, run_offline):
    client_secret.server.expect_oneshot_request(ONE).respond_with_json(
        {"error": {"code": code, "message": "No."}}, status=status
    )

    ran = run_offline("enrollment-group list -n mydps -g rg", expect=4)

    assert f"No (HTTP {status}, {code})" in ran.err
    assert hint in ran.err


def test_arm_is_asked_again_when_it_throttles(client_secret, service, run_offline):
    client_secret.add("mydps", service.policy_key)
    client_secret.server.expect_oneshot_request(ONE).respond_with_data(
        "{}", status=429, headers={"Retry-After": "0"}
    )

    ran = run_offline("enrollment-group list -n mydps -g rg")

    assert ran.json == []


def test_a_link_to_another_host_is_not_followed(client_secret, run_offline):
    client_secret.server.expect_oneshot_request(ALL).respond_with_json(
        {"value": [], "nextLink": "https://elsewhere.example/subscriptions?page=2"}
    )

    ran = run_offline("enrollment-group list -n mydps", expect=1)

    assert "link to the next page leads elsewhere: https, elsewhere.example" in ran.err


def test_a_name_that_is_none_is_refused_before_anybody_is_asked(client_secret, run_offline):
    ran = run_offline(["enrollment-group", "list", "-n", "my dps!"], expect=2)

    assert "--dps-name my dps!: that is no name of a provisioning service" in ran.err
    assert client_secret.asked == []


def test_a_dry_run_says_where_it_would_write(client_secret, service, run_offline):
    client_secret.add("mydps", service.policy_key)

    ran = run_offline("enrollment-group create --gid g -n mydps -g rg --dry-run")

    assert ran.json["method"] == "PUT"
    assert json.loads(run_offline("enrollment-group list -n mydps -g rg").out) == []


def test_service_without_a_name_is_told_of(client_secret, run_offline):
    client_secret.server.expect_oneshot_request(ALL).respond_with_json({"value": [{"id": ONE}]})

    ran = run_offline("enrollment-group list -n mydps", expect=3)

    assert "There is a service without a name" in ran.err


def test_key_of_a_policy_that_is_none_is_named(client_secret, run_offline):
    client_secret.add("mydps", "no base64 at all")

    ran = run_offline("enrollment-group list -n mydps -g rg", expect=1)

    assert "ARM's key of the policy provisioningserviceowner" in ran.err
    assert "no base64 at all" not in ran.err

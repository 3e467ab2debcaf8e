"""Signing in: each source of tokens, their order, and what is said when there is none."""

import sys
import time

import pytest

from dpsctl.errors import Unauthorized
from dpsctl.run import Run
from dpsctl.service.azure.clouds import DPS_SCOPE, cloud_of
from dpsctl.service.azure.identity import CENTRAL_SCOPE, Identity, is_for

LIST = "enrollment-group list -n mydps --auth-type login"
ARM = "https://management.azure.com/.default"


@pytest.fixture
def no_azure_identity(monkeypatch):
    """Make dpsctl believe that the extra `azure` is not installed."""
    monkeypatch.setitem(sys.modules, "azure.identity", None)


def test_the_token_of_the_environment_comes_first(client_secret, run_offline, monkeypatch, tokens):
    monkeypatch.setenv("DPSCTL_ACCESS_TOKEN", tokens.dps)

    run_offline(LIST)

    assert client_secret.scopes == []


def test_a_token_for_the_service_is_not_sent_to_arm(
    client_secret, service, run_offline, monkeypatch, tokens
):
    client_secret.add("mydps", service.policy_key)
    monkeypatch.setenv("DPSCTL_ACCESS_TOKEN", tokens.dps)

    run_offline("enrollment-group list -n mydps -g rg")

    assert client_secret.scopes == [ARM]


def test_a_token_for_arm_finds_the_key(azure, service, run_offline, monkeypatch, tokens):
    azure.add("mydps", service.policy_key)
    monkeypatch.setenv("DPSCTL_ACCESS_TOKEN", tokens.arm)

    ran = run_offline("enrollment-group list -n mydps -g rg")

    assert ran.json == []
    assert azure.scopes == []


@pytest.mark.usefixtures("azure", "no_azure_identity")
def test_a_token_for_another_service_says_so(run_offline, monkeypatch, tokens):
    monkeypatch.setenv("DPSCTL_ACCESS_TOKEN", tokens.dps)

    ran = run_offline("enrollment-group list -n mydps -g rg", expect=4)

    assert f"is a token for {tokens.audience}, not for {ARM}" in ran.err
    assert tokens.dps not in ran.err


@pytest.mark.usefixtures("azure")
def test_a_token_that_has_run_out_is_not_sent(run_offline, monkeypatch, tokens):
    old = tokens.make(tokens.audience, exp=time.time() - 60)
    monkeypatch.setenv("DPSCTL_ACCESS_TOKEN", old)

    ran = run_offline(LIST, expect=4)

    assert "DPSCTL_ACCESS_TOKEN has run out 60 s ago" in ran.err
    assert "az account get-access-token" in ran.err


@pytest.mark.parametrize(
    ("token", "line", "hint"),
    [
        pytest.param("reader", "create --gid g", "Data Contributor' to write", id="403"),
        pytest.param(None, "list", "The token was not accepted", id="401"),
    ],
)
@pytest.mark.usefixtures("azure")
def test_a_refused_token_says_which_role_is_missing(
    token, line, hint, run_offline, monkeypatch, tokens
):
    monkeypatch.setenv(
        "DPSCTL_ACCESS_TOKEN", getattr(tokens, token) if token else "an-unknown-token"
    )

    ran = run_offline(f"enrollment-group {line} -n mydps --auth-type login", expect=4)

    assert hint in ran.err


def test_a_federated_token_signs_in_as_a_workload(
    azure, run_offline, monkeypatch, tmp_path, tokens
):
    federated = tmp_path / "token"
    federated.write_text("the-federated-token")
    monkeypatch.setenv("AZURE_TENANT_ID", tokens.tenant)
    monkeypatch.setenv("AZURE_CLIENT_ID", "an-application")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(federated))

    run_offline(LIST)

    assert azure.grants[0]["client_assertion"] == "the-federated-token"


@pytest.fixture
def github(azure, monkeypatch, tokens):
    """A job of GitHub that may ask who it is."""
    azure.server.expect_request(
        "/idtoken",
        query_string={"id": "7", "audience": "api://AzureADTokenExchange"},
        headers={"Authorization": "Bearer the-request-token"},
    ).respond_with_json({"value": "the-token-of-the-job"})
    monkeypatch.setenv("AZURE_TENANT_ID", tokens.tenant)
    monkeypatch.setenv("AZURE_CLIENT_ID", "an-application")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{azure.url}/idtoken?id=7")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "the-request-token")
    return azure


def test_a_job_of_github_signs_in_with_what_github_says_of_it(github, run_offline):
    run_offline(LIST)

    assert github.grants[0]["client_assertion"] == "the-token-of-the-job"


def test_a_job_without_the_right_to_ask_is_told_so(github, run_offline):
    github.server.clear_all_handlers()
    github.server.expect_request("/idtoken").respond_with_json({})

    ran = run_offline(LIST, expect=4)

    assert "GitHub's answer holds no token" in ran.err


@pytest.mark.parametrize("installed", [True, False], ids=["azure-identity", "without it"])
def test_az_gives_a_token_where_it_is_signed_in(installed, az, run_offline, request):
    if not installed:
        request.getfixturevalue("no_azure_identity")

    ran = run_offline(LIST)

    assert ran.json == []
    resource = "https://azure-devices-provisioning.net"
    assert f"account get-access-token --output json --resource {resource}" in az.read_text()


@pytest.mark.usefixtures("no_azure_identity")
def test_a_token_is_fetched_once_for_many_requests(az, run_offline):
    run_offline("enrollment-group create --gid g -n mydps --auth-type login")
    az.write_text("")

    run_offline("enrollment-group update --gid g --edge-enabled -n mydps --auth-type login")

    assert len(az.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        pytest.param(
            "echo 'Please run az login' >&2; exit 1", "Please run az login", id="no login"
        ),
        pytest.param("echo nonsense", "its answer is no token", id="nonsense"),
    ],
)
@pytest.mark.usefixtures("no_azure_identity")
def test_what_az_has_against_it_is_said(script, problem, az, run_offline):
    (az.parent / "bin" / "az").write_text(f"#!/bin/sh\n{script}\n")

    ran = run_offline(LIST, expect=4)

    assert f"az gave no access token: {problem}" in ran.err
    assert "'az login' signs in" in ran.err


def test_a_secret_that_entra_refuses_is_not_told(client_secret, run_offline, monkeypatch):
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "a-wrong-client-secret")

    ran = run_offline(f"{LIST} --debug", expect=4)

    assert "AADSTS7000215: Invalid client secret provided." in ran.err
    assert "a-wrong-client-secret" not in ran.err
    assert client_secret.grants[0]["client_secret"] == "a-wrong-client-secret"


@pytest.mark.parametrize("installed", [True, False], ids=["azure-identity", "without it"])
@pytest.mark.usefixtures("azure")
def test_nobody_signed_in_is_told_every_way(installed, run_offline, request, monkeypatch):
    if not installed:
        request.getfixturevalue("no_azure_identity")
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")  # nobody's port

    ran = run_offline(LIST, expect=4)

    assert ran.err.startswith("dpsctl: Nobody is signed in to Azure\n")
    for way in ("DPSCTL_ACCESS_TOKEN", "az login", "dpsctl[azure]", "AZURE_CLIENT_SECRET"):
        assert way in ran.err


def test_a_managed_identity_is_asked_last(azure, run_offline, monkeypatch, tokens):
    azure.server.expect_request(
        "/msi", headers={"X-IDENTITY-HEADER": "the-header"}
    ).respond_with_json(
        {
            "access_token": tokens.dps,
            "expires_on": "4000000000",
            "token_type": "Bearer",
            "resource": tokens.audience,
        }
    )
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{azure.url}/msi")
    monkeypatch.setenv("IDENTITY_HEADER", "the-header")

    ran = run_offline(LIST)

    assert ran.json == []


def test_a_virtual_machine_is_asked_for_its_identity(
    azure, run_offline, monkeypatch, httpserver, tokens
):
    httpserver.expect_request("/metadata/identity/oauth2/token").respond_with_json(
        {"access_token": tokens.dps, "expires_in": "3600", "resource": tokens.audience}
    )
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", httpserver.url_for("").rstrip("/"))

    ran = run_offline(LIST)

    assert ran.json == []
    assert azure.grants == []


def test_settings_that_azure_identity_refuses_are_named(client_secret, run_offline, monkeypatch):
    monkeypatch.setenv("AZURE_TENANT_ID", "no tenant!")

    ran = run_offline(LIST, expect=4)

    assert "azure-identity: Invalid tenant ID" in ran.err
    assert client_secret.grants == []


def test_every_token_and_secret_is_masked_in_the_trace(client_secret, service, run_offline, tokens):
    client_secret.add("mydps", service.policy_key)

    ran = run_offline("enrollment-group create --gid g -n mydps -g rg --debug")

    for secret in (service.policy_key, "the-client-secret", *tokens.every):
        assert secret not in ran.err
    assert "listkeys" in ran.err


def test_a_token_about_to_end_is_fetched_anew(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    az = tmp_path / "az"
    az.write_text('#!/bin/sh\necho "{\\"accessToken\\": \\"t$$\\", \\"expires_on\\": 1}"\n')
    az.chmod(0o755)
    identity = Identity(cloud_of(None), True, Run({"PATH": f"{tmp_path}:/bin"}))

    first, second = (identity.authorization(DPS_SCOPE) for _ in range(2))

    assert first != second


@pytest.mark.parametrize(
    ("audience", "scope", "fits"),
    [
        pytest.param("https://management.azure.com", ARM, True, id="ARM"),
        pytest.param("https://management.core.windows.net/", ARM, True, id="ARM, az's way"),
        pytest.param("https://management.azure.com/", DPS_SCOPE, False, id="ARM for DPS"),
        pytest.param("https://azure-devices-provisioning.net", DPS_SCOPE, True, id="DPS"),
        pytest.param("https://azure-devices-provisioning.net", CENTRAL_SCOPE, False, id="Central"),
        pytest.param("0cd79364-7a90-4354-9984-6e36c841418d", DPS_SCOPE, True, id="an app's id"),
    ],
)
def test_a_token_fits_unless_it_is_for_another_service(audience, scope, fits, tokens):
    assert is_for(tokens.make(audience), scope) is fits


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.W10.c"], ids=["opaque", "no JSON", "list"])
def test_a_token_that_says_nothing_fits(token):
    assert is_for(token, DPS_SCOPE)


def test_nobody_without_a_path_to_look_for_az(monkeypatch):
    monkeypatch.setitem(sys.modules, "azure.identity", None)

    with pytest.raises(Unauthorized, match="Nobody is signed in"):
        Identity(cloud_of(None), True, Run({"PATH": "/nowhere"})).authorization(DPS_SCOPE)

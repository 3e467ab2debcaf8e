"""Where a command connects, whom it trusts, and as whom it signs."""

import pytest

KEY = "ZmFrZS1wb2xpY3kta2V5LW9mLXRoZS10ZXN0cyE="
OTHER = "b3RoZXItcG9saWN5LWtleS1vZi10aGUtdGVzdHM="


def login(host="dps.example", policy="owner", key=KEY):
    return f"HostName={host};SharedAccessKeyName={policy};SharedAccessKey={key}"


@pytest.fixture
def listed(odd_service, run_offline):
    """List groups with more words; return the request that was sent."""
    odd_service.expect_request("/enrollmentGroups/query").respond_with_json([])

    def send(*words):
        run_offline(["enrollment-group", "list", *words])
        return odd_service.log[-1][0]

    return send


def test_token_names_the_host_of_the_connection_string_wherever_it_is_sent(listed, monkeypatch):
    monkeypatch.setenv("DPSCTL_LOGIN", login("other.example", "reader"))
    token = listed().headers["Authorization"]

    assert token.startswith("SharedAccessSignature sr=other.example&sig=")
    assert token.endswith("&skn=reader")


def test_connection_string_given_beats_the_one_of_the_environment(listed):
    request = listed("-l", login("dps.example", "reader"))

    assert request.headers["Authorization"].endswith("&skn=reader")


def test_connection_string_wins_over_the_other_ways_to_name_a_service(listed):
    words = ["-n", "name", "-g", "group", "--subscription", "s", "--auth-type", "login"]

    request = listed(*words, "--login", login("dps.example"))

    assert "sr=dps.example" in request.headers["Authorization"]


def test_version_of_the_service_is_sent(listed, monkeypatch):
    assert listed().query_string == b"api-version=2021-10-01"
    monkeypatch.setenv("DPSCTL_SERVICE_API_VERSION", "2025-07-01-preview")
    assert listed().query_string == b"api-version=2025-07-01-preview"
    request = listed("--service-api-version", "2021-06-01")
    assert request.query_string == b"api-version=2021-06-01"


def test_nobody_named_is_exit_2(run_offline):
    ran = run_offline("enrollment-group list", expect=2)

    assert "--login" in ran.err


@pytest.mark.parametrize(
    "url",
    [
        "nowhere",
        "ftp://h",
        "https://",
        "http://[",
        "https://h:99999",
        "https://user:secret@h",
        "https://h?x=1",
        "https://h#x",
        "https://a b",
    ],
)
def test_endpoint_that_is_no_place_is_refused(run_offline, odd_service, monkeypatch, url):
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", url)

    ran = run_offline("enrollment-group list", expect=2)

    assert ran.err.startswith("dpsctl: DPSCTL_ENDPOINT_URL: ")
    assert "secret" not in ran.err
    assert odd_service.log == []


@pytest.mark.parametrize(
    "url",
    [
        "http://dps.example",
        "http://127.evil.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "HTTP://10.0.0.1",
    ],
)
@pytest.mark.usefixtures("odd_service")
def test_plain_http_is_refused_beyond_this_machine(run_offline, monkeypatch, url):
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", url)

    assert "plain http" in run_offline("enrollment-group list", expect=2).err


def test_endpoint_may_have_a_path_and_a_slash(listed, odd_service, monkeypatch):
    odd_service.expect_request("/base/enrollmentGroups/query").respond_with_json([])
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", odd_service.url_for("/base/"))

    assert listed().path == "/base/enrollmentGroups/query"


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_ca_file_of_the_environment_is_trusted(run, emulator, monkeypatch, name):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.setenv(name, str(emulator.ca_file))

    assert run("enrollment-group list").json == []


def test_ca_file_given_beats_that_of_the_environment(run, emulator, monkeypatch, certificate_file):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate_file()))

    run("enrollment-group list", expect=7)
    assert run(f"enrollment-group list --ca-bundle {emulator.ca_file}").json == []


def test_ca_file_that_is_not_there_names_who_said_so(run, monkeypatch):
    by_flag = run("enrollment-group list --ca-bundle /nonexistent", expect=2)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent")
    by_variable = run("enrollment-group list", expect=2)

    assert "--ca-bundle /nonexistent" in by_flag.err
    assert "REQUESTS_CA_BUNDLE /nonexistent" in by_variable.err


def test_ca_file_without_certificates_is_refused(run, tmp_path):
    (tmp_path / "ca.pem").write_text("hello")

    ran = run(f"enrollment-group list --ca-bundle {tmp_path}/ca.pem", expect=2)

    assert "ca.pem holds no certificates to trust" in ran.err


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "0", "0.05", "1e9"])
def test_timeout_that_is_no_time_is_refused(run_offline, seconds):
    assert "--timeout" in run_offline(f"enrollment-group list --timeout={seconds}", expect=2).err


def test_wrong_key_is_a_sign_in_error(run, emulator, monkeypatch):
    monkeypatch.setenv("DPSCTL_LOGIN", login(emulator.host, "provisioningserviceowner", OTHER))

    ran = run("enrollment-group list", expect=4)

    assert "policy's name and key" in ran.err

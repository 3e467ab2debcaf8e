"""A command line and an environment that contradict each other, and what is no part of a value."""

import base64

import pytest

KEY = "ZmFrZS1wb2xpY3kta2V5LW9mLXRoZS10ZXN0cyE="
LIST = "enrollment-group list"


def login_for(host):
    return f"HostName={host};SharedAccessKeyName=owner;SharedAccessKey={KEY}"


def test_typed_login_of_another_service_than_the_endpoint_is_refused(run, signed_in, monkeypatch):
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", signed_in.endpoint)

    ran = run(
        [*LIST.split(), "--login", login_for("other.azure-devices-provisioning.net")], expect=2
    )

    assert ran.err.startswith(
        "dpsctl: --login is for other.azure-devices-provisioning.net, and DPSCTL_ENDPOINT_URL sends"
    )
    assert signed_in.requests() == []


def test_typed_login_of_the_endpoint_is_taken(run_offline, signed_in, monkeypatch):
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", signed_in.endpoint)
    monkeypatch.delenv("DPSCTL_LOGIN")

    assert run_offline([*LIST.split(), "--login", signed_in.connection_string]).json == []


def test_typed_login_for_the_host_of_the_variables_own_is_taken(run, signed_in, monkeypatch):
    host = "my-dps.azure-devices-provisioning.net"
    key = signed_in.connection_string.rpartition("SharedAccessKey=")[2]
    typed = login_for(host).replace(KEY, key).replace("=owner;", "=provisioningserviceowner;")
    monkeypatch.setenv("DPSCTL_LOGIN", login_for(host))
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", signed_in.endpoint)

    assert run([*LIST.split(), "--login", typed]).json == []


@pytest.mark.parametrize("quote", ['"', "'"])
def test_quotes_around_a_connection_string_are_named(run_offline, monkeypatch, quote):
    monkeypatch.setenv("DPSCTL_LOGIN", f"{quote}{login_for('dps.example')}{quote}")

    ran = run_offline(LIST, expect=2)

    assert ran.err.startswith("dpsctl: DPSCTL_LOGIN: there are quotes around the value")
    assert KEY not in ran.err


@pytest.mark.parametrize(
    "line",
    [
        ["enrollment-group", "compute-device-key", "--rid", "d", "--key", f'"{KEY}"'],
        ["enrollment-group", "create", "--gid", "g", "--primary-key", f"'{KEY}'"],
        ["device", "register", "--rid", "d", "--id-scope", "0ne1", "--key", f'"{KEY}"'],
    ],
)
def test_quotes_around_a_key_are_named(run_offline, line):
    ran = run_offline(line, expect=2)

    assert "there are quotes around the key, and they are no part of it" in ran.err
    assert KEY not in ran.err


def test_connection_string_cut_at_its_first_semicolon_is_named(run_offline):
    ran = run_offline([*LIST.split(), "--login", "HostName=dps.example"], expect=2)

    assert "the connection string has no SharedAccessKeyName" in ran.err
    assert "hint: A shell ends a command at each ';'" in ran.err


def test_typed_name_says_that_it_sets_the_login_aside_where_nobody_is_signed_in(run, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    ran = run(f"{LIST} --dps-name my-dps", expect=4)

    assert "hint: DPSCTL_LOGIN is set aside by --dps-name" in ran.err


@pytest.mark.parametrize(
    "etag", ["0a001f42-0000-0800-0000-646801ed0000", '"0a001f42-0000-0800-0000-646801ed0000"']
)
def test_etag_is_sent_as_it_was_typed_even_as_a_webhook_shows_it(run, etag):
    run("enrollment-group create --gid g1")

    planned = run(["enrollment-group", "delete", "--gid", "g1", "--etag", etag, "--dry-run"]).json

    assert planned["headers"]["If-Match"] == etag


def test_etag_as_the_webhook_shows_it_is_answered_with_the_one_to_give(run):
    etag = run("enrollment-group create --gid g1").json["etag"]
    decoded = base64.b64decode(etag).decode().strip('"')

    ran = run(f"enrollment-group delete --gid g1 --etag {decoded}", expect=1)

    assert "It takes an etag as 'show' prints it" in ran.err


def test_version_that_is_no_date_is_refused(run_offline, monkeypatch):
    monkeypatch.setenv("DPSCTL_SERVICE_API_VERSION", "v2")

    ran = run_offline(LIST, expect=2)

    assert ran.err.startswith("dpsctl: --service-api-version v2: versions are dates")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "enrollment-group show",
            "hint: Write it so: dpsctl enrollment-group show --gid line-4\n",
        ),
        ("enrollment-group show --gid", "--gid needs a value\nhint: Write --gid ID.\n"),
        (
            "enrollment-group show --gid -x",
            "hint: A value that starts with a dash is written --gid=",
        ),
        (
            f"enrollment create --eid e --login '{login_for('dps.example')}'",
            "--attestation-type is missing\nhint: It takes symmetricKey, tpm, x509.\n",
        ),
        (
            "device register --id-scope 0ne1 --rid d",
            "--key, --group-key or --certificate-path is missing",
        ),
    ],
)
def test_what_is_missing_is_told_with_what_it_takes(run_offline, line, said):
    assert said in run_offline(line, expect=2).err

"""A service that takes no policy keys: who is signed in gets in, and who insists is told why."""

import pytest

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings

NAMED = "-n my-dps -g my-rg"


@pytest.fixture
def closed(monkeypatch, run_offline):
    """Run dpsctl in the environment of an emulator that access tokens alone open."""
    with Emulator(EmulatorSettings(disable_local_auth=True)) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        run_offline.emulator = running
        yield run_offline


def test_signed_in_user_takes_over_from_the_key_with_one_warning(closed):
    made = closed(f"enrollment-group create --gid g1 {NAMED}")
    listed = closed(f"enrollment-group list {NAMED}")

    assert made.json["enrollmentGroupId"] == "g1"
    assert len(listed.json) == 1
    assert made.err.count("warning") == 1
    assert "disableLocalAuth" in made.err
    assert "--auth-type login" in made.err


def test_who_signs_in_as_a_user_is_warned_of_nothing(closed):
    assert closed(f"enrollment-group list {NAMED} --auth-type login").err == ""


def test_who_insists_on_a_key_is_told_the_cause_and_the_way_out(closed):
    refused = closed(f"enrollment-group list {NAMED} --auth-type key", expect=4).err

    assert "disableLocalAuth" in refused
    assert "--auth-type login" in refused


def test_many_writes_at_a_time_are_each_signed_anew(closed, tmp_path):
    ids = tmp_path / "ids.csv"
    ids.write_text("enrollment-id\n" + "".join(f"d{number}\n" for number in range(60)))

    made = closed(f"enrollment create --from {ids} --at symmetricKey {NAMED} -o none")

    assert made.err.count("disableLocalAuth") == 1
    assert len(closed(f"enrollment list {NAMED} --auth-type login").json) == 60


def test_doctor_reports_it(closed):
    fallen_back = closed(f"doctor {NAMED} -o json")
    insisting = closed(f"doctor {NAMED} --auth-type key -o json", expect=4)

    sign_in = {found["check"]: found for found in fallen_back.json}["sign-in"]
    failed = {found["check"]: found for found in insisting.json}["sign-in"]
    assert sign_in["status"] == "ok"
    assert "disableLocalAuth" in sign_in["detail"]
    assert failed["status"] == "failed"
    assert "--auth-type login" in failed["hint"]


@pytest.mark.usefixtures("signed_in")
def test_wrong_key_of_a_service_that_takes_keys_stays_a_wrong_key(inside, emulator):
    emulator.faults.replace(["401 once on POST"])

    refused = inside(f"enrollment-group list {NAMED}", expect=4).err

    assert "disableLocalAuth" not in refused
    assert "Unauthorized" in refused


def test_auth_type_login_signs_as_the_user_at_the_service_of_the_environments_string(
    closed, monkeypatch
):
    typed = closed("enrollment-group list --auth-type login")
    found = closed("doctor --auth-type login -o json").json
    monkeypatch.setenv("DPSCTL_AUTH_TYPE", "login")
    of_environment = closed("enrollment-group list")

    assert (typed.err, of_environment.err) == ("", "")
    assert found[1]["detail"].endswith("with auth type login")


def test_auth_type_of_a_context_counts_for_its_own_string_and_not_for_the_environments(
    closed, monkeypatch, tmp_path
):
    (tmp_path / "login").write_text(closed.emulator.connection_string)
    (tmp_path / "login").chmod(0o600)
    closed(f"config set --context c login_file={tmp_path}/login auth_type=login")

    closed("config use-context c")

    refused = closed("enrollment-group list", expect=4)
    monkeypatch.delenv("DPSCTL_LOGIN")

    assert "401002" in refused.err
    assert closed("enrollment-group list").json == []


def test_typed_connection_string_signs_with_its_key_as_with_az(closed, monkeypatch):
    login = closed.emulator.connection_string
    monkeypatch.delenv("DPSCTL_LOGIN")

    refused = closed(
        ["enrollment-group", "list", "--login", login, "--auth-type", "login"], expect=4
    )

    assert "warning: --auth-type login is not heeded" in refused.err
    assert "use --dps-name with --auth-type login" in refused.err


def test_connection_string_is_refused_without_a_word_of_looking_up(closed):
    refused = closed("enrollment-group list", expect=4)

    assert "401002" in refused.err
    assert all(not asked["path"].startswith("/subs") for asked in closed.emulator.requests())

"""`device registration` as az has it: what is not given is looked up, and a poll taken up again."""

from pathlib import Path

import pytest

from dpsctl.keys import derive_device_key

KEY = "UFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUA=="
CREATE = "device registration create --rid d1"
DEVICE_KEY = derive_device_key(KEY, "d1")
HUB = "hub-1.azure-devices.net"


@pytest.fixture
def inside(signed_in, monkeypatch):
    """Work in the environment of the emulator."""
    for name, value in signed_in.environment.items():
        monkeypatch.setenv(name, value)
    return signed_in


@pytest.fixture
def group(run, inside):
    run(f"enrollment-group create --gid g1 --pk {KEY}")
    return inside


@pytest.fixture
def by_name(group, monkeypatch):
    """Leave only what a name needs: no connection string, and no id scope."""
    for name in ("DPSCTL_LOGIN", "DPSCTL_ID_SCOPE", "DPSCTL_EMULATOR"):
        monkeypatch.delenv(name)
    return group


@pytest.mark.parametrize(
    "proof",
    [
        f"--key {DEVICE_KEY}",
        f"--symmetric-key {DEVICE_KEY} --gid g1",
        f"--key {KEY} --compute-key",
        f"--key {KEY} --ck true",
        "--gid g1",
        "--enrollment-group-id g1 --ck",
    ],
)
@pytest.mark.usefixtures("group")
def test_device_of_a_group_registers(run, proof):
    ran = run(f"{CREATE} {proof}")

    assert set(ran.json) == {"operationId", "status", "registrationState"}
    assert (ran.json["status"], ran.json["registrationState"]["assignedHub"]) == ("assigned", HUB)
    assert ran.err == ""


def test_key_of_an_individual_enrollment_is_read(run, inside):
    run(f"enrollment create --eid d1 --at symmetricKey --pk {KEY} --device-id pump-1")

    ran = run(f"{CREATE} --payload model=p7 --id-scope {inside.id_scope}")

    assert ran.json["registrationState"]["deviceId"] == "pump-1"


@pytest.mark.parametrize("proof", ["--gid g1", f"--key {KEY} --ck"])
def test_id_scope_and_key_are_looked_up_by_name(run_offline, by_name, proof):
    ran = run_offline(f"{CREATE} -n my-dps -g my-rg {proof}")

    assert ran.json["status"] == "assigned"
    asked = [request["path"] for request in by_name.requests()]
    assert any("provisioningServices/my-dps" in path for path in asked)
    assert f"/{by_name.id_scope}/registrations/d1/register" in asked


def test_certificate_is_shown(run, inside, issue):
    device = issue("d1")
    run(f"enrollment create --eid d1 --at x509 --certificate-path {device.path}")
    files = f"--certificate-file-path {device.path} --key-file-path {device.key_path}"

    assert run(f"{CREATE} {files}").json["status"] == "assigned"
    assert run(f"{CREATE} --cp {device.path} --kp {device.key_path}").json["status"] == "assigned"
    refused = run(f"{CREATE} --scope {inside.id_scope}", expect=2)
    assert refused.err.startswith("dpsctl: --registration-id d1: the attestation is x509\n")


@pytest.mark.usefixtures("inside")
def test_device_with_a_tpm_is_left_to_register_itself(run):
    key = Path(__file__).parents[1] / "data" / "endorsement-key.txt"
    run(f"enrollment create --eid d1 --at tpm --ek @{key}")

    ran = run(CREATE, expect=2)

    assert "the attestation is tpm\nhint: dpsctl has no TPM" in ran.err


@pytest.mark.parametrize("proof", ["--gid g1", f"--key {DEVICE_KEY}"])
@pytest.mark.usefixtures("group")
def test_operation_is_asked_for_again(run, proof):
    made = run(f"{CREATE} {proof}").json
    line = f"device registration operation-status --rid d1 --operation-id {made['operationId']}"

    assert run(f"{line} {proof}").json == made


@pytest.mark.usefixtures("group")
def test_operation_that_there_is_not_is_not_blamed_on_the_enrollment(run):
    run(f"{CREATE} --gid g1")
    line = "device registration operation-status --rid d1 --gid g1 --operation-id 4.none"

    missing = run(line, expect=3)

    assert "hint: Is --operation-id as 'create' showed it" in missing.err


def test_wait_that_is_over_tells_how_it_is_taken_up_again(httpserver, run_offline, monkeypatch):
    monkeypatch.setenv("DPSCTL_DEVICE_ENDPOINT_URL", httpserver.url_for("").rstrip("/"))
    going_on = {"operationId": "4.op", "status": "assigning"}
    httpserver.expect_request("/0ne1/registrations/d1/register").respond_with_json(
        going_on, status=202, headers={"Retry-After": "3"}
    )

    over = run_offline(f"{CREATE} --id-scope 0ne1 --key {KEY} --timeout 2", expect=7)

    assert "within 2 seconds" in over.err
    assert "operation-status --operation-id 4.op" in over.err


@pytest.mark.usefixtures("group")
def test_device_that_is_disabled_is_an_error(run):
    run("enrollment-group update --gid g1 --ps disabled")

    run(f"{CREATE} --gid g1", expect=5)


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        ("--cp d.pem --key QUJD", "--certificate-path and --key exclude each other"),
        ("--cp d.pem --ck", "--certificate-path and --compute-key exclude each other"),
        ("--ck", "--compute-key needs --key or --enrollment-group-id"),
        ("--key QUJD", "--id-scope is missing"),
        ("--id-scope 0ne1", "No provisioning service is named"),
    ],
)
def test_what_is_not_enough_is_refused(run_offline, flags, problem):
    assert run_offline(f"{CREATE} {flags}", expect=2).err.startswith(f"dpsctl: {problem}")


@pytest.mark.usefixtures("group")
def test_dry_run_registers_nothing(run):
    planned = run(f"{CREATE} --gid g1 --dry-run").json

    assert planned["method"] == "PUT"
    assert run("enrollment-group registration list --gid g1").json == []

"""Central's certificate story (docs/service.md#e5) with dpsctl alone, until a device registers."""

import json
import shlex

import pytest

GROUP = "central enrollment-group"
REGISTER = (
    "device register --rid sample-device-01 --certificate-path device.pem --key-path device.key"
)


@pytest.fixture
def dpsctl(run_process, signed_in, monkeypatch, tmp_path):
    """Run dpsctl as a process, in a folder of its own, against the emulated application."""
    monkeypatch.setenv("DPSCTL_CENTRAL_APP", signed_in.endpoint)
    monkeypatch.setenv("DPSCTL_CENTRAL_TOKEN", signed_in.central_token)
    monkeypatch.setenv("DPSCTL_ID_SCOPE", signed_in.id_scope)
    monkeypatch.setenv("DPSCTL_DEVICE_ENDPOINT_URL", signed_in.endpoint)

    def dpsctl(line, *, expect=0):
        done = run_process(*shlex.split(line), cwd=tmp_path)
        assert done.returncode == expect, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    return dpsctl


@pytest.fixture
def certificates(dpsctl):
    """Make the root and device certificate, and the group."""
    dpsctl("certificate root --cn mytestrootcert --out root.pem")
    dpsctl("certificate device --rid sample-device-01 --issuer root.pem --out device.pem")
    dpsctl(f"{GROUP} create --id myx509eg --display-name 'My group' --type iot --at x509")


@pytest.mark.usefixtures("certificates")
def test_device_registers_once_its_root_is_proved_step_by_step(dpsctl):
    entry = "--id myx509eg --entry primary"
    dpsctl(f"{GROUP} certificate set {entry} --certificate-path root.pem")
    dpsctl(REGISTER, expect=4)

    code = dpsctl(f"{GROUP} generate-verification-code {entry}")["verificationCode"]
    dpsctl(f"certificate verification --code {code} --issuer root.pem --out proof.pem")
    dpsctl(f"{GROUP} verify-certificate --id myx509eg --certificate-path proof.pem")

    assert dpsctl(f"{GROUP} certificate show {entry}")["verified"] is True
    assert dpsctl(REGISTER)["status"] == "assigned"
    dpsctl(f"{GROUP} certificate delete {entry}")
    dpsctl(REGISTER, expect=4)


@pytest.mark.usefixtures("certificates")
def test_device_registers_once_its_root_is_certified_in_one_step(dpsctl):
    dpsctl("central device create -d sample-device-01")

    dpsctl(f"{GROUP} certify --id myx509eg --certificate-path root.pem --key-path root.key")

    assert dpsctl(REGISTER)["x509"]["enrollmentGroupId"] == "myx509eg"
    assert dpsctl("central device show -d sample-device-01")["provisioned"] is True


@pytest.mark.usefixtures("certificates")
def test_device_of_a_disabled_group_is_not_let_in(dpsctl):
    dpsctl(f"{GROUP} certify --id myx509eg --certificate-path root.pem --key-path root.key")
    dpsctl(f"{GROUP} update --id myx509eg --provisioning-status disabled")

    dpsctl(REGISTER, expect=5)


@pytest.mark.usefixtures("certificates")
def test_device_that_nobody_added_appears_once_it_registers_and_can_be_blocked(dpsctl):
    dpsctl(f"{GROUP} certify --id myx509eg --certificate-path root.pem --key-path root.key")
    dpsctl(REGISTER)

    (device,) = dpsctl("central device list")
    assert (device["id"], device["provisioned"]) == ("sample-device-01", True)

    dpsctl("central device update -d sample-device-01 --enable false")
    dpsctl(REGISTER, expect=5)


def test_device_of_a_group_by_key_registers_with_the_key_derived_for_it(dpsctl):
    group = dpsctl(
        f"{GROUP} create --id line-4 --display-name L --type iot --at symmetricKey --show-keys"
    )
    key = group["attestation"]["symmetricKey"]["primaryKey"]
    derived = dpsctl(f"central device compute-device-key --pk {key} -d device-1")

    registered = dpsctl(f"device register --rid device-1 --key {derived}")

    assert registered["symmetricKey"]["enrollmentGroupId"] == "line-4"

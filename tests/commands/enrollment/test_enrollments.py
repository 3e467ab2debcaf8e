"""`dpsctl enrollment`: individual enrollments, against the emulator."""

import json
from pathlib import Path

import pytest

KEY = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="
OTHER_KEY = "c2l4dGVlbiBvdGhlciBieXRlcyBoZXJl"
# Microsoft's own sample of a record with every field (IndividualEnrollment, MaximumSet).
DATA = Path(__file__).parents[2] / "data"
EK, OTHER_EK, SRK = (
    (DATA / f"{name}-key.txt").read_text().strip()
    for name in ("endorsement", "other-endorsement", "storage-root")
)
MAXIMUM_SET = json.loads((DATA / "enrollment-maximum.json").read_text(encoding="utf-8"))
READ_ONLY = {"etag", "registrationState", "createdDateTimeUtc", "lastUpdatedDateTimeUtc"}


@pytest.mark.parametrize(
    ("flags", "field", "value"),
    [
        pytest.param("-d pump-1", "deviceId", "pump-1", id="device id"),
        pytest.param("--info a:=1", "optionalDeviceInformation", {"a": 1}, id="information"),
        pytest.param("--tags site=eu", "initialTwin", {"tags": {"site": "eu"}}, id="tags"),
        pytest.param("--ee", "capabilities", {"iotEdge": True}, id="edge"),
        pytest.param("--ps disabled", "provisioningStatus", "disabled", id="status"),
        pytest.param("--ap hashed", "allocationPolicy", "hashed", id="allocation"),
        pytest.param("--set iotHubHostName=h", "iotHubHostName", "h", id="field without a flag"),
        pytest.param(
            "--rp never",
            "reprovisionPolicy",
            {"updateHubAssignment": False, "migrateDeviceData": False},
            id="reprovisioning",
        ),
    ],
)
def test_create_writes_a_flag_into_its_field(run, flags, field, value):
    run(f"enrollment create --eid e1 --at symmetricKey {flags}")

    assert run("enrollment show --eid e1").json[field] == value


def test_create_makes_keys_that_only_show_keys_shows(run):
    created = run(f"enrollment create --eid e1 --at SYMMETRICKEY --pk {KEY} --show-keys").json

    shown = run("enrollment show --eid e1").json
    listed = run("enrollment list --show-keys").json
    keys = created["attestation"]["symmetricKey"]
    assert keys["primaryKey"] == KEY
    assert shown["attestation"] == {"type": "symmetricKey"}
    assert listed[0]["attestation"]["symmetricKey"] == keys


def test_create_takes_a_tpm_with_its_storage_root_key(run):
    run(f"enrollment create --eid e1 --at tpm --ek {EK} --set attestation.tpm.storageRootKey={SRK}")

    shown = run("enrollment show --eid e1").json
    assert shown["attestation"]["tpm"] == {"endorsementKey": EK, "storageRootKey": SRK}


def test_create_takes_ca_names(run):
    run("enrollment create --eid e1 --at x509 --ca-name root-1 --secondary-ca-name root-2")

    shown = run("enrollment show --eid e1").json
    names = {"primary": "root-1", "secondary": "root-2"}
    assert shown["attestation"]["x509"] == {"caReferences": names}


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        pytest.param("--at tpm", "--endorsement-key", id="tpm without its key"),
        pytest.param("--at tpm --ek no-base64", "--endorsement-key", id="no base64"),
        pytest.param(f"--at tpm --ek {EK} --pk {KEY}", "--primary-key", id="tpm with a key"),
        pytest.param("--at x509", "--certificate-path", id="x509 without a certificate"),
        pytest.param(f"--at x509 --ek {EK}", "--endorsement-key", id="x509 with tpm"),
        pytest.param("--at symmetricKey --ca-name c", "--root-ca-name", id="key with a CA"),
        pytest.param("--at symmetricKey --cp gone.pem", "--certificate-path", id="key and more"),
        pytest.param("--at symmetricKey --set registrationId=x", "registrationId", id="the id"),
        pytest.param("--at symmetricKey --info oops", "--device-information", id="no object"),
        pytest.param("", "--attestation-type", id="no type"),
        pytest.param("--at password", "--attestation-type", id="unknown type"),
    ],
)
def test_create_refuses_what_does_not_fit_before_anything_is_sent(run, flags, named):
    ran = run(f"enrollment create --eid e1 {flags}", expect=2)

    assert named in ran.err
    assert run("enrollment list").json == []


def test_group_id_is_no_name_of_an_enrollment(run):
    run("enrollment create --gid e1 --at symmetricKey", expect=2)


def test_update_keeps_what_it_was_not_given(run):
    created = run("enrollment create --eid e1 --at symmetricKey -d pump-1 --tags site=eu").json

    updated = run("enrollment update --eid e1 --info serial=7").json

    changing = {"etag", "lastUpdatedDateTimeUtc", "optionalDeviceInformation"}
    assert updated["optionalDeviceInformation"] == {"serial": "7"}
    assert {name: updated[name] for name in created.keys() - changing} == {
        name: created[name] for name in created.keys() - changing
    }


def test_update_changes_one_key_of_two(run):
    run(f"enrollment create --eid e1 --at symmetricKey --pk {KEY} --sk {KEY}")

    updated = run(f"enrollment update --eid e1 --sk {OTHER_KEY} --show-keys").json

    keys = {"primaryKey": KEY, "secondaryKey": OTHER_KEY}
    assert updated["attestation"]["symmetricKey"] == keys


def test_update_of_the_endorsement_key_keeps_the_storage_root_key(run):
    run(f"enrollment create --eid e1 --at tpm --ek {EK} --set attestation.tpm.storageRootKey={SRK}")

    updated = run(f"enrollment update --eid e1 --ek {OTHER_EK}").json

    assert updated["attestation"]["tpm"] == {"endorsementKey": OTHER_EK, "storageRootKey": SRK}


def test_update_of_one_certificate_keeps_the_other(run, issue):
    one, two = issue("e1"), issue("other")
    created = run(f"enrollment create --eid e1 --at x509 --cp {one.path} --scp {one.path}").json

    updated = run(f"enrollment update --eid e1 --scp {two.path}").json

    old = created["attestation"]["x509"]["clientCertificates"]
    new = updated["attestation"]["x509"]["clientCertificates"]
    assert new["primary"] == old["primary"]
    assert new["secondary"]["info"]["subjectName"] == "CN=other"


@pytest.mark.parametrize(
    ("made_with", "flags"),
    [
        pytest.param(f"--at tpm --ek {EK}", f"--pk {KEY}", id="tpm gets a key"),
        pytest.param(f"--at tpm --ek {EK}", "--rc", id="tpm loses a certificate"),
        pytest.param("--at symmetricKey", f"--ek {EK}", id="key gets a tpm"),
        pytest.param("--at symmetricKey", "--ca-name c", id="key gets a CA"),
        pytest.param("--at x509 --ca-name c", f"--pk {KEY}", id="CA gets a key"),
        pytest.param("--at x509 --ca-name c", "--rc", id="loses its only CA"),
    ],
)
def test_update_refuses_what_the_attestation_cannot_become(run, made_with, flags):
    run(f"enrollment create --eid e1 {made_with}")
    before = run("enrollment show --eid e1").out

    run(f"enrollment update --eid e1 {flags}", expect=2)

    assert run("enrollment show --eid e1").out == before


def test_every_field_survives_show_and_an_update_of_one_flag(run):
    sent = {
        name: value
        for name, value in MAXIMUM_SET.items()
        if name not in READ_ONLY | {"registrationId"}
    }
    fields = [f"--set={name}:={json.dumps(value)}" for name, value in sent.items()]
    run(["enrollment", "create", "--eid", "kz", "--at", "symmetricKey", *fields])

    run("enrollment update --eid kz --provisioning-status disabled")

    shown = run("enrollment show --eid kz --show-keys").json
    assert {name: shown[name] for name in sent} == {**sent, "provisioningStatus": "disabled"}


def test_create_of_one_that_exists_fails_unless_told_otherwise(run):
    run("enrollment create --eid e1 --at symmetricKey -d pump-1")

    run("enrollment create --eid e1 --at symmetricKey -d pump-2", expect=5)
    skipped = run("enrollment create --eid e1 --at symmetricKey -d pump-2 --if-exists skip")
    updated = run("enrollment create --eid e1 --at symmetricKey -d pump-2 --if-exists update")

    assert skipped.json["deviceId"] == "pump-1"
    assert updated.json["deviceId"] == "pump-2"


def test_create_if_exists_update_refuses_another_type_of_attestation(run):
    run(f"enrollment create --eid e1 --at tpm --ek {EK}")

    ran = run("enrollment create --eid e1 --at symmetricKey --if-exists update", expect=2)

    assert "--attestation-type symmetricKey" in ran.err


def test_delete_of_a_stale_etag_deletes_nothing(run):
    old = run("enrollment create --eid e1 --at symmetricKey").json["etag"]
    new = run("enrollment update --eid e1 -d pump-1").json["etag"]

    run(f"enrollment delete --eid e1 --etag {old}", expect=5)
    run(f"enrollment delete --eid e1 --etag {new}")

    run("enrollment show --eid e1", expect=3)


def test_registration_of_a_device_that_never_registered_is_not_found(run):
    run("enrollment create --eid e1 --at symmetricKey")

    run("enrollment registration show --eid e1", expect=3)
    run("enrollment registration delete --eid e1", expect=3)


def test_dry_run_shows_the_body_with_its_secrets_masked(run):
    ran = run(f"enrollment create --eid e1 --at tpm --ek {EK} --dry-run")

    assert ran.json["method"] == "PUT"
    assert KEY not in ran.out
    assert run("enrollment list").json == []

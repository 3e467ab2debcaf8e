"""Individual enrollments: in what they differ from groups."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

# The first is from the tests of azure-iot-cli-extension, the others from a software TPM (swtpm).
ENDORSEMENT_KEY, OTHER_ENDORSEMENT_KEY, STORAGE_ROOT_KEY = (
    (Path(__file__).parents[2] / "data" / f"{name}-key.txt").read_text().strip()
    for name in ("endorsement", "other-endorsement", "storage-root")
)


@pytest.fixture
def create(api):
    def create_enrollment(registration_id="d1", **fields):
        body = {
            "registrationId": registration_id,
            "attestation": {"type": "symmetricKey"},
            **fields,
        }
        return api("PUT", f"/enrollments/{registration_id}", body)

    return create_enrollment


def test_put_answers_with_keys_and_get_without(api, create):
    made = create().json()

    shown = api("GET", "/enrollments/D1").json()

    assert set(made["attestation"]["symmetricKey"]) == {"primaryKey", "secondaryKey"}
    assert shown["attestation"] == {"type": "symmetricKey"}
    assert api("POST", "/enrollments/d1/attestationmechanism").json() == made["attestation"]


def test_only_get_shows_how_far_the_device_has_come(api, create):
    made = create().json()

    shown = api("GET", "/enrollments/d1").json()
    queried = api("POST", "/enrollments/query", {"query": "SELECT *"})

    assert shown["registrationState"] == {"registrationId": "d1", "status": "unassigned"}
    assert "registrationState" not in made
    assert "registrationState" not in queried.json()[0]
    assert queried.headers["x-ms-item-type"] == "Enrollment"


def test_get_shows_the_registration_of_the_device(api, emulator, create):
    create()
    state = {"registrationId": "d1", "status": "assigned", "deviceId": "x"}
    emulator.store.put("DeviceRegistration", "d1", state)

    assert api("GET", "/enrollments/d1").json()["registrationState"] == state


def test_registration_state_that_is_sent_is_not_believed(api, create):
    create(registrationState={"status": "assigned"})

    state = api("GET", "/enrollments/d1").json()["registrationState"]
    assert state == {"registrationId": "d1", "status": "unassigned"}


def test_fields_come_in_the_service_order(api, create):
    create(
        capabilities={"iotEdge": True},
        optionalDeviceInformation={"model": None, "n": [1]},
        deviceId="thermostat",
    )

    shown = api("GET", "/enrollments/d1").json()

    assert " ".join(list(shown)[:6]) == (
        "registrationId deviceId registrationState optionalDeviceInformation attestation "
        "capabilities"
    )
    assert shown["optionalDeviceInformation"] == {"model": None, "n": [1]}


def test_endorsement_key_is_shown_everywhere(api, create):
    tpm = {"type": "tpm", "tpm": {"endorsementKey": ENDORSEMENT_KEY, "storageRootKey": None}}

    made = create(attestation=tpm).json()

    expected = {"type": "tpm", "tpm": {"endorsementKey": ENDORSEMENT_KEY}}
    assert made["attestation"] == expected
    assert api("GET", "/enrollments/d1").json()["attestation"] == expected


@pytest.mark.parametrize("key", [None, ""])
def test_tpm_without_a_key_is_refused(create, key):
    answer = create(attestation={"type": "tpm", "tpm": {"endorsementKey": key}})

    assert answer.status_code == 400
    assert answer.json()["message"] == "TPM or X509 attestation is required."


def test_keys_of_a_tpm_are_taken(create):
    keys = {"endorsementKey": OTHER_ENDORSEMENT_KEY, "storageRootKey": STORAGE_ROOT_KEY}

    made = create(attestation={"type": "TPM", "tpm": keys})

    assert made.json()["attestation"] == {"type": "tpm", "tpm": keys}


def changed(key, place, byte):
    data = bytearray(base64.b64decode(key))
    data[place] = byte
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(5, id="number"),
        pytest.param("no base64", id="text"),
        pytest.param("AAAA", id="three bytes"),
        pytest.param(base64.b64encode(b"e" * 316).decode(), id="bytes of the right number"),
        pytest.param(ENDORSEMENT_KEY[:-8], id="cut"),
        pytest.param(f"{ENDORSEMENT_KEY[:-4]}NwAA", id="longer"),
        pytest.param(
            base64.b64encode(base64.b64decode(ENDORSEMENT_KEY)[2:]).decode(), id="without its size"
        ),
        pytest.param(changed(ENDORSEMENT_KEY, 3, 0x08), id="keyed hash"),
        pytest.param(changed(ENDORSEMENT_KEY, 11, 0xFF), id="policy of another length"),
        pytest.param(changed(ENDORSEMENT_KEY, 53, 0x10), id="4096 bits"),
        pytest.param(changed(ENDORSEMENT_KEY, 58, 0x02), id="modulus of another length"),
    ],
)
def test_endorsement_key_of_another_shape_is_refused(create, key):
    answer = create(attestation={"type": "tpm", "tpm": {"endorsementKey": key}})

    error = answer.json()
    assert (answer.status_code, error["errorCode"]) == (400, 400004)
    assert error["message"] == "Endorsement key is invalid, or does not match the Enrollment."


def test_storage_root_key_of_another_shape_is_refused(create):
    keys = {"endorsementKey": ENDORSEMENT_KEY, "storageRootKey": "AAAA"}

    answer = create(attestation={"type": "tpm", "tpm": keys})

    assert (answer.status_code, answer.json()["message"]) == (400, "Storage root key is invalid.")


def test_leaf_certificate_is_described(create, certificate):
    pem = certificate("d1").certificate.public_bytes(Encoding.PEM).decode()
    slots = {"clientCertificates": {"primary": {"certificate": pem}}}

    made = create(attestation={"type": "x509", "x509": slots}).json()

    info = made["attestation"]["x509"]["clientCertificates"]["primary"]["info"]
    assert info["subjectName"] == "CN=d1"


def test_ca_reference_is_taken_and_a_signing_certificate_is_not(create):
    by_name = {"type": "x509", "x509": {"caReferences": {"primary": "root"}}}
    signing = {"signingCertificates": {"primary": {"certificate": "x"}}}

    assert create(attestation=by_name).json()["attestation"] == by_name
    assert create("d2", attestation={"type": "x509", "x509": signing}).status_code == 400


def test_codes_are_those_of_enrollments(api, create):
    missing = api("GET", "/enrollments/d1").json()
    create()
    again = create().json()

    assert (missing["errorCode"], missing["message"]) == (404201, "Enrollment not found.")
    assert (again["errorCode"], again["message"]) == (409201, "Enrollment already exists.")


def test_device_id_must_be_text(create):
    assert create(deviceId=7).status_code == 400


def test_enrollment_and_group_may_have_the_same_id(api, create, create_group):
    create("same")
    create_group("same")

    api("DELETE", "/enrollmentGroups/same")

    assert api("GET", "/enrollments/same").status_code == 200

"""X.509 attestation: certificates go in, their description comes out."""

import base64
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding


@pytest.fixture(scope="module")
def pem(program, tmp_path_factory):
    """Return certificates that the openssl program made: [PEM text, PEM text]."""
    program("openssl")
    return [made_by_openssl(tmp_path_factory.mktemp("pem"), name) for name in ("one", "two")]


def made_by_openssl(folder, name):
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9"]
    made += ["-subj", f"/CN={name}", "-keyout", folder / "key.pem", "-out", folder / "c.pem"]
    subprocess.run(made, check=True, capture_output=True)
    return (folder / "c.pem").read_text()


def fingerprint(pem, algorithm):
    shown = ["openssl", "x509", "-noout", "-fingerprint", f"-{algorithm}"]
    out = subprocess.run(shown, input=pem, text=True, check=True, capture_output=True).stdout
    return out.strip().split("=")[1].replace(":", "")


def signed_by(primary=None, secondary=None):
    slots = {"primary": primary, "secondary": secondary}
    return {"type": "x509", "x509": {"signingCertificates": slots}}


def der_base64(pem):
    der = x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
    return base64.b64encode(der).decode()


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(lambda pem: pem, id="PEM"),
        pytest.param(lambda pem: pem.replace("\n", "\r\n"), id="PEM with CRLF"),
        pytest.param(lambda pem: f"Bag attributes\n{pem}", id="PEM after words"),
        pytest.param(der_base64, id="base64 of DER"),
        pytest.param(lambda pem: base64.b64encode(pem.encode()).decode(), id="base64 of PEM"),
    ],
)
def test_certificate_is_described_and_never_returned(api, create_group, pem, written):
    made = create_group(attestation=signed_by({"certificate": written(pem[0])}))

    info = made["attestation"]["x509"]["signingCertificates"]["primary"]["info"]
    assert info["subjectName"] == info["issuerName"] == "CN=one"
    assert info["sha1Thumbprint"] == fingerprint(pem[0], "sha1")
    assert info["sha256Thumbprint"] == fingerprint(pem[0], "sha256")
    assert info["version"] == 3
    assert "certificate" not in made["attestation"]["x509"]["signingCertificates"]["primary"]
    assert api("GET", "/enrollmentGroups/g1").json()["attestation"] == made["attestation"]


def test_serial_number_and_dates_are_as_openssl_prints_them(create_group, pem):
    shown = ["openssl", "x509", "-noout", "-serial", "-enddate", "-dateopt", "iso_8601"]
    out = subprocess.run(shown, input=pem[0], text=True, check=True, capture_output=True).stdout

    made = create_group(attestation=signed_by({"certificate": pem[0]}))
    info = made["attestation"]["x509"]["signingCertificates"]["primary"]["info"]

    printed = dict(line.split("=") for line in out.splitlines())
    assert info["serialNumber"] == printed["serial"]
    assert info["notAfterUtc"] == printed["notAfter"].replace(" ", "T")


def test_slot_sent_back_as_info_keeps_its_certificate(api, emulator, create_group, pem):
    made = create_group(attestation=signed_by({"certificate": pem[0]}, {"certificate": pem[1]}))

    answer = api("PUT", "/enrollmentGroups/g1", made, {"If-Match": made["etag"]})

    stored = emulator.store.get("EnrollmentGroup", "g1")["attestation"]["x509"]
    assert answer.json()["attestation"] == made["attestation"]
    assert stored["signingCertificates"]["secondary"]["certificate"] == der_base64(pem[1])


def test_slot_sent_back_in_another_place_is_refused(api, create_group, pem):
    made = create_group(attestation=signed_by({"certificate": pem[0]}, {"certificate": pem[1]}))
    slots = made["attestation"]["x509"]["signingCertificates"]
    slots["primary"] = slots.pop("secondary")

    answer = api("PUT", "/enrollmentGroups/g1", made, {"If-Match": "*"})

    assert answer.status_code == 400


def test_secondary_certificate_can_be_removed(api, create_group, pem):
    made = create_group(attestation=signed_by({"certificate": pem[0]}, {"certificate": pem[1]}))
    made["attestation"]["x509"]["signingCertificates"]["secondary"] = None

    updated = api("PUT", "/enrollmentGroups/g1", made, {"If-Match": "*"}).json()

    assert set(updated["attestation"]["x509"]["signingCertificates"]) == {"primary"}


def test_certificate_can_give_way_to_a_ca_name_and_back(api, create_group, group_body, pem):
    create_group(attestation=signed_by({"certificate": pem[0]}))
    by_name = {"type": "x509", "x509": {"caReferences": {"primary": "root"}}}

    named = api("PUT", "/enrollmentGroups/g1", group_body(attestation=by_name), {"If-Match": "*"})
    back = group_body(attestation=signed_by({"certificate": pem[1]}))
    signed = api("PUT", "/enrollmentGroups/g1", back, {"If-Match": "*"})

    assert named.json()["attestation"] == by_name
    assert signed.status_code == 200


def test_unknown_fields_of_the_attestation_are_kept(create_group, pem):
    attestation = signed_by({"certificate": pem[0]})
    attestation["x509"]["futureCertificates"] = 5

    made = create_group(attestation=attestation)

    assert made["attestation"]["x509"]["futureCertificates"] == 5


@pytest.mark.parametrize(
    "x509_part",
    [
        pytest.param(None, id="nothing"),
        pytest.param([], id="a list"),
        pytest.param({"signingCertificates": {}}, id="no slot"),
        pytest.param({"signingCertificates": {"primary": {}}}, id="an empty slot"),
        pytest.param({"signingCertificates": {"primary": "text"}}, id="a slot that is text"),
        pytest.param({"signingCertificates": {"primary": {"certificate": ""}}}, id="empty text"),
        pytest.param({"signingCertificates": {"primary": {"certificate": "gkozpt"}}}, id="garbage"),
        pytest.param({"signingCertificates": {"primary": {"certificate": 1}}}, id="a number"),
        pytest.param({"signingCertificates": {"primary": {"info": {}}}}, id="info of nothing"),
        pytest.param({"signingCertificates": {"third": {"certificate": ""}}}, id="a third slot"),
        pytest.param({"caReferences": {"primary": 1}}, id="a CA name that is a number"),
        pytest.param({"caReferences": {"primary": ""}}, id="an empty CA name"),
        pytest.param(
            {"caReferences": {"primary": "a"}, "signingCertificates": {"primary": {}}}, id="both"
        ),
        pytest.param({"clientCertificates": {"primary": {"certificate": "x"}}}, id="a leaf"),
    ],
)
def test_unusable_certificates_are_refused(api, group_body, x509_part):
    body = group_body(attestation={"type": "x509", "x509": x509_part})

    answer = api("PUT", "/enrollmentGroups/g1", body)

    assert (answer.status_code, answer.json()["errorCode"]) == (400, 400004)

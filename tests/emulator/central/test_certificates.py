"""Certificates of IoT Central's enrollment groups, and their proof, over HTTPS."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding

GROUP = "/enrollmentGroups/myx509eg"
PRIMARY = f"{GROUP}/certificates/primary"
X509 = {"displayName": "My group", "type": "iot", "attestation": {"type": "x509"}}


def encoded(made, form=Encoding.PEM):
    return b64encode(made.certificate.public_bytes(form)).decode()


@pytest.fixture
def root(central, certificate):
    """A group whose primary certificate is this root."""
    made = certificate("mytestrootcert")
    central("PUT", GROUP, X509)
    central("PUT", PRIMARY, {"certificate": encoded(made), "verified": False})
    return made


@pytest.mark.parametrize("form", [Encoding.PEM, Encoding.DER], ids=["PEM", "DER"])
def test_certificate_is_described_by_its_thumbprint(central, certificate, form):
    central("PUT", GROUP, X509)
    made = certificate("root")

    answer = central("PUT", PRIMARY, {"certificate": encoded(made, form)})

    shown = answer.json()
    assert shown["info"] == {"sha1Thumbprint": made.certificate.fingerprint(SHA1()).hex().upper()}
    assert shown["verified"] is False
    assert central("GET", PRIMARY).json() == shown


@pytest.mark.usefixtures("root")
def test_group_shows_its_certificates_and_keeps_them(central):
    central("PATCH", GROUP, {"displayName": "New"})

    slots = central("GET", GROUP).json()["attestation"]["x509"]["signingCertificates"]

    assert slots == {"primary": central("GET", PRIMARY).json()}


def test_proof_verifies_the_certificate(central, certificate, root):
    code = central("POST", f"{PRIMARY}/generateVerificationCode").json()["verificationCode"]
    proof = certificate(code, root)

    answer = central("POST", f"{PRIMARY}/verify", {"certificate": encoded(proof)})

    assert answer.status_code == 204
    assert central("GET", PRIMARY).json()["verified"] is True


@pytest.mark.parametrize("wrong", ["code", "issuer", "key", "nothing asked"])
def test_false_proof_verifies_nothing(central, certificate, root, wrong):
    code = "no code"
    if wrong != "nothing asked":
        code = central("POST", f"{PRIMARY}/generateVerificationCode").json()["verificationCode"]
    issuer = {"issuer": certificate("other"), "key": certificate("mytestrootcert")}.get(wrong, root)
    proof = certificate("0000" if wrong == "code" else code, issuer)

    answer = central("POST", f"{PRIMARY}/verify", {"certificate": encoded(proof)})

    assert answer.status_code == 422
    assert central("GET", PRIMARY).json()["verified"] is False


def test_code_can_be_used_once_and_only_the_newest(central, certificate, root):
    old, new = [
        central("POST", f"{PRIMARY}/generateVerificationCode").json()["verificationCode"]
        for _ in range(2)
    ]
    statuses = [
        central("POST", f"{PRIMARY}/verify", {"certificate": encoded(certificate(code, root))})
        for code in (old, new, new)
    ]

    assert [answer.status_code for answer in statuses] == [422, 204, 422]


def test_new_certificate_has_to_be_proved_again(central, certificate, root):
    central("PUT", PRIMARY, {"certificate": encoded(root), "verified": True})

    answer = central("PUT", PRIMARY, {"certificate": encoded(certificate("next"))})

    assert answer.json()["verified"] is False


@pytest.mark.usefixtures("root")
def test_deleted_certificate_is_gone(central):
    assert central("DELETE", PRIMARY).status_code == 204
    assert central("GET", PRIMARY).status_code == 404
    assert central("POST", f"{PRIMARY}/generateVerificationCode").status_code == 404


@pytest.mark.parametrize(
    "body",
    [[], {}, {"certificate": "-----BEGIN CERTIFICATE-----"}, {"certificate": "AAAA"},
     {"certificate": "", "verified": "yes"}],
    ids=["no object", "nothing", "PEM", "no certificate", "no truth"],
)  # fmt: skip
def test_what_is_no_base64_of_a_certificate_is_refused(central, body):
    central("PUT", GROUP, X509)

    assert central("PUT", PRIMARY, body).status_code == 422


def test_group_with_keys_has_no_certificates(central, certificate):
    central("PUT", GROUP, {**X509, "attestation": {"type": "symmetricKey"}})

    answer = central("PUT", PRIMARY, {"certificate": encoded(certificate("root"))})

    assert answer.status_code == 422


def test_there_is_no_third_certificate(central, root):
    body = {"certificate": encoded(root)}

    assert central("PUT", f"{GROUP}/certificates/third", body).status_code == 404

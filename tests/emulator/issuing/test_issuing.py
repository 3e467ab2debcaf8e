"""A device that sends a certificate request as it registers is issued what its policy says."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from dpsctl.errors import UsageError
from dpsctl.keys import derive_device_key

POLICY = {
    "namespaceName": "plant-1",
    "certificateAuthorityName": "ca1",
    "certificatePolicyName": "Pol-1",
}
VERSION = "2026-11-01"
HUBS = (("hub.example", 1),)


@pytest.fixture
def request_of(openssl, tmp_path):
    """Make a certificate request with openssl, and return its DER."""

    def make(subject="/CN=d1", key="ec -pkeyopt ec_paramgen_curve:P-256", more=""):
        line = f"req -new -newkey {key} -nodes -keyout d.key -subj '{subject}' -outform DER"
        code, said = openssl(f"{line} -out d.der {more}")
        assert code == 0, said
        return (tmp_path / "d.der").read_bytes()

    return make


@pytest.fixture
def enrolled(emulator, caller, device):
    """Enroll a device by a group with these *fields*, and return the device."""

    def enroll(at=emulator, **fields):
        body = {"enrollmentGroupId": "g1", "attestation": {"type": "symmetricKey"}, **fields}
        answer = caller(at)("PUT", "/enrollmentGroups/g1", body, params={"api-version": VERSION})
        assert answer.status_code == 200, answer.text
        group_key = answer.json()["attestation"]["symmetricKey"]["primaryKey"]
        return device("d1", key=derive_device_key(group_key, "d1"), at=at)

    return enroll


def sent(der):
    return base64.b64encode(der).decode()


def registered(device, **asked):
    """Register, ask for the operation, and return its registrationState."""
    answer = device.send(body={"registrationId": "d1", **asked}, version=VERSION)
    assert answer.status_code == 202, answer.text
    operation = f"/operations/{answer.json()['operationId']}"
    return device.send("GET", operation, version=VERSION).json()["registrationState"]


def chain_in(state):
    return [
        x509.load_der_x509_certificate(base64.b64decode(each, validate=True))
        for each in state["issuedCertificateChain"]
    ]


def pem(*certificates):
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


@pytest.mark.parametrize("key", ["ec -pkeyopt ec_paramgen_curve:P-384", "rsa:2048"])
def test_chain_is_that_of_the_requested_key_and_openssl_verifies_it(
    enrolled, request_of, openssl, key
):
    csr = sent(request_of(key=key))

    leaf, between, root = chain_in(registered(enrolled(**POLICY), csr=csr))

    code, said = openssl(
        "verify -x509_strict -purpose sslclient -CAfile root -untrusted between leaf",
        root=pem(root),
        between=pem(between),
        leaf=pem(leaf),
    )
    assert (code, said) == (0, "leaf: OK\n")
    assert openssl("x509 -in leaf -noout -pubkey") == openssl("pkey -in d.key -pubout")
    assert leaf.subject.rfc4514_string() == "CN=d1"


def test_certificate_is_valid_as_long_as_the_policy_says(start, enrolled, request_of):
    at = start(hubs=HUBS, certificate_policies=("plant-1/ca1/Pol-1=7",))

    leaf = chain_in(registered(enrolled(at, **POLICY), csr=sent(request_of())))[0]

    later = datetime.now(UTC) + timedelta(days=7)
    assert later - timedelta(minutes=1) < leaf.not_valid_after_utc <= later


def test_authorities_outlive_a_restart_and_a_reset(start, enrolled, request_of, tmp_path):
    csr, db = sent(request_of()), str(tmp_path / "dps.sqlite")
    first = start(hubs=HUBS, db=db)
    before = chain_in(registered(enrolled(first, **POLICY), csr=csr))
    first.reset()
    first.stop()

    after = chain_in(registered(enrolled(start(hubs=HUBS, db=db), **POLICY), csr=csr))

    assert after[1:] == before[1:]
    assert after[0] != before[0]


def test_without_a_policy_the_device_is_assigned_and_nothing_is_issued(enrolled, request_of):
    state = registered(enrolled(), csr=sent(request_of()))

    assert state["status"] == "assigned"
    assert "issuedCertificateChain" not in state


def test_chain_is_told_of_the_registration_that_asked_for_it_alone(enrolled, request_of, api):
    device = enrolled(**POLICY)
    assert "issuedCertificateChain" in registered(device, csr=sent(request_of()))

    looked_up = device.send("POST", "", version=VERSION).json()
    assert "issuedCertificateChain" not in looked_up
    assert "issuedCertificateChain" not in api("GET", "/registrations/d1").json()
    assert "issuedCertificateChain" not in registered(device)


def test_nothing_is_issued_to_a_device_that_gets_no_hub(start, enrolled, request_of):
    state = registered(enrolled(start(), **POLICY), csr=sent(request_of()))

    assert (state["status"], state["errorCode"]) == ("failed", 400208)
    assert "issuedCertificateChain" not in state


def test_policy_that_is_not_there_is_refused_and_nothing_is_registered(
    start, enrolled, request_of, caller
):
    at = start(hubs=HUBS, certificate_policies=("plant-1/ca1/other",))
    device = enrolled(at, **POLICY)

    answer = device.send(body={"csr": sent(request_of())}, version=VERSION)

    assert answer.json()["errorCode"] == 400004
    assert "plant-1/ca1/pol-1" in answer.json()["message"]
    assert caller(at)("GET", "/registrations/d1").status_code == 404


def with_version(der, number):
    """Put another version into a request, which stands after the heads of its two sequences."""
    version = bytes.fromhex("020100")
    assert der.count(version, 0, 12) == 1
    return der.replace(version, version[:2] + bytes([number]), 1)


def test_emulator_does_not_start_with_a_policy_that_is_none(start):
    with pytest.raises(UsageError, match="--policy pol-1: is no name of a certificate policy"):
        start(certificate_policies=("pol-1",))


def flipped(der):
    return der[:-1] + bytes([der[-1] ^ 1])


@pytest.mark.parametrize(
    ("how", "change", "said"),
    [
        pytest.param({"subject": "/CN=d2"}, sent, "'d2', not the registration id", id="name"),
        pytest.param({"subject": "/O=d1"}, sent, "0 common names", id="no name"),
        pytest.param({"subject": "/CN=d1/CN=d1"}, sent, "2 common names", id="two names"),
        pytest.param({"key": "rsa:1024"}, sent, "RSA of 2048", id="short RSA"),
        pytest.param({"key": "ed25519"}, sent, "RSA of 2048", id="Edwards"),
        pytest.param({"key": "ec -pkeyopt ec_paramgen_curve:P-224"}, sent, "P-256", id="curve"),
        pytest.param(
            {"key": "ec -pkeyopt ec_paramgen_curve:SM2"}, sent, "cannot be read", id="unknown key"
        ),
        pytest.param({}, lambda der: sent(flipped(der)), "signature", id="signature"),
        pytest.param({}, lambda der: sent(with_version(der, 9)), "base64 of PKCS#10", id="version"),
        pytest.param({}, lambda der: sent(der + b"\0"), "base64 of PKCS#10", id="more bytes"),
        pytest.param({}, lambda der: sent(der[:-9]), "base64 of PKCS#10", id="fewer bytes"),
        pytest.param({}, lambda der: sent(der)[:-1], "base64 of PKCS#10", id="cut base64"),
        pytest.param(
            {},
            lambda der: f"-----BEGIN CERTIFICATE REQUEST-----\n{sent(der)}\n",
            "without PEM",
            id="PEM",
        ),
        pytest.param({}, lambda _: "", "base64 of PKCS#10", id="empty"),
        pytest.param({}, lambda _: 7, "base64 of PKCS#10", id="number"),
        pytest.param({}, lambda der: [sent(der)], "base64 of PKCS#10", id="list"),
        pytest.param({}, lambda _: "é", "base64 of PKCS#10", id="no ASCII"),
    ],
)
def test_request_that_breaks_a_rule_is_refused(enrolled, request_of, how, change, said):
    device = enrolled(**POLICY)

    answer = device.send(body={"csr": change(request_of(**how))}, version=VERSION)

    assert (answer.status_code, answer.json()["errorCode"]) == (400, 400004)
    assert said in answer.json()["message"]


def test_id_and_name_may_differ_in_case_and_base64_may_have_lines(enrolled, request_of):
    csr = base64.encodebytes(request_of("/CN=D1")).decode()

    assert len(registered(enrolled(**POLICY), csr=csr)["issuedCertificateChain"]) == 3


def test_request_has_no_place_in_an_old_version_or_a_look_up(enrolled, request_of):
    device, body = enrolled(**POLICY), {"csr": sent(request_of())}
    registered(device)

    old = device.send(body=body, version="2021-10-01")
    look_up = device.send("POST", "", body=body, version=VERSION)

    assert (old.status_code, look_up.status_code) == (400, 400)
    assert "2021-10-01" in old.json()["message"]
    assert "look-up" in look_up.json()["message"]


def test_request_is_no_proof(emulator, enrolled, request_of, device):
    enrolled(**POLICY)

    answer = device("d1").send(body={"csr": sent(request_of())}, version=VERSION)

    assert answer.status_code == 401
    assert emulator.store.get("DeviceRegistration", "d1") is None


def test_device_that_proved_itself_by_certificate_is_issued_one(
    api, device, certificate, request_of
):
    own = certificate("d1", ca=False)
    slot = {"primary": {"certificate": own.pem.decode()}}
    body = {
        "registrationId": "d1",
        "attestation": {"type": "x509", "x509": {"clientCertificates": slot}},
        **POLICY,
    }
    assert api("PUT", "/enrollments/d1", body, params={"api-version": VERSION}).status_code == 200

    state = registered(device("d1", chain=[own]), csr=sent(request_of()))

    assert chain_in(state)[0].public_key() != own.key.public_key()

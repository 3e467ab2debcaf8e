"""CA certificates over Resource Manager: kept, proved, and then what caReferences name."""

import base64

import pytest
from cryptography.hazmat.primitives.hashes import SHA1

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings, Limits

SERVICE = (
    "/subscriptions/91d12660-3dec-467a-be2a-213b5544ddc0/resourceGroups/my-rg"
    "/providers/Microsoft.Devices/provisioningServices/my-dps"
)
ROOT = f"{SERVICE}/certificates/root-1"


def base64_of(certificate):
    return base64.b64encode(certificate.pem).decode()


@pytest.fixture
def root(certificate):
    return certificate("factory root", ca=True)


@pytest.fixture
def upload(arm, root):
    """Upload a certificate, as dpsctl and newer clients do."""

    def put(made=root, *, headers=None, path=ROOT, **properties):
        body = {"properties": {"certificate": base64_of(made), **properties}}
        return arm("PUT", path, body, headers=headers)

    return put


def test_certificate_is_shown_as_the_real_provider_was_recorded(arm, upload, root):
    uploaded = upload().json()

    properties = uploaded["properties"]
    assert uploaded["id"] == ROOT
    assert (uploaded["name"], properties["subject"]) == ("root-1", "factory root")
    assert properties["thumbprint"] == root.certificate.fingerprint(SHA1()).hex().upper()
    assert (properties["isVerified"], properties["certificate"]) == (False, None)
    assert properties["expiry"].endswith("GMT")
    assert arm("GET", ROOT).json() == uploaded
    assert arm("GET", f"{SERVICE}/certificates").json() == {"value": [uploaded]}


def test_body_of_the_older_versions_is_read_too(arm, root):
    body = {"certificate": base64_of(root), "isVerified": True}

    uploaded = arm("PUT", ROOT, body, version="2021-10-15")

    assert uploaded.json()["properties"]["isVerified"] is True


def test_proof_of_possession_makes_it_verified(arm, upload, root, certificate):
    etag = upload().json()["etag"]

    coded = arm("POST", f"{ROOT}/generateVerificationCode", headers={"If-Match": etag}).json()
    code = coded["properties"]["verificationCode"]
    proof = {"certificate": base64_of(certificate(code, issuer=root, ca=False))}
    verified = arm("POST", f"{ROOT}/verify", proof, headers={"If-Match": coded["etag"]}).json()

    assert (len(code), code) == (48, code.upper())
    assert base64.b64decode(coded["properties"]["certificate"])
    assert verified["properties"]["isVerified"] is True
    assert len({etag, coded["etag"], verified["etag"]}) == 3
    removed = arm("DELETE", ROOT, headers={"If-Match": verified["etag"]})
    assert (removed.status_code, removed.content) == (200, b"")
    missing = arm("GET", ROOT)
    assert (missing.status_code, missing.json()["httpStatusCode"]) == (404, "NotFound")


def test_wrong_proof_is_refused_and_the_code_can_be_tried_again(arm, upload, root, certificate):
    etag = {"If-Match": upload().json()["etag"]}
    coded = arm("POST", f"{ROOT}/generateVerificationCode", headers=etag).json()
    etag, code = {"If-Match": coded["etag"]}, coded["properties"]["verificationCode"]
    wrong = [certificate("no code", issuer=root, ca=False), certificate(code, ca=False)]

    refused = [
        arm("POST", f"{ROOT}/verify", {"certificate": base64_of(proof)}, headers=etag)
        for proof in wrong
    ]
    proof = {"certificate": base64_of(certificate(code, issuer=root, ca=False))}

    assert [answer.status_code for answer in refused] == [400, 400]
    assert arm("POST", f"{ROOT}/verify", proof, headers=etag).status_code == 200


def test_proof_before_there_is_a_code_is_refused(arm, upload, root, certificate):
    etag = {"If-Match": upload().json()["etag"]}
    proof = {"certificate": base64_of(certificate("ABC", issuer=root, ca=False))}

    assert arm("POST", f"{ROOT}/verify", proof, headers=etag).status_code == 400


@pytest.mark.parametrize(
    ("method", "action"),
    [("PUT", ""), ("DELETE", ""), ("POST", "/generateVerificationCode"), ("POST", "/verify")],
)
def test_another_etag_changes_nothing_and_none_is_not_enough(method, action, arm, upload, root):
    uploaded = upload().json()
    body = {"properties": {"certificate": base64_of(root)}, "certificate": base64_of(root)}

    def send(headers):
        return arm(method, ROOT + action, body, headers=headers).status_code

    assert send({"If-Match": "IjA="}) == 412
    assert send({}) == (412 if method == "PUT" else 400)
    assert send({"If-Match": "no etag"}) == 400
    assert arm("GET", ROOT).json() == uploaded


def test_certificate_is_replaced_under_its_etag(upload, certificate):
    first = upload(isVerified=True).json()
    second = upload(certificate("next", ca=True), headers={"If-Match": first["etag"]}).json()

    assert second["properties"]["subject"] == "next"
    assert second["properties"]["isVerified"] is False
    assert second["properties"]["created"] == first["properties"]["created"]


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"properties": 1},
        {"properties": {"certificate": "LS0tLS1CRUdJTg=="}},
        {"properties": {"certificate": None, "isVerified": True}},
        {"properties": {"certificate": "AA==", "isVerified": "yes"}},
    ],
)
def test_body_that_is_no_certificate_is_refused(body, arm):
    refused = arm("PUT", ROOT, body)

    assert (refused.status_code, refused.json()["code"]) == (400, 400000)


def test_odd_name_is_refused(upload):
    assert upload(path=f"{SERVICE}/certificates/a%20b").status_code == 400


def test_one_certificate_too_many_is_refused_as_the_provider_refuses(start, arm, root):
    small = start(limits=Limits(ca_certificates=2))
    body = {"properties": {"certificate": base64_of(root)}}

    def put(name, headers=None):
        return arm("PUT", f"{SERVICE}/certificates/{name}", body, at=small, headers=headers)

    first, second, third = (put(name) for name in ("a", "b", "c"))
    replaced = put("a", {"If-Match": first.json()["etag"]})

    assert [first.status_code, second.status_code, third.status_code] == [200, 200, 400]
    assert third.json() == {
        "code": 400000,
        "httpStatusCode": "BadRequest",
        "message": "The limit of 2 CA certificates is reached.",
        "details": None,
    }
    assert replaced.ok
    assert len(arm("GET", f"{SERVICE}/certificates", at=small).json()["value"]) == 2


def test_service_holds_as_many_certificates_as_is_documented(arm, root):
    body = {"properties": {"certificate": base64_of(root)}}
    urls = [f"{SERVICE}/certificates/root-{number}" for number in range(26)]

    statuses = [arm("PUT", url, body).status_code for url in urls]

    assert statuses == [200] * 25 + [400]


@pytest.fixture
def device_of_the_root(root, certificate, device):
    return device("pump-7", chain=[certificate("pump-7", issuer=root, ca=False)])


@pytest.mark.parametrize(("is_verified", "status"), [(False, 401), (True, 202)])
def test_device_under_it_is_let_in_once_it_is_verified(
    is_verified, status, api, upload, group_body, device_of_the_root
):
    upload(isVerified=is_verified)
    attestation = {"type": "x509", "x509": {"caReferences": {"primary": "root-1"}}}
    assert api("PUT", "/enrollmentGroups/g1", group_body(attestation=attestation)).ok

    assert device_of_the_root.send().status_code == status


def test_certificates_are_kept_in_the_file_and_those_of_the_start_are_listed(
    arm, root, certificate, tmp_path
):
    path = tmp_path / "line.pem"
    path.write_bytes(certificate("line 4", ca=True).pem)
    settings = EmulatorSettings(db=str(tmp_path / "dps.sqlite"), cas=(("line-4", str(path)),))
    with Emulator(settings) as first:
        arm("PUT", ROOT, {"properties": {"certificate": base64_of(root)}}, at=first)
    with Emulator(settings) as second:
        listed = arm("GET", f"{SERVICE}/certificates", at=second).json()["value"]
        second.reset()
        left = arm("GET", f"{SERVICE}/certificates", at=second).json()["value"]

    shown = [(each["name"], each["properties"]["isVerified"]) for each in listed]
    assert sorted(shown) == [("line-4", True), ("root-1", False)]
    assert [each["name"] for each in left] == ["line-4"]

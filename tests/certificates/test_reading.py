import base64
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import issuing
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
)
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.certificates.describing import certificate_info
from dpsctl.certificates.reading import read_certificates
from dpsctl.errors import UsageError

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SOURCE = "--certificate-path intermediate.pem"
# Made with openssl 3; INFO is what `openssl x509 -nameopt RFC2253` and sha1sum say of it.
PEM = """\
-----BEGIN CERTIFICATE-----
MIIDPDCCAiSgAwIBAgICEAEwDQYJKoZIhvcNAQELBQAwKTEQMA4GA1UECgwHRml4
dHVyZTEVMBMGA1UEAwwMZml4dHVyZS1yb290MB4XDTI2MTEyMTIyNTIwNloXDTQ2
MDEyMDIyNTIwNlowMTEQMA4GA1UECgwHRml4dHVyZTEdMBsGA1UEAwwUZml4dHVy
ZS1pbnRlcm1lZGlhdGUwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQCd
E37A+BulQnGwII9ndvMPWDlT/TH1zdsfXAt98NBwCP/dVni7vDQ/tSjvatDZ5ABu
+1EG2MWor3k1a8dFaaloZ4MRhcT2mo8Qbe4MYbROd1KcSV1Qh9OwB5s5d9dSH3wZ
Z/ojv4j7tah97eOX9LbtG7CS37ktNtiOk5Qp9XJhqIkwno1u9rHJ13VMhnI3wFkk
iXA/ajsfH4rLlUn+V5nTMBzp2ZEn1utROOKYkT1k5klbjOEo4cPUkD3BF6LHuHQL
lqRMxGRdd3e+GdpUgWrwkSKqSr5mYRjea5deHSE+hhioqxxPQ+GlHOfbuxDRGa4/
AVaN9ij0/eEIoM2Wck1nAgMBAAGjZjBkMBIGA1UdEwEB/wQIMAYBAf8CAQAwDgYD
VR0PAQH/BAQDAgEGMB0GA1UdDgQWBBRKIbAoN/wwWtqZzeB6bFRBAczeDDAfBgNV
HSMEGDAWgBSEpF8QQGLEP//u8PXGqJ6wP/cuLTANBgkqhkiG9w0BAQsFAAOCAQEA
RP5EU+I1shcSqDo2LO8hLTW+H4FCjCbTZSX+njMUOQjO/o5+uwBPU9lTHasYYYu1
SmczY0oMAH/QhL+WNx13ELfmv+wPdyDHVTXunQennqMxb/CJGrLeSZrns2pC8T3M
1Q95+P12m2SZFHGf52j83o4phoSjca7kywyBJl9/fcwGB/m2eXDJPtUcHik/9dfc
l65ozUi9MavSBN3+YpcmJ0G0vzfoizA60VpcQWO0Cjho+lGB533YI0rD5XLcONcE
JksS06aYSFu7U4RW6lF5DfTLbIP2dXKmvUSW+4d5C3CA16vsOuiFjbW+T9BD8YxE
7iZD2YBz9pCE+Lh1hxsLfw==
-----END CERTIFICATE-----"""
INFO = {
    "subjectName": "CN=fixture-intermediate, O=Fixture",
    "sha1Thumbprint": "3271DCD37CA484FFA741FC3FBA1E732AB3D9CD21",
    "sha256Thumbprint": "CC410AF758C94D66206536C2A3B47C72760A0ADA900A883B58999949DFF09A5A",
    "issuerName": "CN=fixture-root, O=Fixture",
    "notBeforeUtc": "2026-11-21T22:52:06Z",
    "notAfterUtc": "2046-01-20T22:52:06Z",
    "serialNumber": "1001",
    "version": 3,
}
LOADED = x509.load_pem_x509_certificate(PEM.encode())
DER = LOADED.public_bytes(Encoding.DER)
ISSUER = issuing.make_certificate("issuer", at=NOW)
HOUR = 1 / 24


def make_certificate(name="device-1", issuer=ISSUER, *, age=1, days=365, **traits):
    made = issuing.make_certificate(name, issuer, at=NOW, age=age, days=days, **traits)
    return made.certificate


def private_key(encoding, encryption=NoEncryption()):  # noqa: B008  # it holds nothing
    return ISSUER.key.private_bytes(encoding, PrivateFormat.PKCS8, encryption)


def test_certificate_info_says_what_openssl_says():
    assert certificate_info(LOADED) == INFO


def test_certificate_info_prints_whole_bytes_of_the_serial_number():
    assert certificate_info(make_certificate(serial=0xABC))["serialNumber"] == "0ABC"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(f"{PEM}\n".encode(), id="pem"),
        pytest.param(PEM.replace("\n", "\r\n").encode(), id="crlf"),
        pytest.param(f"Bag Attributes\n  x: y\n{PEM}\n# end\n".encode(), id="comments"),
        pytest.param(PEM.encode("utf-8-sig"), id="byte-order-mark"),
        pytest.param(PEM.encode("utf-16"), id="utf-16"),
        pytest.param(b"\xfe\xff" + PEM.encode("utf-16-be"), id="utf-16-big-endian"),
        pytest.param(DER, id="der"),
        pytest.param(base64.b64encode(DER), id="base64-of-der"),
        pytest.param(base64.encodebytes(DER), id="base64-in-lines"),
        pytest.param(base64.b64encode(PEM.encode()), id="base64-of-pem"),
        pytest.param(pkcs7.serialize_certificates([LOADED], Encoding.PEM), id="pkcs7"),
        pytest.param(pkcs7.serialize_certificates([LOADED], Encoding.DER), id="pkcs7-der"),
    ],
)
def test_certificate_is_recognised_by_content_and_written_clean(data):
    assert read_certificates(data, SOURCE).pem == PEM


def test_certificate_with_serial_number_below_1_is_read_in_silence():
    at = DER.index(bytes.fromhex("02021001"))  # INTEGER 0x1001
    odd = DER[: at + 2] + b"\x80\x00" + DER[at + 4 :]

    found = read_certificates(odd, SOURCE)

    assert certificate_info(found.certificates[0])["serialNumber"] == "-8000"


def test_chain_is_kept_in_the_order_of_the_file():
    root = make_certificate("root", None)
    second = root.public_bytes(Encoding.PEM).decode()

    chain = read_certificates(f"one\n{PEM}\n\ntwo\n{second}".encode(), SOURCE)

    assert chain.pem == f"{PEM}\n{second.strip()}"
    assert chain.certificates == (LOADED, root)


def test_chain_of_a_pkcs7_bundle_starts_with_its_end():
    root = issuing.make_certificate("root", at=NOW, days=365)
    middle = make_certificate("middle", root)
    bundle = pkcs7.serialize_certificates([root.certificate, middle], Encoding.DER)

    chain = read_certificates(bundle, SOURCE)

    assert chain.certificates == (middle, root.certificate)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "the file is empty", id="empty"),
        pytest.param(b" \r\n", "the file is empty", id="blank"),
        pytest.param(private_key(Encoding.PEM), "a private key", id="key"),
        pytest.param(
            PEM.encode() + b"\n" + private_key(Encoding.PEM), "a private key", id="key-beside"
        ),
        pytest.param(private_key(Encoding.DER), "a private key", id="key-in-der"),
        pytest.param(
            base64.b64encode(private_key(Encoding.PEM)), "a private key", id="key-in-base64"
        ),
        pytest.param(
            private_key(Encoding.DER, BestAvailableEncryption(b"x")),
            "a private key",
            id="encrypted-key-in-der",
        ),
        pytest.param(
            b"-----BEGIN CERTIFICATE REQUEST-----\nMA==\n-----END CERTIFICATE REQUEST-----\n",
            "no certificate can be read: it holds CERTIFICATE REQUEST",
            id="request",
        ),
        pytest.param(PEM.encode()[:500], "no certificate can be read", id="cut-pem"),
        pytest.param(DER[:500], "no certificate can be read", id="cut-der"),
        pytest.param(b"secret words", "no certificate can be read", id="text"),
        pytest.param(b'{"a": 1}', "no certificate can be read", id="json"),
    ],
)
def test_what_is_no_certificate_is_refused_by_the_name_of_the_file(data, reason):
    with pytest.raises(UsageError) as caught:
        read_certificates(data, SOURCE)

    assert caught.value.message.startswith(f"{SOURCE}: ")
    assert reason in caught.value.message


@given(st.integers(0, len(DER) - 1), st.integers(0, 255), st.booleans())
def test_damaged_certificate_is_read_or_refused_but_never_breaks(position, byte, as_pem):
    damaged = DER[:position] + bytes([byte]) + DER[position + 1 :]
    text = base64.encodebytes(damaged)
    pem = b"-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n" % text

    with suppress(UsageError):
        found = read_certificates(pem if as_pem else damaged, SOURCE)
        assert found.certificates[0].public_bytes(Encoding.DER) == damaged
        assert isinstance(found.warnings(NOW, device=None), list)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused(data):
    with pytest.raises(UsageError):
        read_certificates(data, SOURCE)


@pytest.mark.parametrize(
    ("certificate", "device", "warnings"),
    [
        pytest.param(make_certificate(), None, [], id="good"),
        pytest.param(
            make_certificate(ca=False),
            None,
            ["'CN=device-1' is not a CA certificate, so it cannot sign devices'"],
            id="no-ca",
        ),
        pytest.param(make_certificate(ca=False), "device-1", [], id="leaf-of-a-device"),
        pytest.param(
            make_certificate(days=-HOUR),
            None,
            ["'CN=device-1' expired on 2026-05-31"],
            id="expired",
        ),
        pytest.param(
            make_certificate(age=-HOUR),
            "device-1",
            ["'CN=device-1' is not valid before 2026-06-01 01:00 UTC"],
            id="too-early",
        ),
        pytest.param(
            make_certificate(days=30),
            "device-1",
            ["'CN=device-1' expires on 2026-07-01, in 30 days"],
            id="soon",
        ),
        pytest.param(
            make_certificate(ca=False),
            "pump-1",
            [
                (
                    "the CN is 'device-1', and not the registration id 'pump-1': "
                    "no device can register so"
                )
            ],
            id="another-device's",
        ),
        pytest.param(make_certificate(days=31), "DEVICE-1", [], id="not-soon"),
    ],
)
def test_warnings_name_what_will_keep_devices_out(certificate, device, warnings):
    found = read_certificates(certificate.public_bytes(Encoding.PEM), SOURCE)

    assert found.warnings(NOW, device=device) == warnings


def test_warnings_cover_the_whole_chain_when_it_expires():
    old = make_certificate("old", days=-HOUR, ca=False)
    chain = PEM.encode() + b"\n" + old.public_bytes(Encoding.PEM)

    warnings = read_certificates(chain, SOURCE).warnings(NOW + timedelta(days=365), device=None)

    assert warnings == ["'CN=old' expired on 2026-05-31"]


def chain_of(*certificates):
    text = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)
    return read_certificates(text, SOURCE)


def test_chain_the_wrong_way_round_is_warned_of():
    root = issuing.make_certificate("root", at=NOW, days=365)
    middle = issuing.make_certificate("middle", root, at=NOW, days=365)
    lower = issuing.make_certificate("lower", middle, at=NOW, days=365)
    chains = [(root, middle), (middle, lower), (lower, middle, root), (root,)]
    certificates = [[each.certificate for each in chain] for chain in chains]

    found = [chain_of(*chain).warnings(NOW, device=None) for chain in certificates]

    assert found == [
        ["the chain begins with its root, 'CN=root', and the first certificate counts"],
        ["the chain begins with an issuer, 'CN=middle', and the first certificate counts"],
        [],
        [],
    ]


@pytest.mark.parametrize("end", ["\\n", "\\r\\n"])
def test_line_breaks_that_became_two_characters_are_read(end):
    found = read_certificates(PEM.replace("\n", end).encode(), SOURCE)

    assert found.pem == PEM


def test_request_is_answered_with_what_is_to_become_of_it():
    request = b"-----BEGIN CERTIFICATE REQUEST-----\nMA==\n-----END CERTIFICATE REQUEST-----\n"

    with pytest.raises(UsageError) as caught:
        read_certificates(request, SOURCE)

    assert caught.value.hint.startswith("A request (CSR) is what an authority signs")

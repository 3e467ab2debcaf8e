import io

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from dpsctl.certificates.files import read_certificate, read_slots
from dpsctl.errors import UsageError
from dpsctl.options.enrollment import Attestation
from dpsctl.run import Run
from dpsctl.text.values import StandardInput


@pytest.fixture
def heard():
    return io.StringIO()


@pytest.fixture
def world(heard):
    return Run({}, stderr=heard)


def read(path, run, *, device=None):
    return read_certificate(str(path), "--certificate-path", run, device=device)


def test_certificate_is_read_as_the_service_wants_it(certificate_file, world, heard):
    path = certificate_file()

    text = read(path, world)

    assert text == path.read_text().rstrip("\n")
    assert heard.getvalue() == ""


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda pem: b"\xef\xbb\xbf" + pem, id="byte-order-mark"),
        pytest.param(lambda pem: pem.replace(b"\n", b"\r\n"), id="crlf"),
        pytest.param(lambda pem: b"subject=CN = Test CA\n\n" + pem + b"\n\n", id="comments"),
        pytest.param(
            lambda pem: x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER),
            id="der",
        ),
        pytest.param(lambda pem: b"".join(pem.split(b"\n")[1:-2]), id="base64"),
    ],
)
def test_form_of_the_file_does_not_change_what_is_sent(certificate_file, world, spoil):
    path = certificate_file("ca.whatever")
    plain = read(path, world)
    path.write_bytes(spoil(path.read_bytes()))

    assert read(path, world) == plain


def test_each_slot_is_read_from_its_flag(certificate_file, world):
    first, second = certificate_file("1.pem"), certificate_file("2.pem")
    options = Attestation(certificate_path=str(first), secondary_certificate_path=str(second))

    slots = read_slots(options, world)

    assert slots == {
        "primary": first.read_text().rstrip("\n"),
        "secondary": second.read_text().rstrip("\n"),
    }
    assert read_slots(Attestation(), world) == {}


def test_certificate_is_read_from_standard_input(certificate_file, heard):
    pem = certificate_file().read_bytes()
    run = Run({}, stdin=StandardInput(io.BytesIO(pem)), stderr=heard)

    assert read("-", run) == pem.decode().rstrip("\n")


@pytest.mark.parametrize(
    ("traits", "said"),
    [
        pytest.param({"is_ca": False}, "is not a CA certificate", id="leaf"),
        pytest.param({"days": -1}, "expired on", id="expired"),
        pytest.param({"days": 29}, "expires on", id="expires-soon"),
    ],
)
def test_doubtful_certificate_is_taken_with_a_warning(certificate_file, world, heard, traits, said):
    path = certificate_file(**traits)

    assert read(path, world).startswith("-----BEGIN CERTIFICATE-----")
    assert heard.getvalue().startswith(f"warning: --certificate-path {path}: 'CN=Test CA' {said}")


def test_certificate_that_signs_nothing_need_not_be_a_ca(certificate_file, world, heard):
    read(certificate_file(is_ca=False), world, device="Test CA")

    assert heard.getvalue() == ""


def test_certificate_that_lasts_draws_no_warning(certificate_file, world, heard):
    read(certificate_file(days=31), world)

    assert heard.getvalue() == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "the file is empty", id="empty"),
        pytest.param(b"  \n", "the file is empty", id="blank"),
        pytest.param(b"\x00\x01garbage", "no certificate can be read", id="garbage"),
        pytest.param(
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "no certificate can be read",
            id="broken",
        ),
    ],
)
def test_file_without_a_certificate_is_refused(tmp_path, world, content, said):
    path = tmp_path / "file.pem"
    path.write_bytes(content)

    with pytest.raises(UsageError, match=said) as refused:
        read(path, world)

    assert refused.value.message.startswith(f"--certificate-path {path}: ")


def test_private_key_is_refused_and_not_repeated(certificate_file, world):
    path = certificate_file(with_key=True)

    with pytest.raises(UsageError, match="holds a private key") as refused:
        read(path, world)

    assert path.read_text().splitlines()[-2] not in f"{refused.value.message}{refused.value.hint}"


@pytest.mark.parametrize("name", ["missing.pem", "", "nul\0"], ids=["missing", "folder", "nul"])
def test_file_that_cannot_be_read_is_named(tmp_path, world, name):
    with pytest.raises(UsageError, match="cannot read the file") as refused:
        read(f"{tmp_path}/{name}", world)

    assert refused.value.message.startswith(f"--certificate-path {tmp_path}")

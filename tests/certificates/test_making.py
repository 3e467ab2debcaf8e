"""Certificates as made, judged by the openssl program and by OpenSSL's rules."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.certificates.issuers import Issuer, Validity, read_issuer, read_key
from dpsctl.certificates.making import (
    device_certificate,
    intermediate_certificate,
    name_problem,
    new_key,
    registration_id_problem,
    root_certificate,
    signed_code,
)
from dpsctl.errors import UsageError
from dpsctl.run import Run

NOW = datetime.now(UTC).replace(microsecond=0)
YEAR = Validity.of_days(365, NOW)
KEY = new_key()


def never_asked():
    pytest.fail("a passphrase was asked for")


def pem(*certificates):
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


def key_pem(key, encryption=NoEncryption()):  # noqa: B008 - it holds nothing
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def authority(name="root", above=None, *, path_length=None, validity=YEAR, key=KEY):
    """Make an authority that can sign; *above* is another one."""
    if above is None:
        made = root_certificate(name, key, validity, path_length)
        return Issuer((made,), key, f"--issuer {name}.pem")
    made = intermediate_certificate(name, key, above, validity, path_length)
    return Issuer((made, *above.chain), key, f"--issuer {name}.pem")


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Read an authority from the files ca.pem and ca.key, which hold what is given."""
    monkeypatch.chdir(tmp_path)

    def read(certificates, key, passphrase=None):
        (tmp_path / "ca.pem").write_bytes(certificates)
        (tmp_path / "ca.key").write_bytes(key)
        files = ("--issuer", "ca.pem"), ("--issuer-key", "ca.key")
        return read_issuer(*files, lambda: passphrase, Run({}))

    return read


ROOT = authority()
LINE = authority("line", ROOT, path_length=0, key=new_key())


@pytest.mark.parametrize("algorithm", ["ec", "rsa"])
def test_chain_of_three_is_verified_by_openssl(openssl, algorithm):
    root = authority(key=new_key(algorithm))
    line = authority("line", root, path_length=0, key=new_key(algorithm))
    device = device_certificate("device-1", new_key(algorithm).public_key(), line, YEAR)

    code, said = openssl(
        "verify -x509_strict -purpose sslclient -CAfile root -untrusted line device",
        root=pem(root.certificate),
        line=pem(line.certificate),
        device=pem(device),
    )

    assert (code, said) == (0, "device: OK\n")


def test_openssl_refuses_a_device_as_an_authority(openssl):
    key = new_key()
    device = device_certificate("device-1", key.public_key(), LINE, YEAR)
    misused = Issuer((device, *LINE.chain), key, "--issuer device.pem")
    other = device_certificate("device-2", new_key().public_key(), misused, YEAR)

    code, said = openssl(
        "verify -CAfile root -untrusted between other",
        root=pem(ROOT.certificate),
        between=pem(device, LINE.certificate),
        other=pem(other),
    )

    assert code != 0
    assert "invalid CA certificate" in said


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        pytest.param(
            lambda: ROOT.certificate,
            ["CA:TRUE\n", "Certificate Sign, CRL Sign\n", "ecdsa-with-SHA256"],
            id="root",
        ),
        pytest.param(
            lambda: LINE.certificate,
            ["CA:TRUE, pathlen:0\n", "Certificate Sign, CRL Sign\n", "CN = line"],
            id="intermediate",
        ),
        pytest.param(
            lambda: device_certificate("Device-1", KEY.public_key(), LINE, YEAR),
            [
                "CA:FALSE\n",
                "Digital Signature\n",
                "TLS Web Client Authentication\n",
                "Subject: CN = Device-1\n",
                "NIST CURVE: P-256",
            ],
            id="device",
        ),
        pytest.param(
            lambda: device_certificate("d", new_key("rsa", 3072).public_key(), LINE, YEAR),
            ["Digital Signature, Key Encipherment\n", "Public-Key: (3072 bit)"],
            id="device-with-rsa",
        ),
        pytest.param(
            lambda: signed_code("8CB7A8F1", ROOT, YEAR),
            ["CA:FALSE\n", "Subject: CN = 8CB7A8F1\n", "Issuer: CN = root\n"],
            id="verification",
        ),
        pytest.param(
            lambda: authority(key=new_key("ec", 384)).certificate,
            ["ecdsa-with-SHA384", "NIST CURVE: P-384"],
            id="p-384",
        ),
    ],
)
def test_openssl_reads_the_usages_that_were_meant(openssl, make, wanted):
    code, said = openssl("x509 -in made -noout -text", made=pem(make()))

    assert code == 0
    assert [text for text in wanted if text not in said] == []
    assert "Basic Constraints: critical" in said
    assert "Key Usage: critical" in said


@pytest.mark.parametrize(
    ("algorithm", "size", "check"),
    [("ec", None, "ec -check"), ("ec", 384, "ec -check"), ("rsa", None, "rsa -check")],
)
def test_keys_pass_openssls_check(openssl, algorithm, size, check):
    code, said = openssl(f"{check} -noout -in made", made=key_pem(new_key(algorithm, size)))

    assert code == 0
    assert "ok" in said.lower() or "valid" in said.lower()


@pytest.mark.parametrize(("algorithm", "size"), [("ec", 2048), ("rsa", 1024), ("ec", 0)])
def test_other_key_sizes_are_refused(algorithm, size):
    with pytest.raises(UsageError, match=f"^--key-size {size}: "):
        new_key(algorithm, size)


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER], ids=["pem", "der"])
def test_encrypted_key_is_opened_by_its_passphrase_alone(read, encoding):
    lock = BestAvailableEncryption(b"open sesame")
    encrypted = KEY.private_bytes(encoding, PrivateFormat.PKCS8, lock)

    opened = read(pem(ROOT.certificate), encrypted, "open sesame")
    with pytest.raises(UsageError, match=r"^--issuer-key ca.key: the passphrase does not open"):
        read(pem(ROOT.certificate), encrypted, "wrong")

    assert opened.key.public_key() == KEY.public_key()


def test_passphrase_is_not_asked_for_where_the_key_is_open():
    der = KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    assert read_key(der, "--issuer-key", never_asked).public_key() == KEY.public_key()


def test_what_is_signed_never_outlives_the_authorities_above():
    short = authority("short", validity=Validity.of_days(10, NOW))
    line = authority("line", short, path_length=0)

    made = device_certificate("device-1", KEY.public_key(), line, YEAR)

    assert made.not_valid_after_utc == NOW + timedelta(days=10)


def test_certificate_counts_days_from_now_and_bears_with_slow_clocks():
    made = device_certificate(
        "device-1", KEY.public_key(), authority(validity=YEAR), Validity.of_days(7, NOW)
    )

    assert made.not_valid_after_utc == NOW + timedelta(days=7)
    assert made.not_valid_before_utc == NOW - timedelta(minutes=5)


@pytest.mark.parametrize(
    ("root", "line", "wanted", "reason"),
    [
        pytest.param(0, None, 0, "allows no further authority", id="root-allows-none"),
        pytest.param(1, None, 1, "--path-length 1: .* allows 0 at most", id="too-long"),
        pytest.param(1, 0, 0, "allows no further authority", id="intermediate-allows-none"),
        pytest.param(2, 1, 1, "allows 0 at most", id="both-limit"),
    ],
)
def test_path_length_of_the_authorities_above_is_kept(root, line, wanted, reason):
    above = authority(path_length=root)
    above = above if line is None else authority("line", above, path_length=line)

    with pytest.raises(UsageError, match=reason):
        authority("new", above, path_length=wanted)


@given(st.lists(st.none() | st.integers(0, 3), min_size=1, max_size=4), st.integers(0, 3))
def test_path_length_is_refused_just_where_a_chain_would_break(above, wanted):
    chain = tuple(
        root_certificate("any", KEY, YEAR, length) for length in above
    )  # who signed them does not matter here
    below = [wanted + 1 + depth for depth in range(len(above))]
    is_broken = any(
        limit is not None and limit < needed for limit, needed in zip(above, below, strict=True)
    )

    try:
        Issuer(chain, KEY, "--issuer ca.pem").check_path_length(wanted)
    except UsageError:
        assert is_broken
    else:
        assert not is_broken


@pytest.mark.parametrize(
    ("certificates", "key", "reason"),
    [
        pytest.param(
            [device_certificate("device-1", KEY.public_key(), LINE, YEAR)],
            KEY,
            "^--issuer ca.pem: 'CN=device-1' cannot sign certificates",
            id="device",
        ),
        pytest.param(
            [ROOT.certificate], new_key(), "^--issuer-key ca.key: the key is not that of", id="key"
        ),
        pytest.param(
            [root_certificate("old", KEY, Validity.of_days(1, NOW - timedelta(days=9)))],
            KEY,
            f"^--issuer ca.pem: 'CN=old' expired on {NOW - timedelta(days=8):%Y-%m-%d}",
            id="expired",
        ),
        pytest.param(
            [root_certificate("young", KEY, Validity.of_days(1, NOW + timedelta(days=9)))],
            KEY,
            "^--issuer ca.pem: 'CN=young' is not valid before ",
            id="too-young",
        ),
        pytest.param(
            [ROOT.certificate, LINE.certificate],
            KEY,
            "^--issuer ca.pem: 'CN=root' is not signed by the next one, 'CN=line'",
            id="wrong-order",
        ),
        pytest.param(
            [ROOT.certificate],
            ed25519.Ed25519PrivateKey.generate(),
            "^--issuer-key ca.key: the key is neither EC nor RSA",
            id="other-kind-of-key",
        ),
    ],
)
def test_authority_that_cannot_sign_is_refused(read, certificates, key, reason):
    with pytest.raises(UsageError, match=reason):
        read(pem(*certificates), key_pem(key))


def test_authority_whose_key_usage_forbids_it_cannot_sign(read):
    usage = x509.KeyUsage(*[True, *[False] * 8])
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "odd")])
    odd = (
        x509.CertificateBuilder(name, name, KEY.public_key(), 1, YEAR.starts, YEAR.ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(KEY, ROOT.certificate.signature_hash_algorithm)
    )

    with pytest.raises(UsageError, match="'CN=odd' cannot sign"):
        read(pem(odd), key_pem(KEY))


@given(st.binary(max_size=200), st.booleans())
def test_arbitrary_bytes_are_no_key(data, as_pem):
    with pytest.raises(UsageError, match=r"^--issuer-key: no private key can be read$"):
        read_key(b"-----BEGIN " * as_pem + data, "--issuer-key", never_asked)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        (" \t", "empty"),
        (" name", "space"),
        ("two\nlines", "printed"),
        ("x" * 65, "65 bytes are too long"),
        ("ü" * 33, "66 bytes are too long"),
    ],
)
def test_name_that_no_certificate_can_bear_is_refused(name, reason):
    assert reason in name_problem(name)


@given(st.text(max_size=70))
def test_every_name_that_is_let_through_can_be_made(name):
    if name_problem(name) is None:
        made = root_certificate(name, KEY, YEAR)
        (found,) = made.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        assert found.value == name


@pytest.mark.parametrize(
    ("registration_id", "reason"),
    [
        ("device-1", None),
        ("a" * 64, None),
        ("a" * 65, "65 bytes are too long for a certificate's CN, which takes 64"),
        ("a/b", "'/' cannot be in a registration id"),
        ("a.", "ends with"),
    ],
)
def test_registration_id_must_fit_the_service_and_the_certificate(registration_id, reason):
    problem = registration_id_problem(registration_id)

    assert problem is None if reason is None else reason in problem

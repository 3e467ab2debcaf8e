"""Certificates for tests, made here alone: of one kind of key, with what a test asks for."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)


class Made(NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self):
        return self.certificate.public_bytes(Encoding.PEM)

    def key_pem(self, password=None):
        lock = BestAvailableEncryption(password) if password else NoEncryption()
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


def make_certificate(
    name,
    issuer=None,
    *,
    ca=True,
    path_length=None,
    more=(),
    at=None,
    age=10,
    days=1,
    serial=None,
):
    """Make a certificate that *issuer*, or else its own key, has signed.

    *name* is its common name, or a whole subject such as "CN=d1,O=Acme"; *more* are critical
    extensions. At the moment *at* (now) it has been valid for *age* days and is so for *days* more.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    parts = name if "=" in name else f"CN={name}"
    subject = x509.Name.from_rfc4514_string(parts, {"emailAddress": x509.NameOID.EMAIL_ADDRESS})
    at = at or datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer_name=issuer.certificate.subject if issuer else subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=serial or x509.random_serial_number(),
        not_valid_before=at - timedelta(days=age),
        not_valid_after=at + timedelta(days=days),
    ).add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    for extension in more:
        builder = builder.add_extension(extension, critical=True)
    return Made(builder.sign(issuer.key if issuer else key, SHA256()), key)

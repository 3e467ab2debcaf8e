"""Certificates as callers send them, and how the `info` in their place names them."""

from __future__ import annotations

import binascii

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from dpsctl.emulator.answers import Json, invalid

_PEM = b"-----BEGIN CERTIFICATE-----"


def read_certificate(text: str) -> x509.Certificate:
    """Read PEM text (of a chain: the first), base64 of DER or base64 of PEM (docs/service.md#e1).

    Raises Refusal.
    """
    data = text.encode()
    try:
        if _PEM not in data:
            data = binascii.a2b_base64(b"".join(data.split()), strict_mode=True)
        if _PEM in data:
            return x509.load_pem_x509_certificates(data)[0]
        return x509.load_der_x509_certificate(data)
    except ValueError:
        raise invalid("Invalid certificate.") from None


def base64_der(certificate: x509.Certificate) -> str:
    """Write a certificate as one line of base64."""
    der = certificate.public_bytes(Encoding.DER)
    return binascii.b2a_base64(der, newline=False).decode()


def common_names(certificate: x509.Certificate) -> list[str]:
    """Return the common names of *certificate*'s subject."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return [str(name.value) for name in names]


def is_described_by(info: Json, known: Json) -> bool:
    """Say whether *info* names the certificate that *known* describes, by what it gives of both."""
    given = [name for name in ("sha1Thumbprint", "sha256Thumbprint") if info.get(name)]
    return bool(given) and all(
        str(info[name]).upper() == str(known.get(name)).upper() for name in given
    )

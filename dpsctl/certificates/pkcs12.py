"""PKCS#12 files: a key with its certificates, as Windows and many devices keep them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from dpsctl.errors import UsageError

_VERSION_3 = b"\x02\x01\x03"
_SEQUENCE = 0x30
_LONG_FORM = 0x80


def is_pkcs12(data: bytes) -> bool:
    """Tell PKCS#12 from certificates and keys: its DER (RFC 7292) begins with the number 3."""
    if len(data) < 2 or data[0] != _SEQUENCE:
        return False
    length_bytes = data[1] - _LONG_FORM if data[1] > _LONG_FORM else 0
    return data[2 + length_bytes :].startswith(_VERSION_3)


def contents_of(
    data: bytes, source: str, passphrase: Callable[[], str]
) -> tuple[object, tuple[x509.Certificate, ...]]:
    """Return the key, if there is one, and the certificates, the key's own first.

    *passphrase* is asked if the file has one.

    Raises UsageError, which starts with *source*.
    """
    try:
        held = _opened(data, source, passphrase)
    except UnsupportedAlgorithm:
        raise UsageError(
            f"{source}: it is encrypted in a way that is not known here",
            "'openssl pkcs12 -legacy -in FILE -nokeys' may read it.",
        ) from None
    certificates = (held.cert, *held.additional_certs)
    found = tuple(each.certificate for each in certificates if each is not None)
    if not found:
        raise UsageError(f"{source}: the file holds no certificate")
    return held.key, found


def pkcs12_of(
    name: str, key: pkcs12.PKCS12PrivateKeyTypes, chain: Sequence[x509.Certificate], passphrase: str
) -> bytes:
    """Write a key and its certificate, the first of *chain*, with the others behind it."""
    encryption = BestAvailableEncryption(passphrase.encode())
    return pkcs12.serialize_key_and_certificates(
        name.encode(), key, chain[0], chain[1:], encryption
    )


def _opened(
    data: bytes, source: str, passphrase: Callable[[], str]
) -> pkcs12.PKCS12KeyAndCertificates:
    for none in (None, b""):
        try:
            return pkcs12.load_pkcs12(data, none)
        except ValueError:
            continue
    try:
        return pkcs12.load_pkcs12(data, passphrase().encode())
    except ValueError:
        raise UsageError(
            f"{source}: the passphrase does not open the file, or it is damaged",
            "'openssl pkcs12 -in FILE -nokeys' shows what it holds.",
        ) from None

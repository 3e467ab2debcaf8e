"""What a device sends to be issued a certificate, and what it is refused for. Pure."""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from dpsctl.certificates.requests import why_no_request
from dpsctl.emulator.answers import invalid

if TYPE_CHECKING:
    from dpsctl.certificates.issuers import PublicKey

_FIRST_WITH_REQUESTS = "2025-07-01"  # versions are dates (docs/service.md#j1)
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_RSA_BITS = range(2048, 4097)


def requested_key(csr: object, registration_id: str, version: str) -> PublicKey:
    """Return the key that the *csr* of a DeviceRegistration asks a certificate for.

    What the service refuses a request for is in no source: the emulator has chosen
    (docs/service.md#j1). Raises Refusal.
    """
    if version < _FIRST_WITH_REQUESTS:
        raise invalid(f"csr is not known in api-version {version}.")
    request = _read(csr)
    if problem := why_no_request(request, registration_id):
        raise invalid(f"Invalid csr: {problem}.")
    return _key_of(request)


def _read(sent: object) -> x509.CertificateSigningRequest:
    text = "".join(sent.split()) if isinstance(sent, str) else ""
    try:
        return x509.load_der_x509_csr(binascii.a2b_base64(text, strict_mode=True))
    except (ValueError, x509.InvalidVersion):
        raise invalid("Invalid csr: it must be base64 of PKCS#10 in DER, without PEM.") from None


def _key_of(request: x509.CertificateSigningRequest) -> PublicKey:
    key = request.public_key()
    match key:
        case rsa.RSAPublicKey() if key.key_size in _RSA_BITS:
            return key
        case ec.EllipticCurvePublicKey() if isinstance(key.curve, _CURVES):
            return key
    raise invalid("Invalid csr: its key is neither RSA of 2048 to 4096 bits nor of P-256 or more.")

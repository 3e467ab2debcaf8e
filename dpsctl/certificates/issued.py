"""Certificates that the service issued, as its answer has them."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from dpsctl.certificates.describing import name_of
from dpsctl.certificates.reading import read_certificates
from dpsctl.errors import BadAnswer, UsageError

_HINT = "--debug shows the answer. Registering again asks for another certificate."


def read_issued(
    elements: Sequence[str], request: x509.CertificateSigningRequest
) -> tuple[x509.Certificate, ...]:
    """Read an `issuedCertificateChain`, whose first certificate has to be for *request*'s key.

    Each element is base64 of DER or of PEM (docs/service.md#j1). Raises BadAnswer.
    """
    chain: list[x509.Certificate] = []
    for number, element in enumerate(elements, 1):
        try:
            chain += read_certificates(element.encode("utf-8", "replace"), "").certificates
        except UsageError:
            raise BadAnswer(
                f"element {number} of {len(elements)} in issuedCertificateChain is no certificate",
                _HINT,
            ) from None
    if not _have_one_key(request, chain[0]):
        raise BadAnswer(
            f"issuedCertificateChain begins with {name_of(chain[0])}, whose key is another one",
            _HINT,
        )
    return tuple(chain)


def _have_one_key(request: x509.CertificateSigningRequest, certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.public_key() == request.public_key())
    except (ValueError, UnsupportedAlgorithm):
        return False

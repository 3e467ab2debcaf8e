"""The proof that one has a certificate's key, made on this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dpsctl.certificates.passphrases import passphrase_asker
from dpsctl.payloads.central import encoded_certificate
from dpsctl.run import Run
from dpsctl.service.possession import OwnCertificate

if TYPE_CHECKING:
    from dpsctl.certificates.issuers import Issuer

_PROOF_DAYS = 1  # it is used at once


def own_certificate(
    certificate_path: str,
    key_path: str,
    passphrase: str | None,
    run: Run,
    *,
    body_of: Callable[[str], dict[str, Any]],
) -> OwnCertificate:
    """Read a certificate and its key, and check that they belong together.

    *body_of* makes the body that sets the certificate, of its PEM text. Raises UsageError.
    """
    from cryptography.hazmat.primitives.serialization import Encoding

    from dpsctl.certificates.describing import certificate_info
    from dpsctl.certificates.issuers import read_issuer

    ask = passphrase_asker(passphrase, "--passphrase", key_path, run)
    files = ("--certificate-path", certificate_path), ("--key-path", key_path)
    issuer = read_issuer(*files, ask, run)
    pem = issuer.certificate.public_bytes(Encoding.PEM).decode().rstrip("\n")
    return OwnCertificate(
        body=body_of(pem),
        thumbprint=certificate_info(issuer.certificate)["sha1Thumbprint"],
        prove=lambda code: _proof(code, issuer),
    )


def _proof(code: str, issuer: Issuer) -> str:
    """Return the base64 of a verification certificate for *code*."""
    from cryptography.hazmat.primitives.serialization import Encoding

    from dpsctl.certificates.issuers import Validity
    from dpsctl.certificates.making import signed_code

    made = signed_code(code, issuer, Validity.of_days(_PROOF_DAYS))
    return encoded_certificate(made.public_bytes(Encoding.PEM).decode().rstrip("\n"))

"""`dpsctl central enrollment-group certify`: prove to own a certificate, in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dpsctl.certificates.passphrases import passphrase_asker
from dpsctl.frame.verbs import verb
from dpsctl.options.central import (
    CertificatePath,
    EnrollmentGroupId,
    Entry,
    Passphrase,
    SigningKeyPath,
)
from dpsctl.options.words import CertificateEntry
from dpsctl.payloads.central import encoded_certificate, signing_certificate
from dpsctl.run import Run
from dpsctl.service import group_certificates
from dpsctl.service.central import CentralService

if TYPE_CHECKING:
    from dpsctl.certificates.issuers import Issuer

_PROOF_DAYS = 1  # it is used at once
_CERTIFIED_COLUMNS = {"Thumbprint": "info.sha1Thumbprint", "Verified": "verified"}


@verb(
    writes=True,
    columns=_CERTIFIED_COLUMNS,
    examples=[
        (
            "dpsctl central enrollment-group certify --id myx509eg"
            " --certificate-path root.pem --key-path root.key"
        ),
        (
            "dpsctl central enrollment-group certify --id myx509eg --entry secondary"
            " --certificate-path next.pem --key-path next.key"
        ),
    ],
)
def certify(  # noqa: PLR0913, PLR0917 - each is one thing a user may say
    service: CentralService,
    run: Run,
    group_id: EnrollmentGroupId,
    certificate_path: CertificatePath,
    key_path: SigningKeyPath,
    passphrase: Passphrase = None,
    entry: Entry = CertificateEntry.primary,
) -> Any:
    """Prove that a certificate of a group is yours, in one step.

    Asks for a code, makes the verification certificate with the private key, which stays on this
    machine, and has it verified. A certificate that the group lacks is set first.
    """
    issuer = _issuer(certificate_path, key_path, passphrase, run)
    return group_certificates.certify(
        service.enrollment_groups, group_id, entry.value, _own_certificate(issuer)
    )


def _issuer(certificate_path: str, key_path: str, passphrase: str | None, run: Run) -> Issuer:
    """Read the certificate and its key, and check that they belong together."""
    from dpsctl.certificates.issuers import read_issuer

    ask = passphrase_asker(passphrase, "--passphrase", key_path, run)
    files = ("--certificate-path", certificate_path), ("--key-path", key_path)
    return read_issuer(*files, ask, run)


def _own_certificate(issuer: Issuer) -> group_certificates.OwnCertificate:
    from cryptography.hazmat.primitives.serialization import Encoding

    from dpsctl.certificates.reading import certificate_info

    pem = issuer.certificate.public_bytes(Encoding.PEM).decode().rstrip("\n")
    return group_certificates.OwnCertificate(
        body=signing_certificate(pem, verified=False),
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

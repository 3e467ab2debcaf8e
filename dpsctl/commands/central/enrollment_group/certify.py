"""`dpsctl central enrollment-group certify`: prove to own a certificate, in one step."""

from __future__ import annotations

from typing import Any

from dpsctl.commands.possession import own_certificate
from dpsctl.frame.verbs import verb
from dpsctl.options.central import (
    CertificatePath,
    EnrollmentGroupId,
    Entry,
    Passphrase,
    SigningKeyPath,
)
from dpsctl.options.words import CertificateEntry
from dpsctl.payloads.central import signing_certificate
from dpsctl.run import Run
from dpsctl.service import group_certificates
from dpsctl.service.central import CentralService

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
    own = own_certificate(certificate_path, key_path, passphrase, run, body_of=_body_of)
    return group_certificates.certify(service.enrollment_groups, group_id, entry.value, own)


def _body_of(pem: str) -> dict[str, Any]:
    return signing_certificate(pem, verified=False)

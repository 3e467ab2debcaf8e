"""The certificates of an enrollment group of IoT Central, and the proof that one owns them."""

from __future__ import annotations

from typing import Any

from dpsctl.certificates.files import read_certificate, read_proofs
from dpsctl.errors import UsageError
from dpsctl.frame.verbs import Noun, verb
from dpsctl.options.central import CertificatePath, EnrollmentGroupId, Entry, Verified
from dpsctl.options.enrollment import Certificates
from dpsctl.options.words import Toggle
from dpsctl.payloads.central import encoded_certificate, signing_certificate
from dpsctl.run import Run
from dpsctl.service.central import CentralService

Json = dict[str, Any]
CERTIFICATE_COLUMNS = {"Thumbprint": "info.sha1Thumbprint", "Verified": "verified"}


@verb(
    "set",
    writes=True,
    columns=CERTIFICATE_COLUMNS,
    examples=[
        (
            "dpsctl central enrollment-group certificate set --id myx509eg --entry primary"
            " --certificate-path root.pem"
        ),
        (
            "dpsctl central enrollment-group certificate set --id myx509eg --entry secondary"
            " --certificate-path next.pem --verified"
        ),
    ],
)
def set_certificate(
    service: CentralService,
    run: Run,
    group_id: EnrollmentGroupId,
    entry: Entry,
    certificate_path: CertificatePath,
    verified: Verified = None,
) -> Json:
    """Set a certificate of an enrollment group.

    Unless you attest with --verified that it is valid, prove it: 'enrollment-group certify'.
    """
    pem = read_certificate(certificate_path, "--certificate-path", run)
    body = signing_certificate(pem, verified=verified is Toggle.true)
    return service.enrollment_groups.set_certificate(group_id, entry.value, body)


@verb(
    "show",
    columns=CERTIFICATE_COLUMNS,
    examples=[
        "dpsctl central enrollment-group certificate show --id myx509eg --entry primary",
        (
            "dpsctl central enrollment-group certificate show --id myx509eg --entry secondary"
            " --query verified"
        ),
    ],
)
def show_certificate(service: CentralService, group_id: EnrollmentGroupId, entry: Entry) -> Json:
    """Show a certificate's thumbprint, and if it is verified."""
    return service.enrollment_groups.certificate(group_id, entry.value)


@verb(
    "delete",
    writes=True,
    examples=[
        "dpsctl central enrollment-group certificate delete --id myx509eg --entry secondary",
        (
            "dpsctl central enrollment-group certificate delete --id myx509eg --entry primary"
            " --dry-run"
        ),
    ],
)
def delete_certificate(
    service: CentralService, group_id: EnrollmentGroupId, entry: Entry
) -> Json | None:
    """Take a certificate away from an enrollment group."""
    return service.enrollment_groups.delete_certificate(group_id, entry.value)


@verb(
    "generate-verification-code",
    writes=True,
    examples=[
        (
            "dpsctl central enrollment-group generate-verification-code --id myx509eg"
            " --entry primary"
        ),
        (
            "dpsctl central enrollment-group generate-verification-code --id myx509eg"
            " --entry primary --query verificationCode -o tsv"
        ),
    ],
)
def generate_verification_code(
    service: CentralService, group_id: EnrollmentGroupId, entry: Entry
) -> Json:
    """Ask for the code that proves a certificate is yours.

    The common name (CN) of the verification certificate must be this code.
    """
    return service.enrollment_groups.verification_code(group_id, entry.value)


@verb(
    "verify-certificate",
    writes=True,
    examples=[
        (
            "dpsctl central enrollment-group verify-certificate --id myx509eg"
            " --certificate-path verification.pem"
        ),
        (
            "dpsctl central enrollment-group verify-certificate --id myx509eg"
            " --secondary-certificate-path verification.pem"
        ),
    ],
)
def verify_certificate(
    service: CentralService, run: Run, group_id: EnrollmentGroupId, certificates: Certificates
) -> Any:
    """Prove that a certificate is yours.

    --certificate-path and --secondary-certificate-path name verification certificates, signed
    with the keys of the group's primary and secondary certificate.
    """
    given = read_proofs(certificates, run)
    if not given:
        raise UsageError(
            "--certificate-path or --secondary-certificate-path is missing",
            "Each names the verification certificate for one of the group's certificates.",
        )
    answers = [
        service.enrollment_groups.verify(group_id, entry, encoded_certificate(pem))
        for entry, pem in given.items()
    ]
    return [answer for answer in answers if answer] or None


certificate = Noun(
    "certificate",
    "Manage the certificates of an enrollment group.",
    [set_certificate, show_certificate, delete_certificate],
)

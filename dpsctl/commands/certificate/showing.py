"""`dpsctl certificate show`: of a file, or of the service."""

from __future__ import annotations

from typing import Any

from dpsctl.certificates.passphrases import passphrase_asker
from dpsctl.commands.certificate.making import COLUMNS
from dpsctl.errors import UsageError
from dpsctl.frame.verbs import verb
from dpsctl.options.certificate import CertificateArgument, OptionalAuthorityName, PassphraseFile
from dpsctl.output.columns import Column
from dpsctl.run import Outcome, Run
from dpsctl.service.resources import OwnerResources
from dpsctl.text.values import read_file

AUTHORITY_COLUMNS = {
    "Name": "name",
    "Verified": "properties.isVerified",
    "Expires": Column("properties.expiry", "end"),
    "Subject": Column("properties.subject", "head"),
    "SHA-1": Column("properties.thumbprint", is_wide=True),
}


@verb(
    columns=COLUMNS,
    examples=[
        "dpsctl certificate show line-4.pem",
        "dpsctl certificate show device-2.p12 --passphrase @device-2.secret -o table",
        "dpsctl certificate show line-4.pem --query sha1Thumbprint -o tsv",
        "dpsctl certificate show --dps-name my-dps -g my-rg --certificate-name root-1",
    ],
)
def show(
    *,
    run: Run,
    resources: OwnerResources,
    file: CertificateArgument = None,
    certificate_name: OptionalAuthorityName = None,
    passphrase: PassphraseFile = None,
) -> Any:
    """Show what a certificate says; of a chain, each.

    It is in a file, whose private keys are passed over; or the service holds it, and then
    --certificate-name says which.
    """
    if (file is None) == (certificate_name is None):
        problem = "are missing" if file is None else "exclude each other"
        raise UsageError(
            f"FILE and --certificate-name {problem}", "Name a file, or one of the service's CAs."
        )
    if certificate_name is not None:
        shown = resources.named().certificates.show(certificate_name)
        return Outcome(shown, 0, AUTHORITY_COLUMNS)
    from dpsctl.certificates.describing import description
    from dpsctl.certificates.reading import read_all_certificates

    path = str(file)
    ask = passphrase_asker(passphrase, "--passphrase", path, run)
    found = read_all_certificates(read_file(path, "FILE", run.stdin), f"FILE {path}", ask)
    described = [description(certificate) for certificate in found.certificates]
    return described if len(described) > 1 else described[0]

"""The CA certificates that the service holds, and the proof that one has their keys."""

from __future__ import annotations

from typing import Any

from dpsctl.certificates.files import read_certificate, read_proof
from dpsctl.commands.certificate.showing import AUTHORITY_COLUMNS
from dpsctl.commands.possession import own_certificate
from dpsctl.frame.verbs import verb
from dpsctl.options.central import CertificatePath, Passphrase, SigningKeyPath
from dpsctl.options.certificate import (
    AuthorityName,
    AuthorityPath,
    AuthorityVerified,
    ProofPath,
)
from dpsctl.options.records import Etag
from dpsctl.options.words import Toggle
from dpsctl.output.columns import Column
from dpsctl.payloads.central import encoded_certificate
from dpsctl.run import Outcome, Run
from dpsctl.service.resources import OwnerResources

Json = dict[str, Any]


@verb(
    writes=True,
    columns=AUTHORITY_COLUMNS,
    examples=[
        (
            "dpsctl certificate create --dps-name my-dps -g my-rg --certificate-name root-1"
            " --path root.pem"
        ),
        "dpsctl certificate create --dps-name my-dps -n root-2 -p next.pem --verified",
    ],
)
def create(
    *,
    run: Run,
    resources: OwnerResources,
    certificate_name: AuthorityName,
    path: AuthorityPath,
    verified: AuthorityVerified = None,
) -> Json:
    """Upload a CA certificate to the service.

    Groups name it by --root-ca-name. Unless you attest with --verified that it is valid, prove it:
    'dpsctl certificate certify' does all of it in one step.
    """
    body = _body_of(read_certificate(path, "--path", run), is_verified=verified is Toggle.true)
    return resources.named().certificates.create(certificate_name, body)


@verb(
    "list",
    columns=AUTHORITY_COLUMNS,
    examples=[
        "dpsctl certificate list --dps-name my-dps -g my-rg",
        "dpsctl certificate list --dps-name my-dps --query 'value[].name' -o tsv",
    ],
)
def list_certificates(resources: OwnerResources) -> Outcome:
    """List the CA certificates of the service."""
    found = resources.named().certificates.list()
    return Outcome(found, 0, rows=found["value"])


@verb(
    writes=True,
    examples=[
        "dpsctl certificate delete --dps-name my-dps -g my-rg --certificate-name root-1",
        "dpsctl certificate delete --dps-name my-dps -n root-1 --dry-run",
    ],
)
def delete(
    resources: OwnerResources,
    certificate_name: AuthorityName,
    etag: Etag = None,
) -> Json | None:
    """Delete a CA certificate of the service."""
    return resources.named().certificates.delete(certificate_name, etag)


@verb(
    "generate-verification-code",
    writes=True,
    columns={"Name": "name", "Code": Column("properties.verificationCode", "whole")},
    examples=[
        "dpsctl certificate generate-verification-code --dps-name my-dps -g my-rg -n root-1",
        (
            "dpsctl certificate generate-verification-code --dps-name my-dps -n root-1"
            " --query properties.verificationCode -o tsv"
        ),
    ],
)
def generate_verification_code(
    resources: OwnerResources,
    certificate_name: AuthorityName,
    etag: Etag = None,
) -> Json:
    """Ask for the code that proves a CA certificate is yours.

    The common name (CN) of the verification certificate must be this code.
    """
    return resources.named().certificates.code(certificate_name, etag)


@verb(
    writes=True,
    columns=AUTHORITY_COLUMNS,
    examples=[
        "dpsctl certificate verify --dps-name my-dps -g my-rg -n root-1 -p verification.pem",
        "dpsctl certificate verify --dps-name my-dps -n root-1 -p verification.pem --dry-run",
    ],
)
def verify(
    *,
    run: Run,
    resources: OwnerResources,
    certificate_name: AuthorityName,
    path: ProofPath,
    etag: Etag = None,
) -> Json:
    """Hand in the proof that a CA certificate is yours.

    'dpsctl certificate verification' makes one, of the code.
    """
    proof = encoded_certificate(read_proof(path, "--path", run))
    return resources.named().certificates.verify(certificate_name, proof, etag)


@verb(
    writes=True,
    columns=AUTHORITY_COLUMNS,
    examples=[
        (
            "dpsctl certificate certify --dps-name my-dps -g my-rg -n root-1"
            " --certificate-path factory-root.pem --key-path factory-root.key"
        ),
        (
            "dpsctl certificate certify --dps-name my-dps -n root-1 --dry-run"
            " --certificate-path factory-root.pem --key-path factory-root.key"
        ),
    ],
)
def certify(
    *,
    run: Run,
    resources: OwnerResources,
    certificate_name: AuthorityName,
    certificate_path: CertificatePath,
    key_path: SigningKeyPath,
    passphrase: Passphrase = None,
) -> Any:
    """Upload a CA certificate and prove it yours in one step.

    Asks for a code, makes the verification certificate with the private key, which stays on this
    machine, and has it verified. One that is there is not uploaded again.
    """
    own = own_certificate(certificate_path, key_path, passphrase, run, body_of=_body_of)
    return resources.named().certificates.certify(certificate_name, own)


def _body_of(pem: str, *, is_verified: bool = False) -> Json:
    return {"properties": {"certificate": encoded_certificate(pem), "isVerified": is_verified}}

"""Options of certificates that are made or shown: of whom, signed by whom, written where."""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

from dpsctl.options import kinds, panels
from dpsctl.options.checks import id_rule, path_segment_rule
from dpsctl.options.declaring import option_group
from dpsctl.options.words import Algorithm, Toggle

_LONGEST_LIFE = 36500  # days


CommonName = Annotated[
    str,
    Option("--common-name", "--cn", metavar="NAME", help="Name of the authority (its CN)."),
]
Days = Annotated[
    int,
    Option(
        "--days",
        metavar="N",
        min=1,
        max=_LONGEST_LIFE,
        help="How long it is valid, at most as long as its issuer.",
        show_default=True,
    ),
]
PathLength = Annotated[
    int | None,
    Option(
        "--path-length",
        metavar="N",
        min=0,
        max=99,
        help="How many authorities may stand below it (any number unless set).",
    ),
]
IntermediatePathLength = Annotated[
    int,
    Option(
        "--path-length",
        metavar="N",
        min=0,
        max=99,
        help="How many authorities may stand below it; 0 lets it sign devices alone.",
        show_default=True,
    ),
]
Code = Annotated[
    str,
    Option(
        "--code",
        metavar="CODE",
        help="Verification code that the service made, which becomes the CN.",
    ),
]
CertificateArgument = Annotated[
    str | None,
    kinds.file(Argument, help="PEM, DER, base64, PKCS#7 or PKCS#12; - is standard input."),
]
_AUTHORITY_NAME = Option(
    "--certificate-name",
    "--name",
    "-n",
    metavar="NAME",
    help="Name of a CA certificate of the service.",
    callback=path_segment_rule("--certificate-name"),
)
AuthorityName = Annotated[str, _AUTHORITY_NAME]
OptionalAuthorityName = Annotated[str | None, _AUTHORITY_NAME]
AuthorityPath = Annotated[
    str,
    kinds.file(Option, "--path", "-p", help="The CA certificate: PEM, DER or base64."),
]
ProofPath = Annotated[
    str,
    kinds.file(Option, "--path", "-p", help="The verification certificate: PEM, DER or base64."),
]
AuthorityVerified = Annotated[
    Toggle | None,
    kinds.toggle(
        Option,
        "--verified",
        "-v",
        help="Attest that the certificate is valid: nothing has to be proved then.",
    ),
]
PassphraseFile = Annotated[
    str | None,
    kinds.passphrase(
        Option,
        "--passphrase",
        help="File with the passphrase of a PKCS#12 file (asked for on a terminal).",
    ),
]


IssuerPath = Annotated[
    str,
    kinds.file(
        panels.issuer,
        "--issuer",
        help="Certificate of the authority that signs, or a chain that begins with it.",
    ),
]


@option_group
class IssuerOptions:
    """What is needed of the authority that signs, beside its certificate."""

    issuer_key: Annotated[
        str | None,
        kinds.file(
            panels.issuer,
            "--issuer-key",
            help="Its private key (the same name, with .key, unless given).",
        ),
    ] = None
    issuer_passphrase: Annotated[
        str | None,
        kinds.passphrase(
            panels.issuer,
            "--issuer-passphrase",
            help="File with the passphrase of its key (asked for on a terminal).",
        ),
    ] = None


@option_group
class DeviceOptions:
    """Which device the certificate is for, or which file names many."""

    registration_id: Annotated[
        str | None,
        Option(
            "--registration-id",
            "--rid",
            metavar="ID",
            help="Registration ID of the device, which becomes the CN.",
            callback=id_rule("--registration-id", "registration id"),
        ),
    ] = None
    from_file: Annotated[
        str | None,
        kinds.file(
            Option,
            "--from",
            help="Make a certificate for every registration ID in a file; - is standard input.",
        ),
    ] = None
    id_field: Annotated[
        str | None,
        Option(
            "--id-field",
            metavar="NAME",
            help="The file of --from is CSV or JSON, and the IDs are in this field.",
        ),
    ] = None
    folder: Annotated[
        str | None,
        kinds.folder(
            panels.files,
            "--folder",
            help="Where the files of --from go; made if it is missing.",
        ),
    ] = None


@option_group
class KeyOptions:
    """The new key: its kind, and how it is kept."""

    algorithm: Annotated[
        Algorithm,
        panels.key("--algorithm", case_sensitive=False, help="Kind of key.", show_default=True),
    ] = Algorithm.ec
    key_size: Annotated[
        int | None,
        panels.key(
            "--key-size",
            metavar="BITS",
            help="256 (unless set) or 384 for ec; 2048 (unless set), 3072 or 4096 for rsa.",
        ),
    ] = None
    encrypt: Annotated[
        bool,
        panels.key("--encrypt", help="Encrypt the key with a passphrase, asked for on a terminal."),
    ] = False
    passphrase: Annotated[
        str | None,
        kinds.passphrase(
            panels.key,
            "--passphrase",
            help="Encrypt the key with the passphrase in this file; - is standard input.",
        ),
    ] = None


Out = Annotated[
    str | None,
    kinds.file(panels.files, "--out", help="Where the certificate goes (named after its CN)."),
]
Force = Annotated[bool, panels.files("--force", help="Replace files that exist.")]


@option_group
class FileOptions:
    """Which files are written."""

    out: Out = None
    key_out: Annotated[
        str | None,
        kinds.file(panels.files, "--key-out", help="Where the key goes (beside --out, with .key)."),
    ] = None
    chain: Annotated[
        bool,
        panels.files(
            "--chain", help="Write .chain.pem too: the certificate, then those of its issuers."
        ),
    ] = False
    pkcs12: Annotated[
        bool,
        panels.files(
            "--pkcs12", help="Write .p12 too: key and chain, encrypted with the passphrase."
        ),
    ] = False
    force: Force = False

"""Options of a device that registers: who it is, how it proves that, where it asks."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from dpsctl.options import kinds, panels
from dpsctl.options.checks import base64_rule, id_rule
from dpsctl.options.declaring import option_group
from dpsctl.options.records import Parallel
from dpsctl.options.words import Toggle

IdScope = Annotated[
    str | None,
    Option(
        "--id-scope",
        "--scope",
        metavar="SCOPE",
        envvar="DPSCTL_ID_SCOPE",
        help="ID scope of the provisioning service, such as 0ne00000000.",
    ),
]
Payload = Annotated[
    kinds.Words | None,
    kinds.words(
        Option,
        "--payload",
        help="What the device tells the service: JSON, @FILE, or words such as model=p7.",
    ),
]
Host = Annotated[
    str,
    panels.connection(
        "--host",
        "--provisioning-host",
        metavar="HOST",
        help="Where devices ask (DPSCTL_DEVICE_ENDPOINT_URL replaces it).",
        show_default=True,
    ),
]
Wait = Annotated[
    float,
    kinds.seconds(Option, "--wait", least=0, help="How long to wait for the assignment."),
]
ShowConnectionString = Annotated[
    bool,
    Option(
        "--show-connection-string",
        help="Add the connection string for the hub, which holds the device's key.",
    ),
]

CertificateRequest = Annotated[
    str | None,
    kinds.file_or_text(
        panels.issuance,
        "--csr",
        "--csr-file-path",
        help="Send this certificate request along: PEM, DER or base64, its CN the registration ID.",
    ),
]


@option_group
class Issuance:
    """Whether the device asks for a certificate, and where that goes."""

    csr: CertificateRequest = None
    issue_certificate: Annotated[
        str | None,
        panels.issuance(
            "--issue-certificate",
            metavar="NAME",
            help="Make a key, send a request for it, and write NAME.key, NAME.pem, NAME.chain.pem.",
        ),
    ] = None
    rsa: Annotated[
        bool, panels.issuance("--rsa", help="Make an RSA key of 2048 bits, not one of EC P-256.")
    ] = False
    force: Annotated[bool, panels.issuance("--force", help="Replace files that exist.")] = False


@option_group
class Proof:
    """How a device proves who it is: one of its key, its group's key, or a certificate."""

    key: Annotated[
        str | None,
        kinds.secret(
            panels.attestation,
            "--key",
            callback=base64_rule("--key"),
            help="The device's own symmetric key.",
        ),
    ] = None
    group_key: Annotated[
        str | None,
        kinds.secret(
            panels.attestation,
            "--group-key",
            callback=base64_rule("--group-key"),
            help="Its group's symmetric key, from which its own is derived here.",
        ),
    ] = None
    certificate_path: Annotated[
        str | None,
        kinds.file(
            panels.attestation,
            "--certificate-path",
            "--cp",
            help="Its certificate, with the intermediate ones after it: PEM, DER or PKCS#12.",
        ),
    ] = None
    key_path: Annotated[
        str | None,
        kinds.file(panels.attestation, "--key-path", "--kp", help="The certificate's private key."),
    ] = None
    passphrase: Annotated[
        str | None,
        kinds.passphrase(
            panels.attestation,
            "--passphrase",
            "--pass",
            help="File with the passphrase of the key or PKCS#12 file (asked for on a terminal).",
        ),
    ] = None


@option_group
class RegistrationProof:
    """How a device proves who it is, in az's words; else the service is asked for its key."""

    key: Annotated[
        str | None,
        kinds.secret(
            panels.attestation,
            "--key",
            "--symmetric-key",
            callback=base64_rule("--key"),
            help="The device's own symmetric key; with --compute-key its group's.",
        ),
    ] = None
    compute_key: Annotated[
        Toggle | None,
        kinds.toggle(
            panels.attestation,
            "--compute-key",
            "--ck",
            help="Derive the device's key from --key, which is its group's.",
        ),
    ] = None
    group_id: Annotated[
        str | None,
        kinds.group_id(
            panels.attestation,
            "--enrollment-group-id",
            "--group-id",
            "--gid",
            callback=id_rule("--enrollment-group-id", "group id"),
            help="Group whose key is read from the service, to derive the device's from.",
        ),
    ] = None
    certificate_path: Annotated[
        str | None,
        kinds.file(
            panels.attestation,
            "--certificate-path",
            "--certificate-file-path",
            "--cp",
            help="Its certificate, with the intermediate ones after it: PEM, DER or PKCS#12.",
        ),
    ] = None
    key_path: Annotated[
        str | None,
        kinds.file(
            panels.attestation,
            "--key-path",
            "--key-file-path",
            "--kp",
            help="The certificate's private key.",
        ),
    ] = None
    passphrase: Annotated[
        str | None,
        kinds.passphrase(
            panels.attestation,
            "--passphrase",
            "--pass",
            help="File with the passphrase of the key (asked for on a terminal).",
        ),
    ] = None


@option_group
class Evidence:
    """What a device shows: its key, its group's key, or its certificates; nothing is needed."""

    key: Annotated[
        str | None,
        kinds.secret(
            panels.attestation,
            "--key",
            "--symmetric-key",
            callback=base64_rule("--key"),
            help="The key that the device signs with.",
        ),
    ] = None
    group_key: Annotated[
        str | None,
        kinds.secret(
            panels.attestation,
            "--group-key",
            callback=base64_rule("--group-key"),
            help="The group's key that the device's is derived from.",
        ),
    ] = None
    certificate_path: Annotated[
        list[str] | None,
        kinds.file(
            panels.attestation,
            "--certificate-path",
            "--cp",
            help="Its certificate and the intermediate ones after it; repeated, one file a link.",
        ),
    ] = None
    passphrase: Annotated[
        str | None,
        kinds.passphrase(
            panels.attestation,
            "--passphrase",
            "--pass",
            help="File with the passphrase of a PKCS#12 file (asked for on a terminal).",
        ),
    ] = None


@option_group
class Records:
    """What a service holds, where the service itself is not asked."""

    files: Annotated[
        list[str] | None,
        kinds.file(
            panels.files,
            "--from",
            help="Records that 'list --show-keys', 'show' or 'certificate list' printed, instead "
            "of a service; - is stdin; may be repeated.",
        ),
    ] = None
    certificates: Annotated[
        str | None,
        kinds.folder(
            panels.files,
            "--certificates",
            help="Files of the certificates that enrollments trust, which the service never shows.",
        ),
    ] = None
    parallel: Parallel = 8

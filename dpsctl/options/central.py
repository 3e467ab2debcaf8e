"""Options of IoT Central: which application is asked, and what its records hold."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from dpsctl.options import kinds, panels
from dpsctl.options.checks import central_id_rule, page_size_rule, path_segment_rule
from dpsctl.options.connection import Transport
from dpsctl.options.declaring import option_group
from dpsctl.options.words import (
    CertificateEntry,
    GroupAttestationType,
    GroupType,
    ProvisioningStatus,
    Toggle,
)


@option_group
class CentralConnection(Transport):
    """Which IoT Central application to talk to, and as whom."""

    app_id: Annotated[
        str | None,
        panels.connection(
            "--app-id",
            "-n",
            metavar="APP",
            envvar="DPSCTL_CENTRAL_APP",
            help="The application: its id or subdomain, its host name or its URL.",
        ),
    ] = None
    token: Annotated[
        str | None,
        kinds.secret(
            panels.connection,
            "--token",
            metavar="TOKEN",
            envvar="DPSCTL_CENTRAL_TOKEN",
            help="API token, sent as it is; @FILE keeps it out of the process list. "
            "Without one the signed-in user's is used.",
        ),
    ] = None
    central_dns_suffix: Annotated[
        str,
        panels.connection(
            "--central-dns-suffix",
            "--central-api-uri",
            metavar="SUFFIX",
            envvar="DPSCTL_CENTRAL_DNS_SUFFIX",
            help="What follows the id in the application's host name.",
        ),
    ] = "azureiotcentral.com"
    central_api_version: Annotated[
        str | None,
        panels.connection(
            "--api-version",
            "--av",
            metavar="VERSION",
            envvar="DPSCTL_CENTRAL_API_VERSION",
            help="REST version (2022-07-31, or 2022-10-31-preview for what only that one has).",
        ),
    ] = None


DeviceId = Annotated[
    str,
    Option(
        "--device-id",
        "-d",
        metavar="ID",
        help="Device ID.",
        callback=path_segment_rule("--device-id"),
    ),
]
DeviceGroupId = Annotated[
    str,
    Option(
        "--device-group-id",
        metavar="ID",
        help="Device group ID.",
        callback=central_id_rule("--device-group-id", "_-"),
    ),
]
EnrollmentGroupId = Annotated[
    str,
    Option(
        "--group-id",
        "--id",
        metavar="ID",
        help="Enrollment group ID.",
        callback=central_id_rule("--group-id", "-"),
    ),
]
_ENTRY = Option(
    "--certificate-entry",
    "--entry",
    case_sensitive=False,
    help="Which of the group's two certificates.",
)
Entry = Annotated[CertificateEntry, _ENTRY]
OptionalEntry = Annotated[CertificateEntry | None, _ENTRY]
CertificatePath = Annotated[
    str,
    kinds.file(
        Option,
        "--certificate-path",
        "--cp",
        help="Root or intermediate certificate: PEM, DER or base64.",
    ),
]
Verified = Annotated[
    Toggle | None,
    kinds.toggle(
        Option,
        "--verified",
        help="Attest that the certificate is valid: nothing has to be proved then.",
    ),
]
PreviewEtag = Annotated[
    str | None,
    Option(
        "--etag",
        metavar="ETAG",
        help="Write only if the record still has this etag (preview API).",
    ),
]
EdgeOnly = Annotated[bool, Option("--edge-only", "-e", help="List IoT Edge devices only.")]
Attestation = Annotated[
    GroupAttestationType,
    panels.attestation(
        "--attestation-type",
        "--at",
        case_sensitive=False,
        help="How the group's devices prove who they are.",
    ),
]
_DISPLAY_NAME = panels.what("--display-name", metavar="NAME", help="Name that people read.")
DisplayName = Annotated[str, _DISPLAY_NAME]
OptionalDisplayName = Annotated[str | None, _DISPLAY_NAME]
_DEVICE_TYPE = panels.what(
    "--type", case_sensitive=False, help="Type of devices that use the group."
)
DeviceType = Annotated[GroupType, _DEVICE_TYPE]
Status = Annotated[
    ProvisioningStatus | None,
    panels.what(
        "--provisioning-status", "--ps", case_sensitive=False, help="Whether devices may connect."
    ),
]
_DEVICE_FILTER = kinds.query(
    panels.what,
    "--filter",
    metavar="QUERY",
    help="Which devices belong to it: SELECT * FROM devices WHERE ...",
)
DeviceFilter = Annotated[str, _DEVICE_FILTER]
OptionalDeviceFilter = Annotated[str | None, _DEVICE_FILTER]
PageSize = Annotated[
    int | None,
    Option(
        "--page-size",
        metavar="N",
        callback=page_size_rule,
        help="How many an answer holds, 1 to 100 (preview).",
    ),
]
RemoveX509 = Annotated[
    Toggle | None,
    kinds.toggle(
        panels.attestation,
        "--remove-x509",
        help="Take the certificate of --certificate-entry away.",
    ),
]


@option_group
class Listing:
    """Which records to list, in which order, how many at a time."""

    filter: Annotated[
        str | None,
        kinds.query(
            Option,
            "--filter",
            metavar="ODATA",
            help="Only those for which this holds: eq ne le lt ge gt, and, or, contains (preview).",
        ),
    ] = None
    order_by: Annotated[
        str | None,
        Option(
            "--order-by",
            metavar="FIELD",
            help="Sort by displayName, or by 'displayName desc' (preview).",
        ),
    ] = None
    page_size: PageSize = None


@option_group
class DeviceSettings:
    """What a device record says."""

    device_name: Annotated[
        str | None, panels.what("--device-name", metavar="NAME", help="Name that people read.")
    ] = None
    template: Annotated[
        str | None,
        panels.what("--template", metavar="ID", help="Device template, such as dtmi:a:b;1."),
    ] = None
    simulated: Annotated[
        Toggle | None,
        kinds.toggle(
            panels.what,
            "--simulated",
            help="The application simulates the device.",
        ),
    ] = None
    enable: Annotated[
        Toggle | None,
        kinds.toggle(
            panels.what,
            "--enable",
            help="The device may connect; false blocks it.",
        ),
    ] = None
    organizations: Annotated[
        str | None,
        panels.what(
            "--organizations", "--orgs", metavar="IDS", help="Organization IDs, with commas."
        ),
    ] = None
    deployment_manifest: Annotated[
        kinds.Words | None,
        kinds.words(
            panels.what,
            "--deployment-manifest",
            help="IoT Edge deployment manifest: JSON or @FILE (preview).",
        ),
    ] = None


@option_group
class DeviceGroupSettings:
    """What a device group says besides its name and filter."""

    description: Annotated[
        str | None, kinds.clearable(panels.what, "--description", help="What the group is for.")
    ] = None
    organizations: Annotated[
        list[str] | None,
        kinds.several(
            panels.what, "--organizations", "--orgs", metavar="ID...", help="Organization IDs."
        ),
    ] = None


@option_group
class GroupSettings:
    """What an enrollment group says besides its attestation, when it is changed."""

    display_name: OptionalDisplayName = None
    device_type: Annotated[GroupType | None, _DEVICE_TYPE] = None
    status: Status = None


DerivingKey = Annotated[
    str,
    kinds.secret(Option, "--primary-key", "--pk", help="Symmetric key of the enrollment group."),
]
SigningKeyPath = Annotated[
    str,
    kinds.file(Option, "--key-path", help="Private key of that certificate, in PEM."),
]
Passphrase = Annotated[
    str | None,
    kinds.passphrase(
        Option,
        "--passphrase",
        help="Opens that key if it is encrypted; asked for on a terminal unless given.",
    ),
]

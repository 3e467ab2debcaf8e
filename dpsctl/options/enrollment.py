"""Options that say what an enrollment group or an individual enrollment holds."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from dpsctl.options import kinds, panels
from dpsctl.options.checks import NAMESPACE, REGISTRY_NAME, key_rule, registry_rule
from dpsctl.options.declaring import option_group
from dpsctl.options.records import Edits, Parallel
from dpsctl.options.words import AllocationPolicy, ProvisioningStatus, ReprovisionPolicy, Toggle


@option_group
class Keys:
    """The symmetric keys of an attestation."""

    primary_key: Annotated[
        str | None,
        kinds.secret(
            panels.attestation,
            "--primary-key",
            "--pk",
            callback=key_rule("--primary-key"),
            help="Primary symmetric key, base64 of 16 to 64 bytes.",
        ),
    ] = None
    secondary_key: Annotated[
        str | None,
        kinds.secret(
            panels.attestation,
            "--secondary-key",
            "--sk",
            callback=key_rule("--secondary-key"),
            help="Secondary symmetric key, base64 of 16 to 64 bytes.",
        ),
    ] = None


@option_group
class Certificates:
    """The certificates of an attestation, each from a file."""

    certificate_path: Annotated[
        str | None,
        kinds.file(
            panels.attestation,
            "--certificate-path",
            "--cp",
            help="Primary certificate: PEM, DER or base64, a chain too.",
        ),
    ] = None
    secondary_certificate_path: Annotated[
        str | None,
        kinds.file(
            panels.attestation,
            "--secondary-certificate-path",
            "--scp",
            help="Secondary certificate.",
        ),
    ] = None


@option_group
class Attestation(Certificates, Keys):
    """How the devices of an enrollment prove who they are."""

    root_ca_name: Annotated[
        str | None,
        panels.attestation(
            "--root-ca-name",
            "--ca-name",
            "--cn",
            metavar="NAME",
            help="Name of a CA certificate that the service holds, as primary.",
        ),
    ] = None
    secondary_root_ca_name: Annotated[
        str | None,
        panels.attestation(
            "--secondary-root-ca-name",
            "--secondary-ca-name",
            "--scn",
            metavar="NAME",
            help="Name of a CA certificate that the service holds, as secondary.",
        ),
    ] = None


@option_group
class Removal:
    """Which certificate or CA name an update takes away."""

    remove_certificate: Annotated[
        Toggle | None,
        kinds.toggle(
            panels.attestation,
            "--remove-certificate",
            "--rc",
            help="Take the primary certificate or CA name away.",
        ),
    ] = None
    remove_secondary_certificate: Annotated[
        Toggle | None,
        kinds.toggle(
            panels.attestation,
            "--remove-secondary-certificate",
            "--rsc",
            help="Take the secondary certificate or CA name away.",
        ),
    ] = None

    @property
    def slots(self) -> list[str]:
        """The slots that are to be emptied."""
        flags = {
            "primary": self.remove_certificate,
            "secondary": self.remove_secondary_certificate,
        }
        return [slot for slot, flag in flags.items() if flag is Toggle.true]


@option_group
class CertificatePolicy:
    """The policy of the device registry by which devices are issued certificates."""

    adr_namespace: Annotated[
        str | None,
        kinds.clearable(
            panels.issuance,
            "--adr-namespace",
            "--namespace-name",
            metavar="[NAME]",
            callback=registry_rule("--adr-namespace", NAMESPACE, 64),
            help="Namespace of the device registry; three empty names take the policy away.",
        ),
    ] = None
    adr_ca_name: Annotated[
        str | None,
        kinds.clearable(
            panels.issuance,
            "--adr-ca-name",
            "--certificate-authority-name",
            metavar="[NAME]",
            callback=registry_rule("--adr-ca-name", REGISTRY_NAME, 63),
            help="Its certificate authority.",
        ),
    ] = None
    adr_cert_policy_name: Annotated[
        str | None,
        kinds.clearable(
            panels.issuance,
            "--adr-cert-policy-name",
            "--certificate-policy-name",
            "--adr-certificate-policy-name",
            metavar="[NAME]",
            callback=registry_rule("--adr-cert-policy-name", REGISTRY_NAME, 63),
            help="The policy of that authority.",
        ),
    ] = None


@option_group
class Settings(CertificatePolicy):
    """What every enrollment says about its devices, besides the attestation."""

    allocation_policy: Annotated[
        AllocationPolicy | None,
        panels.allocation(
            "--allocation-policy",
            "--ap",
            case_sensitive=False,
            help="How a device gets its hub; the service's own policy unless given.",
        ),
    ] = None
    iot_hubs: Annotated[
        list[str] | None,
        kinds.several(
            panels.allocation,
            "--iot-hubs",
            "--ih",
            metavar="HOST...",
            help="Host names of the hubs to choose from; adds up when repeated.",
        ),
    ] = None
    webhook_url: Annotated[
        str | None,
        panels.allocation(
            "--webhook-url",
            "--wh",
            metavar="URL",
            help="Function that chooses the hub, for the policy 'custom'.",
        ),
    ] = None
    api_version: Annotated[
        str | None,
        panels.allocation(
            "--api-version",
            "--av",
            metavar="VERSION",
            help="Version of what the webhook is sent, 2018-09-01-preview or later.",
        ),
    ] = None
    edge_enabled: Annotated[
        Toggle | None,
        kinds.toggle(
            panels.what,
            "--edge-enabled",
            "--ee",
            help="Devices are IoT Edge devices.",
        ),
    ] = None
    provisioning_status: Annotated[
        ProvisioningStatus | None,
        panels.what(
            "--provisioning-status",
            "--ps",
            case_sensitive=False,
            help="Whether devices may register.",
        ),
    ] = None
    reprovision_policy: Annotated[
        ReprovisionPolicy | None,
        panels.what(
            "--reprovision-policy",
            "--rp",
            case_sensitive=False,
            help="What happens to a device's data when it registers again.",
        ),
    ] = None
    initial_twin_tags: Annotated[
        kinds.Words | None,
        kinds.words(
            panels.what,
            "--initial-twin-tags",
            "--tags",
            help="Tags of a new device's twin: JSON, @FILE, or words such as site=eu rack:=7.",
        ),
    ] = None
    initial_twin_properties: Annotated[
        kinds.Words | None,
        kinds.words(
            panels.what,
            "--initial-twin-properties",
            "--props",
            help="Desired properties of a new device's twin, written as --tags are.",
        ),
    ] = None


@option_group
class GroupDefinition:
    """All that a command line says of an enrollment group."""

    attestation: Attestation
    settings: Settings
    edits: Edits


@option_group
class GroupFile:
    """Where many enrollment groups are described."""

    from_file: Annotated[
        str | None,
        kinds.file(
            Option,
            "--from",
            help="Make a group of every row of a CSV or JSON file, as 'list' prints them.",
        ),
    ] = None
    certificates: Annotated[
        str | None,
        kinds.folder(
            Option,
            "--certificates",
            help="Look here for the certificates that rows have the thumbprints of.",
        ),
    ] = None
    parallel: Parallel = 8

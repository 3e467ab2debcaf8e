"""Options of individual enrollments: what one device's has and a group's has not."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from dpsctl.options import kinds, panels
from dpsctl.options.checks import base64_rule, id_rule
from dpsctl.options.declaring import option_group
from dpsctl.options.enrollment import Attestation, Settings
from dpsctl.options.records import Edits, IfExistsOption
from dpsctl.options.words import AttestationType, IfExists

_ENROLLMENT_ID = Option(
    "--enrollment-id",
    "--eid",
    metavar="ID",
    help="Enrollment ID, which is the registration ID of the device.",
    callback=id_rule("--enrollment-id", "registration id"),
)
EnrollmentId = Annotated[str, _ENROLLMENT_ID]
OptionalEnrollmentId = Annotated[str | None, _ENROLLMENT_ID]
AttestationTypeOption = Annotated[
    AttestationType | None,
    panels.attestation(
        "--attestation-type",
        "--at",
        case_sensitive=False,
        help="How the device proves who it is; has to be given.",
    ),
]
From = Annotated[
    str | None,
    kinds.file(
        Option,
        "--from",
        help="Make an enrollment of every row of a CSV or JSON file; - is standard input.",
    ),
]


@option_group
class IndividualAttestation(Attestation):
    """How the one device of an enrollment proves who it is."""

    endorsement_key: Annotated[
        str | None,
        kinds.secret(
            panels.attestation,
            "--endorsement-key",
            "--ek",
            callback=base64_rule("--endorsement-key"),
            help="Endorsement key of the device's TPM, base64.",
        ),
    ] = None


@option_group
class Device:
    """What an enrollment says about its one device."""

    device_id: Annotated[
        str | None,
        panels.what(
            "--device-id",
            "-d",
            metavar="ID",
            help="Device ID in the hub; the enrollment ID unless given.",
        ),
    ] = None
    device_information: Annotated[
        kinds.Words | None,
        kinds.words(
            panels.what,
            "--device-information",
            "--info",
            help="Optional device information, as --tags; '{}' empties it, '' leaves it.",
        ),
    ] = None


@option_group
class IndividualDefinition:
    """All that a command line says of an individual enrollment."""

    attestation: IndividualAttestation
    device: Device
    settings: Settings
    edits: Edits


@option_group
class IndividualCreation:
    """Which individual enrollments `create` makes."""

    enrollment_id: OptionalEnrollmentId = None
    attestation_type: AttestationTypeOption = None
    from_file: From = None
    if_exists: IfExistsOption = IfExists.fail

"""Create, show, update, delete and list the enrollment groups of IoT Central."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dpsctl.certificates.files import read_slots
from dpsctl.errors import UsageError
from dpsctl.frame.verbs import verb
from dpsctl.options.central import (
    Attestation,
    DeviceType,
    DisplayName,
    EnrollmentGroupId,
    GroupSettings,
    OptionalEntry,
    PreviewEtag,
    RemoveX509,
    Status,
)
from dpsctl.options.enrollment import Certificates, Keys
from dpsctl.options.records import Top
from dpsctl.options.words import CertificateEntry, GroupAttestationType, Toggle
from dpsctl.output.columns import Column
from dpsctl.payloads.central import (
    changed_enrollment_group,
    group_attestation,
    new_enrollment_group,
    signing_certificate,
)
from dpsctl.run import Run
from dpsctl.service import group_certificates
from dpsctl.service.central import CentralService

Json = dict[str, Any]
ENROLLMENT_GROUP_COLUMNS = {
    "Group": "id",
    "Status": "id && (enabled && 'enabled' || 'disabled')",
    "Type": "type",
    "Attestation": "attestation.type",
    "Name": "displayName",
    "ID scope": Column("idScope", is_wide=True),
}


@verb(
    writes=True,
    holds_keys=True,
    columns=ENROLLMENT_GROUP_COLUMNS,
    examples=[
        (
            "dpsctl central enrollment-group create --id myx509eg --display-name 'My group'"
            " --type iot --attestation-type x509 --certificate-path root.pem"
        ),
        (
            "dpsctl central enrollment-group create --id line-4 --display-name 'Line 4'"
            " --type iot --attestation-type symmetricKey --show-keys"
        ),
    ],
)
def create(  # noqa: PLR0913, PLR0917 - each is one thing a user may say
    service: CentralService,
    run: Run,
    group_id: EnrollmentGroupId,
    attestation_type: Attestation,
    display_name: DisplayName,
    device_type: DeviceType,
    keys: Keys,
    certificates: Certificates,
    status: Status = None,
    etag: PreviewEtag = None,
) -> Any:
    """Add an enrollment group; one that exists is left alone.

    If a certificate is refused, the group is taken back.
    """
    _check_one_kind(attestation_type, keys, certificates)
    bodies = _bodies(certificates, run)
    attestation = group_attestation(attestation_type, keys)
    body = new_enrollment_group(display_name, device_type, attestation, status)
    return group_certificates.create(service.enrollment_groups, group_id, body, bodies, etag)


@verb(
    holds_keys=True,
    columns=ENROLLMENT_GROUP_COLUMNS,
    examples=[
        "dpsctl central enrollment-group show --id myx509eg --entry primary",
        (
            "dpsctl central enrollment-group show --id line-4 --show-keys"
            " --query attestation.symmetricKey.primaryKey -o tsv"
        ),
    ],
)
def show(
    service: CentralService,
    group_id: EnrollmentGroupId,
    entry: OptionalEntry = None,
) -> Any:
    """Show an enrollment group.

    With --certificate-entry its certificate is beside it, as x509.
    """
    group = service.enrollment_groups.show(group_id)
    if entry is not None:
        group["x509"] = service.enrollment_groups.certificate(group_id, entry.value)
    return group


@verb(
    writes=True,
    holds_keys=True,
    columns=ENROLLMENT_GROUP_COLUMNS,
    examples=[
        "dpsctl central enrollment-group update --id myx509eg --display-name 'My new group name'",
        "dpsctl central enrollment-group update --id myx509eg --provisioning-status disabled",
        "dpsctl central enrollment-group update --id myx509eg --remove-x509 --entry secondary",
    ],
)
def update(  # noqa: PLR0913, PLR0917 - each is one thing a user may say
    service: CentralService,
    run: Run,
    group_id: EnrollmentGroupId,
    settings: GroupSettings,
    certificates: Certificates,
    remove_x509: RemoveX509 = None,
    entry: OptionalEntry = None,
    etag: PreviewEtag = None,
) -> Any:
    """Change an enrollment group; the rest of it stays as it is."""
    bodies = _bodies(certificates, run)
    removed = _removed(remove_x509, entry, bodies)
    changes = changed_enrollment_group(settings)
    if not (changes or bodies or removed):
        run.warn("nothing to change was named")
    groups = service.enrollment_groups
    change = (lambda: groups.update(group_id, changes, etag)) if changes else None
    return group_certificates.update(groups, group_id, change, bodies, removed)


@verb(
    writes=True,
    examples=[
        "dpsctl central enrollment-group delete --id myx509eg",
        "dpsctl central enrollment-group delete --id myx509eg --dry-run",
    ],
)
def delete(service: CentralService, group_id: EnrollmentGroupId) -> Json | None:
    """Delete an enrollment group."""
    return service.enrollment_groups.delete(group_id)


@verb(
    "list",
    holds_keys=True,
    columns=ENROLLMENT_GROUP_COLUMNS,
    examples=[
        "dpsctl central enrollment-group list -o table",
        "dpsctl central enrollment-group list --query '[?!enabled].id' -o tsv",
    ],
)
def list_groups(service: CentralService, top: Top = -1) -> Iterator[Json]:
    """List enrollment groups."""
    return service.enrollment_groups.list(top)


def _bodies(certificates: Certificates, run: Run) -> dict[str, Json]:
    texts = read_slots(certificates, run)
    return {entry: signing_certificate(pem, verified=False) for entry, pem in texts.items()}


def _check_one_kind(kind: GroupAttestationType, keys: Keys, certificates: Certificates) -> None:
    """Refuse keys for a group by certificate, and certificates for one by key."""
    given = {
        "--primary-key": keys.primary_key,
        "--secondary-key": keys.secondary_key,
        "--certificate-path": certificates.certificate_path,
        "--secondary-certificate-path": certificates.secondary_certificate_path,
    }
    wrong = "-key" if kind is GroupAttestationType.x509 else "-path"
    for flag, value in given.items():
        if value is not None and flag.endswith(wrong):
            raise UsageError(
                f"{flag} does not go with --attestation-type {kind.value}",
                "Keys are for symmetricKey, certificates for x509.",
            )


def _removed(
    remove: Toggle | None, entry: CertificateEntry | None, given: Mapping[str, Json]
) -> str | None:
    """Return the entry to take a certificate away from. Raises UsageError unless it is clear."""
    if remove is not Toggle.true:
        return None
    if entry is None:
        raise UsageError(
            "--remove-x509: which certificate?", "Add --certificate-entry primary or secondary."
        )
    if entry.value in given:
        raise UsageError(
            f"--remove-x509 and a new {entry.value} certificate exclude each other",
            "A new certificate takes the old one's place.",
        )
    return entry.value

"""A device that calls, and the enrollment it has proved to belong to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dpsctl.emulator.answers import Json
from dpsctl.emulator.central.sign_in import enrollment_groups
from dpsctl.emulator.enrollments.kinds import GROUP, INDIVIDUAL, Kind
from dpsctl.emulator.store import Store

_GROUPS_AT_ONCE = 1000


@dataclass(frozen=True)
class Device:
    """Carry what a device says of itself: ids as it spells them, a token or a chain in DER.

    The chain starts with the device's own certificate.
    """

    id_scope: str
    registration_id: str
    token: str | None = None
    certificates: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Enrolled:
    """Carry the enrollment that a device belongs to, and the certificate that proved it if any.

    *is_central* says that it is a group of IoT Central.
    """

    kind: Kind
    record: Json
    certificate_info: Json = field(default_factory=dict)
    is_central: bool = False

    @property
    def group_id(self) -> str | None:
        """Return the id of the group, None for an individual enrollment."""
        return self.record["enrollmentGroupId"] if self.kind is GROUP else None

    @property
    def is_disabled(self) -> bool:
        """Say whether the enrollment is switched off; a null status is as good as enabled."""
        return self.record.get("provisioningStatus") == "disabled"

    @property
    def is_tpm(self) -> bool:
        """Say whether its device proves itself by a TPM."""
        return bool(self.record["attestation"]["type"] == "tpm")

    def result(self) -> Json:
        """Return what a registration's result says about the proof, as recorded of the service."""
        group = {"enrollmentGroupId": self.group_id} if self.group_id else {}
        return {self.record["attestation"]["type"]: group}


def individual_of(store: Store, registration_id: str) -> Enrolled | None:
    """Return the device's own enrollment, None if it has none."""
    record = store.get(INDIVIDUAL.name, registration_id)
    return Enrolled(INDIVIDUAL, record) if record else None


def groups_of(store: Store, attestation: str, registration_id: str) -> Iterator[Enrolled]:
    """Return the groups that a device may belong to by its kind of *attestation*, oldest first.

    IoT Central's come last.
    """
    last: int | None = 0
    while last is not None:
        records, last = store.page(GROUP.name, _GROUPS_AT_ONCE, last, attestation)
        yield from (Enrolled(GROUP, record) for record in records)
    for record in enrollment_groups(store, attestation, registration_id):
        yield Enrolled(GROUP, record, is_central=True)

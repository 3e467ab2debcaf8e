"""The two kinds of enrollment, and all in which they differ."""

from __future__ import annotations

from dataclasses import dataclass

REGISTRATION = "DeviceRegistration"


@dataclass(frozen=True)
class Kind:
    """Describe a kind of enrollment in the service's own words and codes.

    404201, 404202, 409201 and 409202 are the service's (docs/service.md#b6); the two 412 codes
    follow the same pattern, since nobody has recorded the real ones (docs/service.md#b2).
    """

    name: str
    collection: str
    id_field: str
    certificates: str
    attestations: tuple[str, ...]
    missing_code: int
    exists_code: int
    stale_code: int


GROUP = Kind(
    name="EnrollmentGroup",
    collection="enrollmentGroups",
    id_field="enrollmentGroupId",
    certificates="signingCertificates",
    attestations=("none", "x509", "symmetricKey"),
    missing_code=404202,
    exists_code=409202,
    stale_code=412202,
)
INDIVIDUAL = Kind(
    name="Enrollment",
    collection="enrollments",
    id_field="registrationId",
    certificates="clientCertificates",
    attestations=("none", "tpm", "x509", "symmetricKey"),
    missing_code=404201,
    exists_code=409201,
    stale_code=412201,
)

"""What a certificate says of itself: whose it is, what it may do, for how long."""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID

_ExtensionType = TypeVar("_ExtensionType", bound=x509.ExtensionType)


def description(certificate: x509.Certificate) -> dict[str, Any]:
    """Describe *certificate* to people: the service's info, what it may do and for how long.

    `daysLeft` is negative once it has expired.
    """
    return {
        **certificate_info(certificate),
        "daysLeft": (certificate.not_valid_after_utc - datetime.now(UTC)).days,
        "canSign": can_sign(certificate),
        "pathLength": path_length_of(certificate),
        "key": _kind_of_key(certificate),
    }


def certificate_info(certificate: x509.Certificate) -> dict[str, Any]:
    """Describe *certificate* in the words of the service's `info` (docs/service.md#b3)."""
    return {
        "subjectName": _distinguished(certificate.subject),
        "sha1Thumbprint": certificate.fingerprint(SHA1()).hex().upper(),  # noqa: S303  # the service's name for it
        "sha256Thumbprint": certificate.fingerprint(SHA256()).hex().upper(),
        "issuerName": _distinguished(certificate.issuer),
        "notBeforeUtc": f"{certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "notAfterUtc": f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
        "serialNumber": _serial_number(certificate),
        "version": certificate.version.value + 1,
    }


def can_sign(certificate: x509.Certificate) -> bool:
    """Say whether *certificate* is an authority's, whose key usage, if any, lets it sign others."""
    constraints = extension_of(certificate, x509.BasicConstraints)
    usage = extension_of(certificate, x509.KeyUsage)
    return bool(constraints and constraints.ca) and (usage is None or usage.key_cert_sign)


def has_signed(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Tell whether *issuer* is whom *certificate* names, and its key has signed it."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False
    return True


def why_not_valid(certificate: x509.Certificate, now: datetime) -> str | None:
    """Say that *certificate* has expired, or is not valid yet, or return None."""
    starts, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > ends:
        return f"expired on {ends:%Y-%m-%d}"
    if now < starts:
        return f"is not valid before {starts:%Y-%m-%d %H:%M} UTC"
    return None


def path_length_of(certificate: x509.Certificate) -> int | None:
    """Return how many authorities may stand below *certificate*; None if that is not limited."""
    constraints = extension_of(certificate, x509.BasicConstraints)
    return constraints.path_length if constraints else None


def common_name_of(certificate: x509.Certificate) -> str:
    """Return the CN of *certificate*'s subject, or nothing if it has none."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def common_name_problem(certificate: x509.Certificate, registration_id: str) -> str | None:
    """Say that a device with *certificate* cannot have the id, or return None.

    The CN has to be the registration id (docs/service.md#b9), whose case does not count.
    """
    name = common_name_of(certificate)
    if name.lower() == registration_id.lower():
        return None
    whose = f"the CN is '{name}'" if name else "there is no CN"
    return f"{whose}, and not the registration id '{registration_id}': no device can register so"


def extension_of(
    certificate: x509.Certificate, kind: type[_ExtensionType]
) -> _ExtensionType | None:
    """Return an extension, or None if *certificate* has none or none that can be read."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return None


def name_of(certificate: x509.Certificate) -> str:
    """Return what messages call *certificate*: its subject, or its serial number if it has none."""
    return f"'{_distinguished(certificate.subject) or _serial_number(certificate)}'"


def _distinguished(name: x509.Name) -> str:
    """Write a name as the service does: the last part first, a blank after each comma."""
    named = {NameOID.EMAIL_ADDRESS: "emailAddress"}
    return ", ".join(part.rfc4514_string(named) for part in reversed(name.rdns))


def _serial_number(certificate: x509.Certificate) -> str:
    with odd_serial_numbers_taken():
        number = certificate.serial_number
    digits = f"{abs(number):X}"
    return "-" * (number < 0) + digits.zfill(len(digits) + len(digits) % 2)


def _kind_of_key(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "unknown"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    return type(key).__name__.removesuffix("PublicKey")


def odd_serial_numbers_taken() -> AbstractContextManager[object]:
    """Keep cryptography from warning of numbers below 1: old roots have them, for good."""
    return warnings.catch_warnings(action="ignore", category=CryptographyDeprecationWarning)

"""What RFC 5280 asks of a device's certificate, and of those above it.

`cryptography` has a verifier, but of the web's profile: it fails on constraints of directory names,
and a device's certificate has no other name; and it does not tell whose fault a refusal is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from dpsctl.certificates.describing import can_sign, extension_of, has_signed, why_not_valid
from dpsctl.emulator.devices.name_constraints import is_own, why_not_permitted
from dpsctl.emulator.x509 import common_names

_AUTHENTICATION = {
    ExtendedKeyUsageOID.CLIENT_AUTH,
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
}


def why_no_device(leaf: x509.Certificate, registration_id: str, now: datetime) -> str | None:
    """Say why *leaf* is not the certificate of the device *registration_id*, or return None."""
    names = common_names(leaf)
    if len(names) != 1:
        return f"has {len(names)} common names, not one"
    if names[0].lower() != registration_id.lower():
        return "has a common name that is not the registration id"
    if problem := _why_not_usable(leaf, now):
        return problem
    usage, purposes = extension_of(leaf, x509.KeyUsage), extension_of(leaf, x509.ExtendedKeyUsage)
    if usage and not usage.digital_signature:
        return "has a key usage without digitalSignature"
    if purposes and not _AUTHENTICATION & set(purposes):
        return "has an extended key usage without clientAuth"
    return None


def why_no_issuer(
    issuer: x509.Certificate, below: Sequence[x509.Certificate], now: datetime
) -> str | None:
    """Say why *issuer* does not vouch for the path *below* it, the leaf first, or return None.

    Whoever is trusted is judged as those between: an enrollment may hold any of them.
    """
    if not has_signed(issuer, below[-1]):
        return "has not signed what names it as its issuer"
    if problem := _why_not_usable(issuer, now):
        return problem
    constraints = extension_of(issuer, x509.BasicConstraints)
    if not constraints or not constraints.ca:
        return "is no authority: its basic constraints do not say so"
    if not can_sign(issuer):
        return "has a key usage without keyCertSign"
    longest, between = constraints.path_length, [link for link in below[1:] if not is_own(link)]
    if longest is not None and len(between) > longest:
        return f"has the path length {longest}, but {len(between)} authorities stand below it"
    return why_not_permitted(issuer, below)


def _why_not_usable(certificate: x509.Certificate, now: datetime) -> str | None:
    """Judge what holds for every certificate, and that the rest of it can be judged."""
    try:
        extensions = list(certificate.extensions)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return "has extensions that cannot be read"
    for extension in extensions:
        if extension.critical and isinstance(extension.value, x509.UnrecognizedExtension):
            return f"has a critical extension that is not known, {extension.oid.dotted_string}"
    return why_not_valid(certificate, now)

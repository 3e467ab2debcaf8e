"""What RFC 5280 asks of a device's certificate and of those above it, as far as it is judged here.

Which of it the real service checks, nobody has published in full (docs/service.md#e3).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dpsctl.certificates.describing import (
    can_sign,
    common_name_problem,
    extension_of,
    has_signed,
    name_of,
    path_length_of,
    why_not_valid,
)

_FOR_CLIENTS = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)


def leaf_problem(leaf: x509.Certificate, device_id: str, now: datetime) -> tuple[str, str] | None:
    """Name what is wrong with a device's own certificate and say it, or return None."""
    if problem := _name_problem(leaf, device_id):
        return "commonName", f"its certificate {problem}"
    if problem := unreadable(leaf):
        return "extensions", f"its certificate {problem}"
    if problem := why_not_valid(leaf, now):
        return "period", f"its certificate {problem}"
    if problem := _usage_problem(leaf):
        return "keyUsage", f"its certificate has {problem}"
    return None


def _name_problem(leaf: x509.Certificate, device_id: str) -> str | None:
    names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if len(names) > 1:
        return f"has {len(names)} common names, and needs one"
    problem = common_name_problem(leaf, device_id)
    return problem and f"is not its own: {problem.removesuffix(': no device can register so')}"


def _usage_problem(leaf: x509.Certificate) -> str | None:
    usage, purposes = extension_of(leaf, x509.KeyUsage), extension_of(leaf, x509.ExtendedKeyUsage)
    if usage is not None and not usage.digital_signature:
        return "a key usage without digitalSignature"
    if purposes is not None and not any(each in purposes for each in _FOR_CLIENTS):
        return "an extended key usage without clientAuth"
    return None


def issuer_problem(
    issuer: x509.Certificate, path: Sequence[x509.Certificate], now: datetime
) -> str | None:
    """Say why *issuer* does not vouch for the *path* below it, leaf first, or return None."""
    if not has_signed(issuer, path[-1]):
        return f"has not signed {name_of(path[-1])}: it is another one of that name"
    if problem := unreadable(issuer) or why_not_valid(issuer, now):
        return problem
    if extension_of(issuer, x509.BasicConstraints) is None or not can_sign(issuer):
        return "is no CA certificate: it may not sign others"
    longest = path_length_of(issuer)
    between = sum(1 for link in path[1:] if link.subject != link.issuer)
    if longest is not None and between > longest:
        return f"allows {longest} authorities below it, and there are {between}"
    return None


def unreadable(certificate: x509.Certificate) -> str | None:
    """Say that a certificate has extensions that nobody can judge, or return None."""
    try:
        strange = [
            extension.oid.dotted_string
            for extension in certificate.extensions
            if extension.critical and isinstance(extension.value, x509.UnrecognizedExtension)
        ]
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return "has extensions that cannot be read"
    return f"has a critical extension that nobody knows, {strange[0]}" if strange else None

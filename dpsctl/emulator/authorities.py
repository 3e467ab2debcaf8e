"""The CA certificates of the service, which enrollments name by caReferences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from email.utils import formatdate

from cryptography import x509

from dpsctl.certificates.reading import read_certificates
from dpsctl.emulator.answers import Json
from dpsctl.emulator.etags import new_etag
from dpsctl.emulator.store import Store
from dpsctl.emulator.x509 import base64_der, read_certificate
from dpsctl.errors import UsageError
from dpsctl.text.opening import opened

KIND = "Certificate"


def load_authorities(named_files: Iterable[tuple[str, str]]) -> dict[str, x509.Certificate]:
    """Read (name, file) pairs; of a chain, the first certificate counts. Raises UsageError."""
    return {name: _load(name, path) for name, path in named_files}


def put_authorities(store: Store, authorities: Mapping[str, x509.Certificate], now: float) -> None:
    """Let the service hold *authorities*, proved already; *now* is seconds since 1970."""
    for name, certificate in authorities.items():
        store.put(KIND, name, record_of(name, certificate, now, is_verified=True))


def record_of(name: str, certificate: x509.Certificate, now: float, *, is_verified: bool) -> Json:
    """Return what is kept of a certificate that is new at *now*."""
    date = formatdate(now, usegmt=True)
    return {
        "name": name,
        "certificate": base64_der(certificate),
        "isVerified": is_verified,
        "created": date,
        "updated": date,
        "etag": new_etag(),
    }


def authority_of(store: Store, name: str) -> x509.Certificate | None:
    """Return the certificate called *name*, None unless its owner has proved to have its key."""
    record = store.get(KIND, name)
    if record is None or not record["isVerified"]:
        return None
    return read_certificate(record["certificate"])


def _load(name: str, path: str) -> x509.Certificate:
    try:
        with opened(path) as file:
            data = file.read()
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"--ca {name}={path}: cannot read the file: {problem}", "Check the path."
        ) from None
    return read_certificates(data, f"--ca {name}={path}").certificates[0]

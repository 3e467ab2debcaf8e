"""The CA certificates of the service, which enrollments name by caReferences."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cryptography import x509

from dpsctl.certificates.reading import read_certificates
from dpsctl.errors import UsageError


def load_authorities(named_files: Iterable[tuple[str, str]]) -> dict[str, x509.Certificate]:
    """Read (name, file) pairs; of a chain, the first certificate counts. Raises UsageError."""
    return {name: _load(name, path) for name, path in named_files}


def _load(name: str, path: str) -> x509.Certificate:
    try:
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"--ca {name}={path}: cannot read the file: {problem}", "Check the path."
        ) from None
    return read_certificates(data, f"--ca {name}={path}").certificates[0]

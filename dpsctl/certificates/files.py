"""Certificate files named on the command line: read, judged, and warned about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import Certificates
from dpsctl.run import Run
from dpsctl.text.values import read_file

_ENDINGS = (".chain.pem", ".pem", ".crt", ".cer")

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cryptography.x509 import Certificate


def read_slots(options: Certificates, run: Run, *, device: str | None = None) -> dict[str, str]:
    """Read the certificates for the slots `primary` and `secondary`, as the service wants them.

    They sign devices' certificates, or are those of the one *device* with that registration id. A
    warning says what will keep devices out. Raises UsageError naming flag and file.
    """
    return {
        slot: read_certificate(path, flag, run, device=device)
        for slot, flag, path in _named(options)
    }


def read_proofs(options: Certificates, run: Run) -> dict[str, str]:
    """Read verification certificates by slot; they are shown once, so they may expire soon.

    Raises UsageError naming flag and file.
    """
    return {slot: read_proof(path, flag, run) for slot, flag, path in _named(options)}


def read_proof(path: str, flag: str, run: Run) -> str:
    """Read a verification certificate's file and return its PEM text. Raises UsageError."""
    from dpsctl.certificates.reading import read_certificates

    return read_certificates(read_file(path, flag, run.stdin), f"{flag} {path}").pem


def read_certificate(path: str, flag: str, run: Run, *, device: str | None = None) -> str:
    """Read one certificate file (`-` is standard input) and return its PEM text.

    Raises UsageError.
    """
    return clean_certificate(read_file(path, flag, run.stdin), f"{flag} {path}", run, device=device)


def clean_certificate(data: bytes, source: str, run: Run, *, device: str | None = None) -> str:
    """Read a certificate that came from *source* and return its PEM text. Raises UsageError."""
    from datetime import UTC, datetime

    from dpsctl.certificates.reading import read_certificates

    found = read_certificates(data, source)
    for warning in found.warnings(datetime.now(UTC), device=device):
        run.warn(f"{source}: {warning}")
    return found.pem


def files_by_thumbprint(folder: str | None) -> dict[str, Path]:
    """Find the certificates below *folder*, of each file the first, by SHA-256 as the service has.

    Raises UsageError if it is none.
    """
    from dpsctl.certificates.describing import certificate_info

    if folder is None:
        return {}
    return {
        str(certificate_info(certificates[0])["sha256Thumbprint"]): path
        for path, certificates in _certificates_below(folder)
    }


def certificates_in(folder: str) -> list[Certificate]:
    """Read every certificate below *folder*. Raises UsageError if it is none."""
    return [one for _, found in _certificates_below(folder) for one in found]


def _certificates_below(folder: str) -> Iterator[tuple[Path, Sequence[Certificate]]]:
    from pathlib import Path

    from dpsctl.certificates.reading import read_certificates

    if not Path(folder).is_dir():
        raise UsageError(f"--certificates {folder}: is no folder", "Check the path.")
    for path in sorted(Path(folder).rglob("*")):
        if not path.is_file():
            continue
        try:
            certificates = read_certificates(path.read_bytes(), str(path)).certificates
        except UsageError:
            continue  # keys and notes lie there too
        yield path, certificates


def _named(options: Certificates) -> list[tuple[str, str, str]]:
    """Return slot, flag and path of the files that were given."""
    paths = (
        ("primary", "--certificate-path", options.certificate_path),
        ("secondary", "--secondary-certificate-path", options.secondary_certificate_path),
    )
    return [(slot, flag, path) for slot, flag, path in paths if path is not None]


def stem_of(path: str) -> str:
    """Take the ending of a certificate's file off its *path*."""
    ending = next((each for each in _ENDINGS if path.lower().endswith(each)), "")
    return path[: len(path) - len(ending)]

"""Certificate files named on the command line: read, judged, and warned about."""

from __future__ import annotations

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import Certificates
from dpsctl.run import Run


def read_slots(options: Certificates, run: Run, *, signing: bool) -> dict[str, str]:
    """Read the certificates for the slots `primary` and `secondary`, as the service wants them.

    *signing* ones must be able to sign: a warning says if one is no CA, has expired or is about
    to. Raises UsageError naming flag and file.
    """
    named = {
        "primary": ("--certificate-path", options.certificate_path),
        "secondary": ("--secondary-certificate-path", options.secondary_certificate_path),
    }
    return {
        slot: read_certificate(path, flag, run, signing=signing)
        for slot, (flag, path) in named.items()
        if path is not None
    }


def read_certificate(path: str, flag: str, run: Run, *, signing: bool) -> str:
    """Read one certificate file (`-` is standard input) and return its PEM text.

    Raises UsageError.
    """
    return clean_certificate(bytes_of(path, flag, run), f"{flag} {path}", run, signing=signing)


def clean_certificate(data: bytes, source: str, run: Run, *, signing: bool) -> str:
    """Read a certificate that came from *source* and return its PEM text. Raises UsageError."""
    from datetime import UTC, datetime

    from dpsctl.certificates import read_certificates

    found = read_certificates(data, source)
    for warning in found.warnings(datetime.now(UTC), signing=signing):
        run.warn(f"{source}: {warning}")
    return found.pem


def bytes_of(path: str, flag: str, run: Run) -> bytes:
    """Return what the file *path* holds; `-` is standard input. Raises UsageError."""
    if path == "-":
        return run.stdin.read(flag)
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib: 12 ms
            return file.read()
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"{flag} {path}: cannot read the file: {problem}", "Check the path."
        ) from None

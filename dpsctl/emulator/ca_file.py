"""The emulator's authority in a file, for its clients to trust."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography import x509

from dpsctl.errors import UsageError

_MOST_BYTES = 1 << 16


def write_ca_file(path: Path, certificate: str) -> None:
    """Write the authority's *certificate* (PEM) to *path*, beside the database it is kept in.

    What is there is replaced only if another emulator's authority is all that it holds, as when
    the database was deleted; no link is followed. Raises UsageError for anything else.
    """
    there = _content(path)
    if there == certificate:
        return
    if there is not None and not _is_an_emulators(there, certificate):
        raise _in_the_way(path)
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "w") as file:
            file.write(certificate)
    except FileExistsError:
        raise _in_the_way(path) from None
    except OSError as error:
        raise UsageError(f"--db: {path}: {error.strerror}", "Give a file elsewhere.") from None


def _content(path: Path) -> str | None:
    """Return the text of a file, None if nothing is there. Raises UsageError if it is no file."""
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_BYTES:
            raise _in_the_way(path)
        return path.read_bytes().decode("latin-1")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"--db: {path}: {error.strerror}", "Move it away.") from None


def _is_an_emulators(text: str, certificate: str) -> bool:
    """Say whether *text* is an authority's certificate, named as this one is, and nothing else."""
    try:
        (there,) = x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        return False
    own = x509.load_pem_x509_certificate(certificate.encode())
    bare = text.startswith("-----BEGIN") and text.endswith("-----END CERTIFICATE-----\n")
    return bare and there.subject == there.issuer == own.subject


def _in_the_way(path: Path) -> UsageError:
    return UsageError(
        f"--db: {path} is not a file that an emulator wrote, and its authority belongs there",
        "Move it away, or give --db another name.",
    )

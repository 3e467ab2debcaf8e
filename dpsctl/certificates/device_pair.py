"""A device's certificate with its private key, from whatever files, as TLS wants them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dpsctl.certificates.describing import common_name_problem, name_of, why_not_valid
from dpsctl.certificates.issuers import PrivateKey, check_key_of, read_key
from dpsctl.certificates.passphrases import passphrase_asker
from dpsctl.certificates.pkcs12 import contents_of, is_pkcs12
from dpsctl.certificates.reading import has_private_key, read_all_certificates, unwrapped
from dpsctl.errors import UsageError
from dpsctl.machine.process import new_folder, remove
from dpsctl.options.device import Proof
from dpsctl.run import Run
from dpsctl.text.values import read_file

_CERTIFICATE, _KEY = "--certificate-path", "--key-path"
# What OpenSSL takes of the other side in a handshake; others take less (docs/service.md#e3).
_LARGEST_CHAIN = 100 * 1024
_PER_CERTIFICATE = 3  # bytes of its length, at least


@dataclass(frozen=True)
class DevicePair:
    """Two PEM files, of the certificate with its chain and of its key, and what is odd of them."""

    files: tuple[str, str]
    doubts: tuple[str, ...]


@contextmanager
def device_pair(proof: Proof, registration_id: str, run: Run) -> Iterator[DevicePair]:
    """Read the device's certificate and key: PEM, DER or PKCS#12, encrypted or not.

    What TLS cannot use as it is, is written to files of ours that are gone behind the block. Raises
    UsageError for files that cannot be read or do not belong together.
    """
    chain, key = _read(proof, run)
    _check_size(chain, f"{_CERTIFICATE} {proof.certificate_path}")
    doubts = _doubts(chain, registration_id)
    given = (proof.certificate_path or "", proof.key_path or proof.certificate_path or "")
    if _are_usable(given):
        yield DevicePair(given, doubts)
        return
    with _own_files(chain, key) as files:
        yield DevicePair(files, doubts)


def _read(proof: Proof, run: Run) -> tuple[Sequence[x509.Certificate], PrivateKey]:
    path, key_path = proof.certificate_path, proof.key_path
    if path is None:
        raise UsageError(f"{_CERTIFICATE} is missing", "A private key goes with its certificate.")
    source = f"{_CERTIFICATE} {path}"
    ask = passphrase_asker(proof.passphrase, "--passphrase", key_path or path, run)
    data = unwrapped(read_file(path, _CERTIFICATE, run.stdin))
    if is_pkcs12(data) or has_private_key(data):
        run.warn_of_readers(path, source)
    if is_pkcs12(data):
        if key_path not in {None, path}:
            raise UsageError(f"{_KEY} {key_path}: {path} has the key in it", f"Leave {_KEY} out.")
        key, chain = contents_of(data, source, ask)
        if not isinstance(key, PrivateKey):
            raise UsageError(f"{source}: the file holds no EC or RSA key", "It goes with one.")
        return chain, key
    chain = read_all_certificates(data, source, ask).certificates
    if key_path is None and not has_private_key(data):
        raise UsageError(f"{_KEY} is missing", "A certificate goes with its private key.")
    key_source, key_data = source, data
    if key_path is not None:
        key_source, key_data = f"{_KEY} {key_path}", read_file(key_path, _KEY, run.stdin)
        run.warn_of_readers(key_path, key_source)
    key = read_key(key_data, key_source, ask)
    check_key_of(chain[0], source, key, key_source)
    return chain, key


def _check_size(chain: Sequence[x509.Certificate], source: str) -> None:
    """Raise UsageError for what no handshake carries: the other side would hang up unexplained."""
    size = sum(len(each.public_bytes(Encoding.DER)) + _PER_CERTIFICATE for each in chain)
    if size > _LARGEST_CHAIN:
        raise UsageError(
            f"{source}: {len(chain)} certificates of {size // 1024} KB together are more than the"
            f" {_LARGEST_CHAIN // 1024} KB that TLS carries",
            "Leave in it the device's certificate and those above it, up to the enrolled one.",
        )


def _doubts(chain: Sequence[x509.Certificate], registration_id: str) -> tuple[str, ...]:
    """Say what keeps the device out: whose certificate it is, and when it is valid."""
    name = common_name_problem(chain[0], registration_id)
    now = datetime.now(UTC)
    periods = (
        f"{name_of(certificate)} {problem}"
        for certificate in chain
        if (problem := why_not_valid(certificate, now))
    )
    return (*([name] if name else []), *periods)


def _are_usable(files: tuple[str, str]) -> bool:
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(*files, password=_refuse)
    except (OSError, ssl.SSLError, ValueError):
        return False
    return True


def _refuse() -> str:
    raise ValueError("it is encrypted")


@contextmanager
def _own_files(chain: Sequence[x509.Certificate], key: PrivateKey) -> Iterator[tuple[str, str]]:
    """Write both files where only their owner can look, and remove them whatever happens."""
    folder = new_folder("dpsctl-")
    try:
        certificates = b"".join(each.public_bytes(Encoding.PEM) for each in chain)
        plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        yield _written(folder, "device.pem", certificates), _written(folder, "device.key", plain)
    finally:
        remove(folder)


def _written(folder: str, name: str, data: bytes) -> str:
    path = f"{folder}/{name}"
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:  # noqa: PTH123 - by descriptor
        file.write(data)
    return path

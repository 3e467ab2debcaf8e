"""Authorities that sign certificates: read from their files, and judged before they sign."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from dpsctl.certificates import can_sign, name_of, path_length_of, read_certificates
from dpsctl.errors import UsageError

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
# Clocks differ: without it a device whose clock is slow would find its certificate too young.
_EARLY = timedelta(minutes=5)


@dataclass(frozen=True)
class Validity:
    """From when to when a certificate is valid; both have a time zone."""

    starts: datetime
    ends: datetime

    @classmethod
    def of_days(cls, days: int, now: datetime) -> Validity:
        """Begin shortly before *now*, and end *days* after it."""
        return cls(now - _EARLY, now + timedelta(days=days))


@dataclass(frozen=True)
class IssuerFiles:
    """What an authority's two files hold; the sources name flag and file in messages."""

    certificate: bytes
    key: bytes = field(repr=False)
    certificate_source: str
    key_source: str


@dataclass(frozen=True)
class Issuer:
    """An authority that can sign: its certificate, then those above it, and its key.

    *source* is what messages call its certificate.
    """

    chain: tuple[x509.Certificate, ...]
    key: PrivateKey = field(repr=False)
    source: str

    @property
    def certificate(self) -> x509.Certificate:
        """The authority's own certificate."""
        return self.chain[0]

    def within(self, validity: Validity) -> Validity:
        """Cut *validity* down to the time in which every authority of the chain is valid."""
        return replace(
            validity,
            starts=max(validity.starts, *(each.not_valid_before_utc for each in self.chain)),
            ends=min(validity.ends, *(each.not_valid_after_utc for each in self.chain)),
        )

    def check_path_length(self, path_length: int) -> None:
        """Raise UsageError unless an authority of this path length may stand below this one."""
        rooms = [
            length - depth
            for depth, certificate in enumerate(self.chain, 1)
            if (length := path_length_of(certificate)) is not None
        ]
        room = min(rooms, default=path_length)
        if room < 0:
            raise UsageError(
                f"{self.source}: its path length allows no further authority below it",
                "It can sign devices. An authority with a longer path length can sign others.",
            )
        if path_length > room:
            raise UsageError(
                f"--path-length {path_length}: {self.source} allows {room} at most",
                "Each authority allows fewer below it than the one above.",
            )


def read_issuer(
    files: IssuerFiles, now: datetime, passphrase: Callable[[], str] | None = None
) -> Issuer:
    """Read an authority and check that it can sign *now*.

    *passphrase* is asked if the key is encrypted. Raises UsageError.
    """
    source = files.certificate_source
    chain = read_certificates(files.certificate, source).certificates
    for certificate in chain:
        _check_signer(certificate, source, now)
    _check_order(chain, source)
    key = read_key(files.key, files.key_source, passphrase)
    if key.public_key() != chain[0].public_key():
        raise UsageError(
            f"{files.key_source}: the key is not that of {source}",
            f"Give the key that {name_of(chain[0])} was made with.",
        )
    return Issuer(chain, key, source)


def read_key(data: bytes, source: str, passphrase: Callable[[], str] | None = None) -> PrivateKey:
    """Read a private key from PEM or DER; *passphrase* is asked if it is encrypted.

    Raises UsageError, which starts with *source*.
    """
    try:
        key = _load_key(data, source, passphrase)
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(
            f"{source}: no private key can be read",
            "PEM and DER are read; 'openssl pkey -in FILE -check' judges a key.",
        ) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise UsageError(f"{source}: the key is neither EC nor RSA", "The service takes no other.")
    return key


def _load_key(data: bytes, source: str, passphrase: Callable[[], str] | None) -> object:
    load = load_pem_private_key if b"-----BEGIN " in data else load_der_private_key
    try:
        return load(data, None)
    except TypeError:  # it is encrypted
        if passphrase is None:
            raise UsageError(f"{source}: the key is encrypted", "Give its passphrase.") from None
    secret = passphrase().encode()
    try:
        return load(data, secret)
    except ValueError:
        raise UsageError(
            f"{source}: the passphrase does not open the key", "Is it another key's?"
        ) from None


def _check_signer(certificate: x509.Certificate, source: str, now: datetime) -> None:
    name = name_of(certificate)
    if not can_sign(certificate):
        raise UsageError(
            f"{source}: {name} cannot sign certificates: it is no CA certificate",
            "Give a root or an intermediate; 'dpsctl certificate show' tells what a file holds.",
        )
    starts, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not starts <= now <= ends:
        problem = f"expired on {ends:%Y-%m-%d}" if now > ends else f"starts on {starts:%Y-%m-%d}"
        raise UsageError(f"{source}: {name} {problem}", "No device could use what it signs.")


def _check_order(chain: Sequence[x509.Certificate], source: str) -> None:
    for lower, upper in pairwise(chain):
        try:
            lower.verify_directly_issued_by(upper)
        except (InvalidSignature, TypeError, ValueError, UnsupportedAlgorithm):
            raise UsageError(
                f"{source}: {name_of(lower)} is not signed by the next one, {name_of(upper)}",
                "The one that signs stands first, each of the others behind the one it signed.",
            ) from None

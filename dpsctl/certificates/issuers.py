"""Authorities that sign certificates: read from their files, and judged before they sign."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from dpsctl.certificates.describing import (
    can_sign,
    has_signed,
    name_of,
    path_length_of,
    why_not_valid,
)
from dpsctl.certificates.files import stem_of
from dpsctl.certificates.passphrases import passphrase_asker
from dpsctl.certificates.reading import read_certificates, unwrapped
from dpsctl.errors import UsageError
from dpsctl.options.certificate import IssuerOptions
from dpsctl.run import Run
from dpsctl.text.values import read_file

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
# Clocks differ: without it a device whose clock is slow would find its certificate too young.
_EARLY = timedelta(minutes=5)


@dataclass(frozen=True)
class Validity:
    """From when to when a certificate is valid; both have a time zone."""

    starts: datetime
    ends: datetime

    @classmethod
    def of_days(cls, days: int, now: datetime | None = None) -> Validity:
        """Begin shortly before *now* (the present unless given), and end *days* after it."""
        now = now or datetime.now(UTC)
        return cls(now - _EARLY, now + timedelta(days=days))


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


def read_signer(path: str, options: IssuerOptions, run: Run, validity: Validity) -> Issuer:
    """Read the authority that `--issuer` names, and its key, which may be encrypted.

    A warning says if it expires before *validity* ends. Raises UsageError.
    """
    key_path = options.issuer_key or f"{stem_of(path)}.key"
    ask = passphrase_asker(options.issuer_passphrase, "--issuer-passphrase", key_path, run)
    issuer = read_issuer(("--issuer", path), ("--issuer-key", key_path), ask, run)
    if (ends := issuer.within(validity).ends) < validity.ends:
        run.warn(
            f"{issuer.source}: expires on {ends:%Y-%m-%d}, and what it signs now ends then too"
        )
    return issuer


def read_issuer(
    certificate: tuple[str, str], key: tuple[str, str], passphrase: Callable[[], str], run: Run
) -> Issuer:
    """Read an authority from its two files, each a flag and a path, and check that it can sign.

    *passphrase* is asked if the key is encrypted. Raises UsageError.
    """
    (flag, path), (key_flag, key_path) = certificate, key
    source, key_source = f"{flag} {path}", f"{key_flag} {key_path}"
    chain = _signing_chain(read_file(path, flag, run.stdin), source)
    run.warn_of_readers(key_path, key_source)
    found = read_key(read_file(key_path, key_flag, run.stdin), key_source, passphrase)
    check_key_of(chain[0], source, found, key_source)
    return Issuer(chain, found, source)


def check_key_of(
    certificate: x509.Certificate, source: str, key: PrivateKey, key_source: str
) -> None:
    """Raise UsageError unless the *certificate* was made for the *key*."""
    if key.public_key() != certificate.public_key():
        raise UsageError(
            f"{key_source}: the key is not that of {source}",
            f"Give the key that {name_of(certificate)} was made with.",
        )


def read_key(data: bytes, source: str, passphrase: Callable[[], str]) -> PrivateKey:
    """Read a private key from PEM or DER; *passphrase* is asked if it is encrypted.

    Raises UsageError, which starts with *source*.
    """
    try:
        key = _load_key(unwrapped(data), source, passphrase)
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(
            f"{source}: no private key can be read",
            "PEM and DER are read; 'openssl pkey -in FILE -check' judges a key.",
        ) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise UsageError(f"{source}: the key is neither EC nor RSA", "The service takes no other.")
    return key


def _signing_chain(data: bytes, source: str) -> tuple[x509.Certificate, ...]:
    """Read an authority's certificate and those above it, and check that they can sign now."""
    chain = read_certificates(data, source).certificates
    for certificate in chain:
        _check_signer(certificate, source)
    _check_order(chain, source)
    return chain


def _load_key(data: bytes, source: str, passphrase: Callable[[], str]) -> object:
    load = load_pem_private_key if b"-----BEGIN " in data else load_der_private_key
    try:
        return load(data, None)
    except TypeError:  # it is encrypted
        secret = passphrase().encode()
    try:
        return load(data, secret)
    except ValueError:
        raise UsageError(
            f"{source}: the passphrase does not open the key", "Is it another key's?"
        ) from None


def _check_signer(certificate: x509.Certificate, source: str) -> None:
    name = name_of(certificate)
    if not can_sign(certificate):
        raise UsageError(
            f"{source}: {name} cannot sign certificates: it is no CA certificate",
            "Give a root or an intermediate; 'dpsctl certificate show' tells what a file holds.",
        )
    if problem := why_not_valid(certificate, datetime.now(UTC)):
        raise UsageError(f"{source}: {name} {problem}", "No device could use what it signs.")


def _check_order(chain: Sequence[x509.Certificate], source: str) -> None:
    for lower, upper in pairwise(chain):
        if not has_signed(upper, lower):
            raise UsageError(
                f"{source}: {name_of(lower)} is not signed by the next one, {name_of(upper)}",
                "The one that signs stands first, each of the others behind the one it signed.",
            )

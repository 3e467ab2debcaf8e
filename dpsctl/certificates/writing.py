"""New certificates on their way into files: with their key, chain and PKCS#12, all or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from dpsctl.certificates.describing import common_name_of
from dpsctl.certificates.files import stem_of
from dpsctl.certificates.issuers import PrivateKey
from dpsctl.certificates.pkcs12 import pkcs12_of
from dpsctl.machine import platforms
from dpsctl.machine.private_files import NewFile, check_new, write_together, written_ahead
from dpsctl.options.certificate import FileOptions


@dataclass(frozen=True)
class Place:
    """Where a file goes, and the flag that says so."""

    path: str
    flag: str


@dataclass(frozen=True)
class Places:
    """Where a certificate goes and what belongs to it; None is not written."""

    certificate: Place
    key: Place
    chain: Place | None = None
    pkcs12: Place | None = None

    def paths(self) -> dict[str, str]:
        """Return the paths by the names that results give them."""
        named = {
            "certificatePath": self.certificate,
            "keyPath": self.key,
            "chainPath": self.chain,
            "pkcs12Path": self.pkcs12,
        }
        return {name: place.path for name, place in named.items() if place is not None}


@dataclass(frozen=True)
class Made:
    """A new certificate, as *chain* with those of its issuers behind it, and its key."""

    chain: tuple[x509.Certificate, ...]
    key: PrivateKey = field(repr=False)

    @property
    def certificate(self) -> x509.Certificate:
        """The new certificate itself."""
        return self.chain[0]


@dataclass(frozen=True)
class Plan:
    """How the certificates of a fleet are made, and where their files go."""

    make: Callable[[str], Made]
    folder: str
    files: FileOptions
    secret: str | None = field(repr=False)

    def places(self, registration_id: str) -> Places:
        """Say where the files of a device go."""
        return places_of(self.files, f"{self.folder}/{platforms.file_stem(registration_id)}")

    def write(self, registration_id: str) -> x509.Certificate:
        """Make a device's certificate and write its files. Raises as `write_made` does."""
        made = self.make(registration_id)
        write_made(made, self.places(registration_id), self.secret, replace=self.files.force)
        return made.certificate


def file_stem(name: str) -> str:
    """Turn a certificate's CN into the beginning of a file's name."""
    kept = "".join(letter if letter.isalnum() or letter in "-_.:" else "-" for letter in name)
    return platforms.file_stem(kept.lstrip(".-") or "certificate")


def places_of(options: FileOptions, stem: str) -> Places:
    """Say where the files go: where *options* say, else after *stem*, a path without its ending."""
    out = options.out or f"{stem}.pem"
    beside = stem_of(out)
    return Places(
        Place(out, "--out"),
        Place(options.key_out or f"{beside}.key", "--key-out"),
        Place(f"{beside}.chain.pem", "--chain") if options.chain else None,
        Place(f"{beside}.p12", "--pkcs12") if options.pkcs12 else None,
    )


def write_made(made: Made, places: Places, secret: str | None, *, replace: bool) -> None:
    """Write *made* to its *places*, the key encrypted with *secret* if there is one.

    PKCS#12 needs one. Raises UsageError naming the flag, and DpsctlError when the disk fails; then
    nothing is left behind.
    """
    write_together(list(_files(made, places, secret)), replace=replace)


@contextmanager
def key_ahead(
    key: PrivateKey, places: Places, *, replace: bool
) -> Iterator[Callable[[tuple[x509.Certificate, ...]], None]]:
    """Write *key* before there is a certificate for it: it is safe on the disk.

    What the block gets puts it into its place, together with the chain of certificates that it is
    given; without that nothing is left behind. Raises as `write_made` does.
    """
    files = [place for place in (places.certificate, places.key, places.chain) if place]
    for place in files:
        check_new(NewFile(place.path, place.flag, b""), replace=replace)
    with written_ahead([_key_file(key, places, None)], replace=replace) as put:
        yield lambda chain: put(list(_public_files(chain, places)))


def write_certificate(certificate: x509.Certificate, path: str, *, replace: bool) -> None:
    """Write a certificate alone to what `--out` names. Raises as `write_made` does."""
    write_together([_public(Place(path, "--out"), certificate)], replace=replace)


def _files(made: Made, places: Places, secret: str | None) -> Iterator[NewFile]:
    yield from _public_files(made.chain, places)  # first: of what fails for both, --out is told
    yield _key_file(made.key, places, secret)
    if places.pkcs12 and secret is not None:
        data = pkcs12_of(common_name_of(made.certificate), made.key, made.chain, secret)
        yield NewFile(places.pkcs12.path, places.pkcs12.flag, data)


def _key_file(key: PrivateKey, places: Places, secret: str | None) -> NewFile:
    encryption = NoEncryption() if secret is None else BestAvailableEncryption(secret.encode())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    return NewFile(places.key.path, places.key.flag, pem)


def _public_files(chain: tuple[x509.Certificate, ...], places: Places) -> Iterator[NewFile]:
    yield _public(places.certificate, chain[0])
    if places.chain:
        yield _public(places.chain, *chain)


def _public(place: Place, *certificates: x509.Certificate) -> NewFile:
    pem = b"".join(each.public_bytes(Encoding.PEM) for each in certificates)
    return NewFile(place.path, place.flag, pem, is_private=False)

"""Read X.509 certificates, in whatever form a file holds them, and say what is odd of them."""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key, pkcs7

from dpsctl.certificates.describing import (
    can_sign,
    certificate_info,
    common_name_problem,
    name_of,
    odd_serial_numbers_taken,
    why_not_valid,
)
from dpsctl.certificates.pkcs12 import contents_of, is_pkcs12
from dpsctl.errors import UsageError

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")
_CERTIFICATE_LABELS = {b"CERTIFICATE", b"X509 CERTIFICATE"}
_PKCS7_LABELS = {b"PKCS7", b"CMS"}
_SOON = timedelta(days=30)
_CONVERSIONS = (
    "PEM and DER are read, alone or in base64. To convert: 'openssl x509 -in FILE', "
    "'openssl pkcs12 -in FILE -nokeys' (.pfx, .p12)."
)


_REQUEST = (
    "A request (CSR) is what an authority signs: give the certificate that it makes of it, as "
    "'openssl x509 -req -in FILE -CA CA -CAkey KEY' does."
)


@dataclass(frozen=True)
class CertificateFile:
    """What a file holds: one certificate, or a chain in the file's order."""

    certificates: tuple[x509.Certificate, ...]

    @property
    def pem(self) -> str:
        """The certificates as the service is sent them: PEM, LF, nothing before, between, after."""
        blocks = [
            certificate.public_bytes(Encoding.PEM).decode() for certificate in self.certificates
        ]
        return "".join(blocks).rstrip("\n")

    def warnings(self, now: datetime, *, device: str | None) -> list[str]:
        """Say what will keep devices from provisioning with these certificates.

        *now* has a time zone. *device* is the registration id of the one device whose certificate
        it is; without it they sign devices' certificates. Of a chain the first one counts.
        """
        first = self.certificates[0]
        said = [problem] if (problem := self._chain_problem()) else []
        if device is None and not can_sign(first):
            said.append(f"{name_of(first)} is not a CA certificate, so it cannot sign devices'")
        if device is not None and (problem := common_name_problem(first, device)):
            said.append(problem)
        return said + [
            f"{name_of(certificate)} {problem}"
            for certificate in self.certificates
            if (problem := _period_problem(certificate, now))
        ]

    def _chain_problem(self) -> str | None:
        if len(self.certificates) < 2:
            return None
        first, second = self.certificates[:2]
        if first.issuer == first.subject:
            what = "its root"
        elif second.issuer == first.subject:
            what = "an issuer"
        else:
            return None
        return f"the chain begins with {what}, {name_of(first)}, and the first certificate counts"


def read_certificates(data: bytes, source: str) -> CertificateFile:
    """Read certificates from *data*, recognised by content: PEM, DER, PKCS#7, or base64 of these.

    Raises UsageError for private keys and for whatever is not a certificate; the message starts
    with *source* (a flag and a file name) and repeats nothing of the content.
    """
    if not data.strip():
        raise UsageError(f"{source}: the file is empty", _CONVERSIONS)
    content = unwrapped(data)
    if has_private_key(content):
        raise UsageError(
            f"{source}: the file holds a private key, which must not leave its owner",
            "Give a file with the certificate alone: 'openssl x509 -in FILE' writes one.",
        )
    return _parsed(content, source)


def read_all_certificates(
    data: bytes, source: str, passphrase: Callable[[], str]
) -> CertificateFile:
    """Read certificates as `read_certificates` does, and from beside keys and PKCS#12 as well.

    *passphrase* is asked if there is one. Raises UsageError.
    """
    content = unwrapped(data)
    if is_pkcs12(content):
        return CertificateFile(contents_of(content, source, passphrase)[1])
    return _parsed(content, source)


def _parsed(content: bytes, source: str) -> CertificateFile:
    try:
        certificates = tuple(_load(content))
        for certificate in certificates:
            certificate_info(certificate)  # fields are parsed when asked for: meet damage here
        return CertificateFile(certificates)
    except (ValueError, x509.InvalidVersion, UnsupportedAlgorithm):
        found = set(labels_in(content)) - _CERTIFICATE_LABELS
        what = f": it holds {b', '.join(sorted(found)).decode()}" if found else ""
        is_request = any(label.endswith(b"CERTIFICATE REQUEST") for label in found)
        hint = _REQUEST if is_request else _CONVERSIONS
        raise UsageError(f"{source}: no certificate can be read{what}", hint) from None


def unwrapped(data: bytes) -> bytes:
    r"""Take off a byte order mark, UTF-16 (Windows PowerShell writes it) and base64.

    PEM that went through JSON or a variable has its line breaks as the two characters `\n`.
    """
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        data = data.decode("utf-16", "replace").encode()
    data = data.removeprefix(BOM_UTF8)
    if _BLOCK.search(data):
        return data.replace(rb"\r", b"").replace(rb"\n", b"\n")
    try:
        return a2b_base64(b"".join(data.split()), strict_mode=True)
    except Base64Error:
        return data


def labels_in(content: bytes) -> list[bytes]:
    """Return what the PEM blocks of *content* say that they hold, in their order."""
    return _BLOCK.findall(content)


def has_private_key(content: bytes) -> bool:
    """Tell whether there is a private key in the PEM or DER *content*."""
    if any(label.endswith(b"PRIVATE KEY") for label in labels_in(content)):
        return True
    try:
        load_der_private_key(content, password=None)
    except ValueError:
        return False
    except (TypeError, UnsupportedAlgorithm):  # a key, but encrypted or of an unknown kind
        return True
    return True


def _load(content: bytes) -> Sequence[x509.Certificate]:
    """Load every certificate of PEM, DER or PKCS#7. Raises ValueError if there is none."""
    with odd_serial_numbers_taken():
        return _load_any(content, set(labels_in(content)))


def _load_any(content: bytes, labels: set[bytes]) -> Sequence[x509.Certificate]:
    if labels & _CERTIFICATE_LABELS:
        return x509.load_pem_x509_certificates(content)
    if labels & _PKCS7_LABELS:
        return _end_first(pkcs7.load_pem_pkcs7_certificates(content))
    try:
        return [x509.load_der_x509_certificate(content)]
    except ValueError:
        return _end_first(pkcs7.load_der_pkcs7_certificates(content))


def _end_first(bundle: Sequence[x509.Certificate]) -> Sequence[x509.Certificate]:
    """Put the end of the chain first, as in PEM files: PKCS#7 holds a set, in no order."""
    if not bundle:
        raise ValueError("the bundle is empty")
    issuers = {each.issuer for each in bundle if each.issuer != each.subject}
    return sorted(bundle, key=lambda each: each.subject in issuers)


def _period_problem(certificate: x509.Certificate, now: datetime) -> str | None:
    ends = certificate.not_valid_after_utc
    if now <= ends <= now + _SOON:
        return f"expires on {ends:%Y-%m-%d}, in {(ends - now).days} days"
    return why_not_valid(certificate, now)

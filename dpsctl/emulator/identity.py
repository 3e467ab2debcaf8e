"""Who an emulator is: its authority, its policies' keys and its id scope, kept with its data."""

from __future__ import annotations

import binascii
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dpsctl.emulator.settings import OWNER_POLICY
from dpsctl.emulator.store import Store
from dpsctl.errors import UsageError
from dpsctl.keys import decode_key, sign

_CA_DAYS = 3650
_SERVER_DAYS = 397  # the longest that every client accepts
_DAMAGED = "what it says of who the emulator is, is damaged"
_KEPT = ("policyKey", "idScope", "caCertificate", "caKey")


@dataclass(frozen=True)
class Identity:
    """Hold what clients must know an emulator by; the authority in PEM."""

    policy_key: str
    id_scope: str
    ca_certificate: str
    ca_key: str

    def key_of(self, policy: str) -> str:
        """Return the key of *policy* in base64; all but the owner's follow from the owner's."""
        if policy == OWNER_POLICY:
            return self.policy_key
        return sign(self.policy_key, policy)

    def keys_of(self, policy: str) -> tuple[str, str]:
        """Return the primary and the secondary key of *policy*."""
        primary = self.key_of(policy)
        return primary, sign(primary, "secondary")

    def server_certificate(
        self, names: tuple[str, ...]
    ) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        """Make a certificate for the host *names* and addresses, and its key.

        Raises UsageError for a name that no certificate can carry.
        """
        authority = x509.load_pem_x509_certificate(self.ca_certificate.encode())
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _certificate(names[0], authority.subject, key, _SERVER_DAYS)
        builder = builder.add_extension(_alternative_names(names), critical=False)
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
        builder = builder.add_extension(
            x509.BasicConstraints(ca=False, path_length=None), critical=True
        )
        return _signed(builder, load_pem_private_key(self.ca_key.encode(), None)), key


def load_identity(store: Store) -> Identity:
    """Return the identity kept in *store*, made and kept the first time.

    Raises ValueError if what is kept is damaged.
    """
    with store.writing():
        kept = [store.kept(name) for name in _KEPT]
        if not any(kept):
            kept = list(_new_identity())
            for name, value in zip(_KEPT, kept, strict=True):
                store.keep(name, str(value))
    identity = Identity(*(value or "" for value in kept))
    try:
        decode_key(identity.policy_key)
        x509.load_pem_x509_certificate(identity.ca_certificate.encode())
        load_pem_private_key(identity.ca_key.encode(), None)
    except ValueError:
        raise ValueError(_DAMAGED) from None
    if not identity.id_scope:
        raise ValueError(_DAMAGED)
    return identity


def _new_identity() -> tuple[str, str, str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("dpsctl emulator authority")
    builder = _certificate("dpsctl emulator authority", name, key, _CA_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(_ca_key_usage(), critical=True)
    certificate = _signed(builder, key).public_bytes(Encoding.PEM).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return (
        _base64(secrets.token_bytes(32)),
        f"0ne{secrets.token_hex(4).upper()}",
        certificate,
        private,
    )


def _certificate(
    subject: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    start = datetime.now(UTC) - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _signed(builder: x509.CertificateBuilder, key: object) -> x509.Certificate:
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - for mypy: PEM holds any key
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    return builder.add_extension(issuer, critical=False).sign(key, SHA256())


def _ca_key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative_names(names: tuple[str, ...]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_alternative_name(name) for name in dict.fromkeys(names)])


def _alternative_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name)
    except ValueError:
        raise UsageError(
            f"--san {name}: is neither a host name nor an address",
            "Write international names in their xn-- form.",
        ) from None


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _base64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode()

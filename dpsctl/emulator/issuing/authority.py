"""The authorities that sign devices' certificates, made when the first one is asked for."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from dpsctl.certificates.issuers import Issuer, PrivateKey, PublicKey, Validity
from dpsctl.certificates.making import (
    device_certificate,
    intermediate_certificate,
    new_key,
    root_certificate,
)
from dpsctl.emulator.answers import Json
from dpsctl.emulator.call import Service
from dpsctl.emulator.issuing.policies import days_of, read_policies
from dpsctl.emulator.store import Store
from dpsctl.emulator.x509 import base64_der

_NAME = "dpsctl emulator issuing"
_DAYS = 3650
_KEPT_CHAIN, _KEPT_KEY = "issuingChain", "issuingKey"


def issued_chain(
    service: Service, enrollment: Json, registration_id: str, key: PublicKey
) -> list[str]:
    """Issue a certificate for *key* and return it with those above it, each base64 of its DER.

    Empty if the enrollment names no policy. Raises Refusal for a policy that is not there.
    """
    days = days_of(enrollment, read_policies(service.settings.certificate_policies))
    if days is None:
        return []
    issuer = _issuer(service.store)
    now = datetime.fromtimestamp(service.clock.now(), UTC)
    issued = device_certificate(registration_id, key, issuer, Validity.of_days(days, now))
    return [base64_der(certificate) for certificate in (issued, *issuer.chain)]


def _issuer(store: Store) -> Issuer:
    """Return the issuing authority kept in *store*, below a root of its own."""
    with store.writing():
        chain, key = store.kept(_KEPT_CHAIN), store.kept(_KEPT_KEY)
        if chain is None or key is None:
            return _kept(store, _new_issuer())
    read = load_pem_private_key(key.encode(), None)
    assert isinstance(read, PrivateKey)  # noqa: S101 - for mypy: PEM holds any key
    return Issuer(tuple(x509.load_pem_x509_certificates(chain.encode())), read, _NAME)


def _new_issuer() -> Issuer:
    """Make both authorities; the root's key is thrown away, for nobody needs it again."""
    validity = Validity.of_days(_DAYS)
    root_key, key = new_key(), new_key()
    root = root_certificate(f"{_NAME} root", root_key, validity)
    issuing = intermediate_certificate(_NAME, key, Issuer((root,), root_key, _NAME), validity)
    return Issuer((issuing, root), key, _NAME)


def _kept(store: Store, issuer: Issuer) -> Issuer:
    chain = b"".join(each.public_bytes(Encoding.PEM) for each in issuer.chain)
    key = issuer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    store.keep(_KEPT_CHAIN, chain.decode())
    store.keep(_KEPT_KEY, key.decode())
    return issuer

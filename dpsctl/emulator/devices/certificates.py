"""Devices that show a certificate: enrolled itself, or signed by what a group trusts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import NameOID

from dpsctl.certificates.reading import certificate_info
from dpsctl.emulator.answers import Json, Refusal
from dpsctl.emulator.call import Service
from dpsctl.emulator.devices.enrolled import Device, Enrolled, groups_of, individual_of
from dpsctl.emulator.tokens import unauthorized
from dpsctl.emulator.x509 import is_described_by, read_certificate

_LONGEST_PATH = 10
_NOT_SIGNED = (
    InvalidSignature,
    UnsupportedAlgorithm,
    TypeError,
    ValueError,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.UnsupportedGeneralNameType,
)


def find_by_certificate(service: Service, device: Device) -> Enrolled:
    """Return the enrollment that the device's certificate belongs to.

    The certificate's CN must be the registration id. An individual enrollment stands before all
    groups; of these, the one that trusts the nearest issuer is it (docs/service.md#b9). Which of
    RFC 5280's rules are judged is in docs/service.md#e3. Raises Refusal.
    """
    chain = _read(device.certificates)
    leaf, now = chain[0], datetime.fromtimestamp(service.clock.now(), UTC)
    if device.registration_id.lower() not in _common_names(leaf) or not _is_valid(leaf, now):
        raise _invalid_certificate()
    individual = individual_of(service.store, device.registration_id)
    found = individual or _group_of(service, device.registration_id, chain, now)
    if found is None or (individual and not _is_its_own(service, individual, chain, now)):
        raise unauthorized()
    return replace(found, certificate_info=certificate_info(leaf))


def _read(certificates: tuple[bytes, ...]) -> list[x509.Certificate]:
    try:
        chain = [x509.load_der_x509_certificate(der) for der in certificates]
        for certificate in chain:
            certificate_info(certificate)  # fields are parsed when asked for: meet damage here
    except ValueError:
        raise _invalid_certificate() from None
    return chain


def _common_names(leaf: x509.Certificate) -> set[str]:
    names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return {str(name.value).lower() for name in names}


def _is_its_own(
    service: Service, individual: Enrolled, chain: list[x509.Certificate], now: datetime
) -> bool:
    """Say whether an individual enrollment names this certificate, or a CA above it."""
    info = certificate_info(chain[0])
    enrolled = _x509(individual).get("clientCertificates", {})
    if any(is_described_by(info, slot["info"]) for slot in enrolled.values()):
        return True
    signers = list(_signers(service, individual))
    return any(_is_signed_by(link, signers, now) for link in _path(chain, now))


def _group_of(
    service: Service, registration_id: str, chain: list[x509.Certificate], now: datetime
) -> Enrolled | None:
    """Return the group that trusts who signed the leaf, or who signed that one, and so on."""
    groups = [
        (group, list(_signers(service, group)))
        for group in groups_of(service.store, "x509", registration_id)
    ]
    for link in _path(chain, now):
        for group, signers in groups:
            if _is_signed_by(link, signers, now):
                return group
    return None


def _signers(service: Service, enrolled: Enrolled) -> Iterator[x509.Certificate]:
    """Return the authorities that an enrollment trusts, by certificate or by name."""
    trusted = _x509(enrolled)
    for slot in trusted.get("signingCertificates", {}).values():
        yield read_certificate(slot["certificate"])
    for name in trusted.get("caReferences", {}).values():
        if name in service.authorities:
            yield service.authorities[name]


def _x509(enrolled: Enrolled) -> Json:
    part: Json = enrolled.record["attestation"].get("x509") or {}
    return part


def _is_signed_by(
    certificate: x509.Certificate, signers: list[x509.Certificate], now: datetime
) -> bool:
    return any(_is_valid(signer, now) and _has_signed(signer, certificate) for signer in signers)


def _path(chain: list[x509.Certificate], now: datetime) -> Iterator[x509.Certificate]:
    """Walk from the leaf to those above it that the device presented, in whatever order."""
    link: x509.Certificate | None = chain[0]
    others = chain[1:_LONGEST_PATH]
    while link is not None:
        yield link
        others = [other for other in others if other != link]
        link = next(
            (other for other in others if _is_valid(other, now) and _has_signed(other, link)), None
        )


def _is_valid(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _has_signed(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Say whether *issuer* is an authority and has signed *certificate*, another than itself."""
    if issuer.subject != certificate.issuer or issuer == certificate:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
        return issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except _NOT_SIGNED:
        return False


def _invalid_certificate() -> Refusal:
    return unauthorized("Invalid certificate.")

"""Devices that show a certificate: enrolled itself, or signed by what a group trusts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from cryptography import x509

from dpsctl.certificates.describing import certificate_info, name_of
from dpsctl.emulator.access.tokens import unauthorized
from dpsctl.emulator.answers import Json, Refusal
from dpsctl.emulator.authorities import authority_of
from dpsctl.emulator.call import Service
from dpsctl.emulator.devices.chain_rules import why_no_device, why_no_issuer
from dpsctl.emulator.devices.enrolled import Device, Enrolled, groups_of, individual_of
from dpsctl.emulator.x509 import is_described_by, read_certificate


def find_by_certificate(service: Service, device: Device) -> Enrolled:
    """Return the enrollment that the device's certificate belongs to.

    An individual enrollment stands before all groups; of these, the one that trusts the nearest
    issuer is it (docs/service.md#b9, docs/service.md#e3). Raises Refusal.
    """
    chain = _read(device.certificates)
    leaf, now = chain[0], datetime.fromtimestamp(service.clock.now(), UTC)
    if problem := why_no_device(leaf, device.registration_id, now):
        raise _invalid_certificate(f"{name_of(leaf)} {problem}.")
    individual = individual_of(service.store, device.registration_id)
    if individual and _holds(individual, leaf):
        found = individual
    else:
        groups = groups_of(service.store, "x509", device.registration_id)
        trusting = [individual] if individual else groups
        found = _vouched_for(service, trusting, chain, now)
    return replace(found, certificate_info=certificate_info(leaf))


def _read(certificates: tuple[bytes, ...]) -> list[x509.Certificate]:
    try:
        chain = [x509.load_der_x509_certificate(der) for der in certificates]
        for certificate in chain:
            certificate_info(certificate)  # fields are parsed when asked for: meet damage here
    except ValueError as error:
        raise _invalid_certificate(f"A certificate cannot be read: {error}.") from None
    return chain


def _holds(individual: Enrolled, leaf: x509.Certificate) -> bool:
    """Say whether an individual enrollment names this very certificate."""
    info = certificate_info(leaf)
    enrolled = _x509(individual).get("clientCertificates", {})
    return any(is_described_by(info, slot["info"]) for slot in enrolled.values())


def _vouched_for(
    service: Service, trusting: Iterable[Enrolled], chain: list[x509.Certificate], now: datetime
) -> Enrolled:
    """Return the enrollment that trusts who signed the leaf, or who signed that one, and so on.

    The device may present those above its own certificate in any order. Raises Refusal.
    """
    signers = [(enrolled, list(_signers(service, enrolled))) for enrolled in trusting]
    path, others = _Path(chain[:1], now), chain[1:]
    while True:
        for enrolled, trusted in signers:
            if any(path.ends_below(signer) for signer in trusted):
                return enrolled
        above = next((other for other in others if path.ends_below(other)), None)
        if above is None:
            raise unauthorized(reason=path.why_it_ends())
        path.links.append(above)
        others = [other for other in others if other != above]


@dataclass(frozen=True)
class _Path:
    """Hold the certificates from the leaf up, and why who seemed to stand above them does not."""

    links: list[x509.Certificate]
    now: datetime
    problems: list[str] = field(default_factory=list)

    def ends_below(self, issuer: x509.Certificate) -> bool:
        last = self.links[-1]
        if issuer.subject != last.issuer or issuer == last:
            return False
        problem = why_no_issuer(issuer, self.links, self.now)
        if problem:
            self.problems.append(f"{name_of(issuer)} {problem}.")
        return problem is None

    def why_it_ends(self) -> str:
        links = ", ".join(name_of(link) for link in self.links)
        nobody = f"No enrollment trusts who issued {links}."
        return " ".join(dict.fromkeys([*self.problems, nobody]))


def _signers(service: Service, enrolled: Enrolled) -> Iterator[x509.Certificate]:
    """Return the authorities that an enrollment trusts, by certificate or by name."""
    trusted = _x509(enrolled)
    for slot in trusted.get("signingCertificates", {}).values():
        yield read_certificate(slot["certificate"])
    for name in trusted.get("caReferences", {}).values():
        if authority := authority_of(service.store, name):
            yield authority


def _x509(enrolled: Enrolled) -> Json:
    part: Json = enrolled.record["attestation"].get("x509") or {}
    return part


def _invalid_certificate(reason: str) -> Refusal:
    return unauthorized("Invalid certificate.", reason)

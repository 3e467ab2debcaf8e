"""Which enrollment a device's certificates lead to, and why they lead to none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography import x509

from dpsctl.admission.anchors import Anchor, Anchors, client_slots, describes, issuer_text
from dpsctl.admission.chain import issuer_problem, leaf_problem
from dpsctl.admission.findings import Finding, Sight, Taker, Verdict
from dpsctl.admission.known import Device, Json, Known, attestation_of, title_of
from dpsctl.certificates.describing import extension_of, name_of

_NO_RECORDS = "Name a service, or give records: --from FILE."
_AT_HAND = "--certificates FOLDER with that certificate lets its signature be checked."
_AUTHORITIES = "Name the service by -n and -g, or give what 'certificate list' prints: --from FILE."


def sight_by_certificate(device: Device, known: Known, now: datetime) -> Sight:
    """Find the enrollment that the device's chain leads to: its own, or that of the nearest issuer.

    An individual enrollment stands before all groups (docs/service.md#b9).
    """
    leaf = device.chain[0]
    if found := leaf_problem(leaf, device.registration_id, now):
        return Sight(None, (_refused(*found, _LEAF_HINTS.get(found[0])),))
    individual = known.individual(device.registration_id)
    if individual is not None:
        for slot, info in client_slots(individual):
            if describes(info, leaf):
                return Sight(Taker(individual, f"by its {slot} certificate"))
    search = _Search(device, known, now)
    trusting = [individual] if individual is not None else _groups(known)
    if sight := search.climb(trusting):
        unseen = search.unseen(trusting)
        return replace(sight, findings=(*sight.findings, *unseen))
    return Sight(None, tuple(search.why_not(trusting, individual)))


def _groups(known: Known) -> list[Json]:
    return [one for one in known.groups or () if attestation_of(one) == "x509"]


@dataclass(frozen=True)
class _Step:
    """One link further up: who vouches for it, for certain or by its name alone."""

    anchor: Anchor | None = None
    by_name: Anchor | None = None


class _Search:
    """The way from a device's certificate up to what an enrollment trusts."""

    def __init__(self, device: Device, known: Known, now: datetime) -> None:
        self._now = now
        self._known = known
        self._given = list(device.chain[1:])
        self._anchors = Anchors(known, [*device.chain, *known.certificates])
        self._path = [device.chain[0]]
        self._problems: dict[str, str] = {}

    def climb(self, trusting: Sequence[Json]) -> Sight | None:
        """Follow the certificates that the device has, in any order, until one is trusted."""
        signers = [anchor for record in trusting for anchor in self._anchors.of(record)]
        by_name: Anchor | None = None
        while True:
            step = self._step(signers)
            if step.anchor is not None and by_name is None:
                return self._taken(step.anchor)
            by_name = by_name or step.by_name or step.anchor
            above = next((one for one in self._given if self._vouches(one, "it")), None)
            if above is None:
                return self._by_name(by_name) if by_name else None
            self._path.append(above)
            self._given.remove(above)

    def unseen(self, trusting: Sequence[Json]) -> Iterator[Finding]:
        """Name who may trust a nearer issuer, for all that is known."""
        for record in trusting:
            if self._anchors.are_unknown(record):
                hint = self._known.obstacle or _AUTHORITIES
                yield Finding("authoritiesUnknown", _unknown(record), hint, is_unknown=True)

    def why_not(self, trusting: Sequence[Json], individual: Json | None) -> Iterator[Finding]:
        """Say why the way up ends at nothing that is trusted, the decisive first."""
        unknown = [one for one in trusting if self._anchors.are_unknown(one)]
        if self._known.is_blank:
            message = "there are no records to hold its certificate against"
            yield _undecided("noRecords", message, _NO_RECORDS)
        elif self._known.groups is None and individual is None:
            message = "no enrollment groups were given, and one may trust its certificate's issuer"
            yield _undecided("noRecords", message, _NO_RECORDS)
        elif self._known.enrollments is None:
            message = "no individual enrollments were given, and one may have its certificate"
            yield _undecided("noRecords", message, _NO_RECORDS)
        elif unknown:
            yield _undecided("authoritiesUnknown", _unknown(unknown[0]), _AUTHORITIES)
        else:
            yield self._refusal(individual, trusting)
        for record in trusting:
            for name, why in self._anchors.missing(record):
                message = f"{title_of(record)} names the CA certificate '{name}', but {why}"
                yield Finding("authorityMissing", message, _CERTIFY)

    def _refusal(self, individual: Json | None, trusting: Sequence[Json]) -> Finding:
        last = self._path[-1]
        if individual is not None and attestation_of(individual) != "x509":
            how = attestation_of(individual)
            message = f"its {title_of(individual)} takes no certificate: its attestation is {how}"
            return _refused("otherAttestation", message, _CHANGE)
        if individual is not None and any(client_slots(individual)):
            message = f"its certificate is not the one that its {title_of(individual)} has"
            return _refused("otherCertificate", message, _UPLOAD)
        if self._problems:
            who, problem = next(iter(self._problems.items()))
            return _refused("issuer", f"{who} {problem}", _ISSUER)
        if bridge := self._bridge(trusting):
            return bridge
        if last.subject == last.issuer:
            message = f"no enrollment trusts {name_of(last)}, which nobody else has signed"
            return _refused("noIssuer", message, _UPLOAD)
        message = f"no enrollment trusts '{issuer_text(last)}', who issued {name_of(last)}"
        return _refused("noIssuer", message, _ISSUER)

    def _bridge(self, trusting: Sequence[Json]) -> Finding | None:
        """Find the certificates at hand that would have led on, had the device shown them."""
        start = len(self._path)
        self._given = [one for one in self._known.certificates if one not in self._path]
        sight = self.climb(trusting)
        if sight is None or sight.taker is None:
            return None
        lacking = ", ".join(name_of(one) for one in self._path[start:])
        message = f"it does not show {lacking}, without which nothing leads to"
        return _refused("chainCut", f"{message} {title_of(sight.taker.record)}", _ISSUER)

    def _step(self, signers: Sequence[Anchor]) -> _Step:
        last, by_name = self._path[-1], None
        text = issuer_text(last)
        for anchor in signers:
            if not anchor.has_name_of(last.issuer, text):
                continue
            if anchor.certificate is None:
                by_name = by_name or anchor
            elif self._vouches(anchor.certificate, f"{anchor.whose} of {title_of(anchor.record)}"):
                return _Step(anchor)
        return _Step(None, by_name)

    def _vouches(self, issuer: x509.Certificate, called: str) -> bool:
        last = self._path[-1]
        if issuer.subject != last.issuer or issuer == last:
            return False
        problem = issuer_problem(issuer, self._path, self._now)
        if problem:
            who = name_of(issuer) if called == "it" else called
            self._problems.setdefault(who, problem)
        return problem is None

    def _taken(self, anchor: Anchor) -> Sight:
        by = f"because {anchor.whose} vouches for {name_of(self._path[-1])}"
        assert anchor.certificate is not None  # noqa: S101 - for mypy: only such is certain
        above = [*self._path[1:], anchor.certificate]
        limits = [one for one in above if extension_of(one, x509.NameConstraints) is not None]
        findings = [
            Finding(
                "nameConstraints",
                f"{name_of(one)} limits the names below it, which is not judged here",
                verdict=Verdict.undecided,
                is_unknown=True,
            )
            for one in limits
        ]
        return Sight(Taker(anchor.record, by), tuple(findings))

    def _by_name(self, anchor: Anchor) -> Sight:
        whose = f"{anchor.whose} of {title_of(anchor.record)}"
        issued = name_of(self._path[-1])
        message = f"{whose} has the name of who issued {issued}, but is not at hand"
        if anchor.certificate is not None:
            message = f"{whose} may not be the nearest one that vouches for it"
        found = _undecided("signatureUnknown", message, _AT_HAND)
        return Sight(Taker(anchor.record, "by its certificate"), (found,))


def _unknown(record: Json) -> str:
    return f"{title_of(record)} trusts CA certificates of the service, which were not looked at"


_CHANGE = "Show what it wants, or change the enrollment's attestation."
_CERTIFY = "'dpsctl certificate certify' uploads and proves it."
_UPLOAD = "'dpsctl enrollment update --certificate-path' enrolls another one."
_ISSUER = "A device shows its certificate with the intermediate ones after it, the root left out."
_LEAF_HINTS = {
    "commonName": "Issue it with the registration id as CN, or register with the CN as id.",
    "period": "Issue a new one.",
}


def _refused(name: str, message: str, hint: str | None) -> Finding:
    return Finding(name, message, hint, Verdict.refused)


def _undecided(name: str, message: str, hint: str) -> Finding:
    return Finding(name, message, hint, Verdict.undecided, is_unknown=True)

"""What enrollments trust: certificates that the service describes and never shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography import x509

from dpsctl.admission.known import Json, Known, part_of
from dpsctl.certificates.describing import certificate_info

_SLOTS = ("primary", "secondary")


@dataclass(frozen=True)
class Anchor:
    """A certificate that a *record* trusts, called *whose*; without it only its names are known.

    *subject* is the whole one or, of the service's CA certificates, the common name alone.
    """

    record: Json
    whose: str
    subject: str = ""
    certificate: x509.Certificate | None = None

    def has_name_of(self, name: x509.Name, issuer: str) -> bool:
        """Tell whether this may be the issuer that a certificate names; *issuer* is it as text."""
        if self.certificate is not None:
            return self.certificate.subject == name
        common = [str(each.value) for each in name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
        return bool(self.subject) and self.subject in (issuer, *common)


class Anchors:
    """What records trust, with the certificates that are *at_hand* in their place."""

    def __init__(self, known: Known, at_hand: Sequence[x509.Certificate]) -> None:
        self._known = known
        self._by_thumbprint = {
            info[kind]: certificate
            for certificate in at_hand
            for info in (certificate_info(certificate),)
            for kind in ("sha1Thumbprint", "sha256Thumbprint")
        }

    def of(self, record: Json) -> Iterator[Anchor]:
        """Yield what *record* trusts, primary first; a CA that is not proved is not trusted."""
        trusted = part_of(record, "x509")
        for slot in _SLOTS:
            held = (trusted.get("signingCertificates") or {}).get(slot)
            if isinstance(held, dict):
                info = held.get("info") or {}
                certificate = self.described(info)
                yield Anchor(record, f"its {slot} certificate", _text(info), certificate)
        for slot in _SLOTS:
            name = (trusted.get("caReferences") or {}).get(slot)
            if name and (known := self.authority(str(name))) is not None:
                properties = known.get("properties") or {}
                if properties.get("isVerified"):
                    yield self._of_authority(record, str(name), properties)

    def missing(self, record: Json) -> Iterator[tuple[str, str]]:
        """Yield the CA certificates that *record* names in vain, and why."""
        for name in (part_of(record, "x509").get("caReferences") or {}).values():
            if not name or self._known.authorities is None:
                continue
            found = self.authority(str(name))
            if found is None:
                yield str(name), "the service has no CA certificate of that name"
            elif not (found.get("properties") or {}).get("isVerified"):
                yield str(name), "nobody has proved to own it"

    def are_unknown(self, record: Json) -> bool:
        """Tell whether *record* names CA certificates, which nobody has looked at."""
        return self._known.authorities is None and any(
            (part_of(record, "x509").get("caReferences") or {}).values()
        )

    def authority(self, name: str) -> Json | None:
        """Return what is told of the service's CA certificate *name*."""
        listed = self._known.authorities or ()
        return next((one for one in listed if str(one.get("name")).lower() == name.lower()), None)

    def described(self, info: Json) -> x509.Certificate | None:
        """Return the certificate at hand that *info* describes."""
        thumbprints = (info.get("sha256Thumbprint"), info.get("sha1Thumbprint"))
        told = next((str(each).upper() for each in thumbprints if each), "")
        return self._by_thumbprint.get(told)

    def _of_authority(self, record: Json, name: str, properties: Json) -> Anchor:
        certificate = self._by_thumbprint.get(str(properties.get("thumbprint")).upper())
        subject = str(properties.get("subject") or "")
        return Anchor(record, f"the service's CA certificate '{name}'", subject, certificate)


def client_slots(record: Json) -> Iterator[tuple[str, Json]]:
    """Yield the slot and the info of each certificate that a device itself is enrolled with."""
    held = part_of(record, "x509").get("clientCertificates") or {}
    for slot in _SLOTS:
        if isinstance(found := held.get(slot), dict):
            yield slot, found.get("info") or {}


def describes(info: Json, certificate: x509.Certificate) -> bool:
    """Tell whether *info* is of this very certificate, by the thumbprints that it has."""
    own = certificate_info(certificate)
    told = [name for name in ("sha256Thumbprint", "sha1Thumbprint") if info.get(name)]
    return bool(told) and all(str(info[name]).upper() == own[name] for name in told)


def issuer_text(certificate: x509.Certificate) -> str:
    """Name the issuer of *certificate* as the service writes names."""
    return str(certificate_info(certificate)["issuerName"])


def _text(info: Json) -> str:
    return str(info.get("subjectName") or "")

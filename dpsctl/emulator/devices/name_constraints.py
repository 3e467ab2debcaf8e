"""Which names an authority may vouch for (RFC 5280, 4.2.1.10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

from dpsctl.certificates.describing import extension_of, name_of


def why_not_permitted(issuer: x509.Certificate, below: Sequence[x509.Certificate]) -> str | None:
    """Say which certificate *below*, the leaf first, has a name that *issuer* excludes, or None.

    Authorities that issued to themselves may have any name, the leaf may not.
    """
    constraints = extension_of(issuer, x509.NameConstraints)
    if constraints is None:
        return None
    judged = [below[0], *(link for link in below[1:] if not is_own(link))]
    for certificate in judged:
        for name in _names_of(certificate):
            if not _is_permitted(name, constraints):
                return f"may not vouch for {name_of(certificate)}: {_shown(name)}"
    return None


def is_own(certificate: x509.Certificate) -> bool:
    """Say whether an authority has issued *certificate* to itself, as when it changes its key."""
    return certificate.subject == certificate.issuer


def _names_of(certificate: x509.Certificate) -> Iterator[x509.GeneralName]:
    """Return the subject, and every other name of a certificate."""
    if len(certificate.subject.rdns):
        yield x509.DirectoryName(certificate.subject)
    others = extension_of(certificate, x509.SubjectAlternativeName) or ()
    yield from others
    if not any(isinstance(name, x509.RFC822Name) for name in others):
        for mail in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS):
            yield x509.RFC822Name(str(mail.value))


def _is_permitted(name: x509.GeneralName, constraints: x509.NameConstraints) -> bool:
    """Judge a name by the subtrees of its own kind, of which one kind may have none."""
    permitted = [each for each in constraints.permitted_subtrees or () if type(each) is type(name)]
    excluded = [each for each in constraints.excluded_subtrees or () if type(each) is type(name)]
    is_within = _WITHIN.get(type(name), _cannot_be_judged)
    if any(is_within(name.value, each.value) for each in excluded):
        return False
    return not permitted or any(is_within(name.value, each.value) for each in permitted)


def _cannot_be_judged(name: Any, tree: Any) -> bool:
    """Hold for the same name alone: kinds of names that RFC 5280 gives no rule for."""
    return bool(name == tree)


def _is_host_within(name: str, tree: str) -> bool:
    host, domain = name.lower(), tree.lower().removeprefix(".")
    return not domain or host == domain or host.endswith(f".{domain}")


def _is_mail_within(name: str, tree: str) -> bool:
    """Take a mailbox, a host, or, with a dot before it, all hosts of a domain."""
    if "@" in tree:
        return name.rpartition("@")[0] == tree.rpartition("@")[0] and _is_mail_within(
            name, tree.rpartition("@")[2]
        )
    return _is_host_or_below(name.rpartition("@")[2], tree)


def _is_url_within(name: str, tree: str) -> bool:
    try:
        return _is_host_or_below(urlsplit(name).hostname or "", tree)
    except ValueError:
        return False


def _is_host_or_below(host: str, tree: str) -> bool:
    host, tree = host.lower(), tree.lower()
    return host.endswith(tree) if tree.startswith(".") else host == tree


def _is_directory_within(name: x509.Name, tree: x509.Name) -> bool:
    """Compare part by part from the top, without regard to case and to repeated blanks."""
    parts, wanted = ([_folded(part) for part in each.rdns] for each in (name, tree))
    return parts[: len(wanted)] == wanted


def _folded(part: x509.RelativeDistinguishedName) -> frozenset[tuple[str, str]]:
    return frozenset(
        (each.oid.dotted_string, " ".join(str(each.value).casefold().split())) for each in part
    )


def _is_address_within(name: Any, tree: Any) -> bool:
    return bool(name in tree)


def _shown(name: x509.GeneralName) -> str:
    value = name.value
    return value.rfc4514_string() if isinstance(value, x509.Name) else str(value)


_WITHIN: dict[type[x509.GeneralName], Callable[[Any, Any], bool]] = {
    x509.DNSName: _is_host_within,
    x509.RFC822Name: _is_mail_within,
    x509.UniformResourceIdentifier: _is_url_within,
    x509.DirectoryName: _is_directory_within,
    x509.IPAddress: _is_address_within,
}

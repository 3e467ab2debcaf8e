"""Certificate policies: what names one, and for how many days its certificates are valid. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dpsctl.emulator.answers import Json, invalid
from dpsctl.errors import UsageError

# What the three names of a policy may be (docs/service.md#j1).
NAMESPACE = re.compile("(?=.{3,64}$)[a-z0-9][a-z0-9-]*[a-z0-9]")
AUTHORITY = POLICY = re.compile("[0-9a-zA-Z][a-zA-Z0-9-]{2,62}")
_FORMS = (NAMESPACE, AUTHORITY, POLICY)
_FEWEST_DAYS, _MOST_DAYS, _DEFAULT_DAYS = 1, 90, 30
_FORM = "NAMESPACE/CA/POLICY=DAYS"

CertificatePolicy = tuple[str, int]


def read_policies(texts: Sequence[str]) -> tuple[CertificatePolicy, ...]:
    """Read policies as `--policy` has them, DAYS being 30 unless given. Raises UsageError."""
    policies: dict[str, int] = {}
    for text in texts:
        name, days = _read(text)
        if name in policies:
            raise UsageError(f"--policy {text}: is there already", "Name each policy once.")
        policies[name] = days
    return tuple(policies.items())


def days_of(record: Json, policies: Sequence[CertificatePolicy]) -> int | None:
    """Return how long certificates are valid that the policy of an enrollment's *record* has.

    None if it names no policy. Any policy will do unless there are *policies*. Raises Refusal for
    one that is none of them.
    """
    wanted = _named_by(record)
    if wanted is None or not policies:
        return None if wanted is None else _DEFAULT_DAYS
    for name, days in policies:
        parts = name.lower().split("/")
        if all(part in {"", own} for part, own in zip(wanted, parts, strict=True)):
            return days
    raise invalid(f"There is no certificate policy {'/'.join(filter(None, wanted))}.")


def _read(text: str) -> CertificatePolicy:
    name, _, days = text.partition("=")
    parts = name.split("/")
    fits = len(parts) == len(_FORMS) and all(
        form.fullmatch(part) for form, part in zip(_FORMS, parts, strict=True)
    )
    if not fits:
        raise UsageError(
            f"--policy {text}: is no name of a certificate policy",
            f"Write {_FORM}: names of three letters, digits and dashes or more.",
        )
    number = int(days) if days.isascii() and days.isdecimal() and len(days) < 4 else 0
    number = number if days else _DEFAULT_DAYS
    if not _FEWEST_DAYS <= number <= _MOST_DAYS:
        raise UsageError(
            f"--policy {text}: '{days}' is no number of days from {_FEWEST_DAYS} to {_MOST_DAYS}",
            f"Write {_FORM}; without DAYS they are {_DEFAULT_DAYS}.",
        )
    return name.lower(), number


def _named_by(record: Json) -> tuple[str, str, str] | None:
    """Return the namespace, the authority and the policy that *record* names, unknown ones empty.

    Drafts have named a policy by itself, or by the id of its resource (docs/service.md#j1).
    """
    parts = ["", "", ""]
    if own := record.get("certificatePolicyName"):
        fields = ("namespaceName", "certificateAuthorityName")
        parts = [*(str(record.get(field) or "") for field in fields), str(own)]
    elif old := record.get("credentialPolicyName"):
        parts[2] = str(old)
    elif resource := record.get("certificatePolicyResourceId"):
        last_first = [*str(resource).split("/")[::-2], "", ""]
        parts = last_first[2::-1]
    namespace, authority, policy = (part.lower() for part in parts)
    return (namespace, authority, policy) if policy else None

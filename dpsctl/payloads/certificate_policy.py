"""The certificate policy that a body names, and which api-versions know of such fields."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import CertificatePolicy

Json = dict[str, Any]
# The first stable version with certificate policies (docs/service.md#j1).
POLICY_VERSION = "2026-11-01"
_OLD_NAME = "credentialPolicyName"
_FLAGS = {
    "namespaceName": "--adr-namespace",
    "certificateAuthorityName": "--adr-ca-name",
    "certificatePolicyName": "--adr-cert-policy-name",
}
_VERSIONS: dict[str, Collection[str]] = {
    **dict.fromkeys(_FLAGS, (POLICY_VERSION, "2026-11-02-preview")),
    _OLD_NAME: ("2025-07-01-preview", "2026-04-01"),
    "certificatePolicyResourceId": ("2026-07-01-preview",),
}


def changed_policy(record: Json, wanted: CertificatePolicy) -> Json:
    """Return *record* with the policy that the flags name, filled up from what it has already.

    Three empty names take it away. Raises UsageError where one of three is missing.
    """
    given = {
        "namespaceName": wanted.adr_namespace,
        "certificateAuthorityName": wanted.adr_ca_name,
        "certificatePolicyName": wanted.adr_cert_policy_name,
    }
    if all(name is None for name in given.values()):
        return record
    kept = {name: value for name, value in record.items() if name not in {*_FLAGS, _OLD_NAME}}
    if all(name == "" for name in given.values()):
        return kept
    names = {field: record.get(field) if name is None else name for field, name in given.items()}
    if missing := [_FLAGS[field] for field, name in names.items() if not name]:
        raise UsageError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing: "
            "a certificate policy is named by three names",
            "Give all three, or three empty ones to take the policy away.",
        )
    return {**kept, **names}


def names_policy(fields: Collection[str]) -> bool:
    """Tell whether some of a body's *fields* name a certificate policy as POLICY_VERSION does."""
    return not _FLAGS.keys().isdisjoint(fields)


def fields_beyond(record: Json, version: str) -> list[str]:
    """Name the fields of *record* that the api-version *version* does not have."""
    return [
        name
        for name, versions in _VERSIONS.items()
        if record.get(name) is not None and version not in versions
    ]

"""Certificate policies in a record: which version has which fields, and what they may hold."""

from __future__ import annotations

import re

from dpsctl.emulator.answers import Json, invalid
from dpsctl.emulator.issuing.policies import AUTHORITY, NAMESPACE, POLICY

_NAMED_BY_THREE = ("2026-11-01", "2026-11-02-preview")
# The versions that have a field, and what its text may be (docs/service.md#j1).
_FIELDS = {
    "namespaceName": (_NAMED_BY_THREE, NAMESPACE),
    "certificateAuthorityName": (_NAMED_BY_THREE, AUTHORITY),
    "certificatePolicyName": (_NAMED_BY_THREE, POLICY),
    "credentialPolicyName": (("2025-07-01-preview", "2026-04-01"), re.compile(".*")),
    "certificatePolicyResourceId": (("2026-07-01-preview",), re.compile(".*")),
}


def check_policy(body: Json, version: str | None) -> None:
    """Refuse fields that *version* does not have, and names that it does not take.

    One of the three names may stand alone, as the schema has it. A seed is of no version: None.
    Raises Refusal.
    """
    for field, (versions, form) in _FIELDS.items():
        value = body.get(field)
        if value is None:
            continue
        if version not in {None, *versions}:
            raise invalid(f"{field} is not known in api-version {version}.")
        if not isinstance(value, str) or not form.fullmatch(value):
            raise invalid(f"{field} must match {form.pattern}.")

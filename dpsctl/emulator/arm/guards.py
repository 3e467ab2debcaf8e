"""What Resource Manager asks of each caller: an access token of its own, and a known version."""

from __future__ import annotations

import re

from dpsctl.emulator.access.access_tokens import ARM, why_refused
from dpsctl.emulator.arm.answers import ArmRefusal
from dpsctl.emulator.call import Call

# Those of docs/service.md#h1 and docs/service.md#j3 from the one that az has used longest.
API_VERSIONS = (
    "2021-10-15",
    "2022-02-05",
    "2022-12-12",
    "2023-03-01-preview",
    "2025-02-01-preview",
    "2026-03-01-preview",
    "2026-04-01",
    "2026-06-01-preview",
    "2026-08-01",
    "2026-08-31",
    "2026-11-01",
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(-preview)?", re.ASCII)


def provider(call: Call) -> None:
    """Refuse who is not signed in, and a version that the provider has not got."""
    _check_token(call)
    version = version_of(call)
    if version not in API_VERSIONS:
        raise ArmRefusal(
            400,
            "NoRegisteredProviderFound",
            "No registered resource provider found for location 'emulator' and API version "
            f"'{version}' for type 'provisioningServices'. The supported api-versions are "
            f"'{', '.join(API_VERSIONS)}'.",
        )


def subscriptions(call: Call) -> None:
    """Refuse who is not signed in; this part of Resource Manager has versions of its own."""
    _check_token(call)
    version = version_of(call)
    if not _DATE.fullmatch(version):
        raise ArmRefusal(
            400, "InvalidApiVersionParameter", f"The api-version '{version}' is invalid."
        )


def version_of(call: Call) -> str:
    """Return the version that is asked for. Raises Refusal if none is."""
    version: str | None = call.request.args.get("api-version")
    if not version:
        raise ArmRefusal(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    return version


def _check_token(call: Call) -> None:
    scheme, _, token = (call.header("Authorization") or "").partition(" ")
    if scheme.lower() != "bearer":
        raise ArmRefusal(
            401,
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
        )
    if problem := why_refused(token.strip(), ARM, call.service.identity, call.clock.now()):
        raise ArmRefusal(401, "InvalidAuthenticationToken", "The access token is invalid.", problem)

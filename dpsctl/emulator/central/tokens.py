"""API tokens of the emulated application: how they are made, and what a caller must show."""

from __future__ import annotations

from urllib.parse import quote

from dpsctl.emulator.access.access_tokens import CENTRAL, why_refused
from dpsctl.emulator.access.tokens import read_token, unauthorized
from dpsctl.emulator.call import Call
from dpsctl.emulator.central.answers import bad_request
from dpsctl.emulator.identity import Identity
from dpsctl.keys import sign

STABLE = "2022-07-31"
PREVIEW = "2022-10-31-preview"
# The first of the previews is what az lists devices with.
_VERSIONS = frozenset({"2022-05-31", STABLE, "2022-06-30-preview", PREVIEW})
_POLICY = "central-api-token"
_NAME = "emulator"
_NOT_AUTHORIZED = "You are not authorized to perform this operation"
_LIFETIME = 365 * 24 * 3600


def make_token(identity: Identity, now: float) -> str:
    """Make an API token that lasts a year from *now*; its `se` is in milliseconds, as Central's."""
    resource, expiry = quote(identity.id_scope.lower(), safe=""), int((now + _LIFETIME) * 1000)
    signature = quote(sign(identity.key_of(_POLICY), f"{resource}\n{expiry}"), safe="")
    return f"SharedAccessSignature sr={resource}&sig={signature}&skn={_NAME}&se={expiry}"


def api_token(call: Call) -> None:
    """Refuse a caller without a token of this application, or in a version that nobody knows."""
    _check_token(call)
    if call.request.args.get("api-version") not in _VERSIONS:
        raise bad_request("The api-version query parameter is missing or not supported")


def _check_token(call: Call) -> None:
    """Refuse a token that is neither the application's own nor a user's for it."""
    scheme, _, bearer = (call.header("Authorization") or "").partition(" ")
    if scheme.lower() == "bearer":
        identity, now = call.service.identity, call.clock.now()
        if problem := why_refused(bearer.strip(), CENTRAL, identity, now):
            raise unauthorized(_NOT_AUTHORIZED, problem)
        return
    token = read_token(call.header("Authorization"))
    key = call.service.identity.key_of(_POLICY)
    if token.policy != _NAME or not token.is_signed_with(key):
        raise unauthorized(_NOT_AUTHORIZED, "The token is not one of this application.")
    if int(token.expiry) <= call.clock.now() * 1000:
        raise unauthorized(_NOT_AUTHORIZED, "The token has expired.")


def is_preview(call: Call) -> bool:
    """Say whether the request is made in a preview version."""
    return "preview" in call.request.args.get("api-version", "")

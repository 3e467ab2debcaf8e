"""Access tokens in the shape of those that Azure's directory issues, made and judged here."""

from __future__ import annotations

import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from hmac import compare_digest
from typing import Any

from dpsctl.emulator.identity import Identity
from dpsctl.keys import sign

ARM = "https://management.azure.com"
DPS = "https://azure-devices-provisioning.net"
CENTRAL = "https://apps.azureiotcentral.com"
AUDIENCES = (ARM, DPS, CENTRAL)
_SIGNER = "access-token"
_LIFETIME = 365 * 24 * 3600
_FROM_URL, _TO_URL = str.maketrans("-_", "+/"), str.maketrans("+/", "-_", "=")


def make_access_token(identity: Identity, now: float, audiences: Iterable[str] = AUDIENCES) -> str:
    """Make a JWT that signs in to *audiences* for a year from *now* (seconds since 1970)."""
    claims = {
        "aud": list(audiences),
        "iss": "dpsctl emulator",
        "iat": int(now),
        "exp": int(now) + _LIFETIME,
        "name": "emulator",
    }
    text = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    return f"{text}.{_signature(identity, text)}"


def why_refused(token: str, audience: str, identity: Identity, now: float) -> str | None:
    """Say why *token* does not sign in to *audience*, or return None."""
    text, _, signature = token.rpartition(".")
    own = _signature(identity, text)
    if not token.isascii() or not compare_digest(own, signature):
        return "The access token is not one of this emulator's."
    claims = _decoded(text.partition(".")[2])
    if audience not in claims["aud"]:
        return f"The access token is for {', '.join(claims['aud'])}, not for {audience}."
    return "The access token has expired." if claims["exp"] <= now else None


def _signature(identity: Identity, text: str) -> str:
    return sign(identity.key_of(_SIGNER), text).translate(_TO_URL)


def _encoded(part: dict[str, Any]) -> str:
    text = json.dumps(part, separators=(",", ":")).encode()
    return b2a_base64(text, newline=False).decode().translate(_TO_URL)


def _decoded(part: str) -> Any:
    return json.loads(a2b_base64(part.translate(_FROM_URL) + "=" * (-len(part) % 4)))

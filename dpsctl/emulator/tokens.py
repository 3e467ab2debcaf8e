"""Shared access signatures: who the caller says it is, and whether that is true."""

from __future__ import annotations

import binascii
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import unquote

from dpsctl.emulator.answers import UNAUTHORIZED, Refusal

_SCHEME = "sharedaccesssignature "


@dataclass(frozen=True)
class SasToken:
    """Hold the parts of a token; *resource* is `sr` exactly as sent, for it is what was signed."""

    resource: str
    signature: bytes
    expiry: str
    policy: str

    def is_signed_with(self, key: str) -> bool:
        """Say whether *key* (base64) made the signature over `sr` as sent (facts.md B7)."""
        signed = f"{self.resource}\n{self.expiry}".encode()
        digest = hmac.new(binascii.a2b_base64(key), signed, hashlib.sha256).digest()
        return hmac.compare_digest(digest, self.signature)

    def is_expired(self, now: float) -> bool:
        """Say whether the token's end lies before *now* (seconds since 1970)."""
        return int(self.expiry) <= now


def read_token(authorization: str | None) -> SasToken:
    """Read an Authorization header: parameters in any order, percent signs in any case.

    Raises Refusal (401) for anything that is not a whole token.
    """
    text = authorization or ""
    if not text.lower().startswith(_SCHEME):
        raise unauthorized()
    parts = dict(part.partition("=")[::2] for part in text[len(_SCHEME) :].split("&"))
    try:
        expiry = parts["se"]
        signature = binascii.a2b_base64(unquote(parts["sig"]), strict_mode=True)
        resource = parts["sr"]
    except (KeyError, ValueError):
        raise unauthorized() from None
    if not (resource and expiry.isascii() and expiry.isdigit() and len(expiry) <= 20):  # noqa: PLR2004 - digits of 2**64
        raise unauthorized()
    return SasToken(resource, signature, expiry, unquote(parts.get("skn", "")))


def unauthorized(message: str = "Unauthorized") -> Refusal:
    """Return the refusal for a caller who has not shown who it is."""
    return Refusal(UNAUTHORIZED, message)

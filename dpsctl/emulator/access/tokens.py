"""Shared access signatures: who the caller says it is, and whether that is true."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hmac import compare_digest
from urllib.parse import unquote

from dpsctl.emulator.answers import UNAUTHORIZED, Refusal
from dpsctl.keys import sign

_SCHEME = "sharedaccesssignature "
_LONGEST_EXPIRY = 20


@dataclass(frozen=True)
class SasToken:
    """Hold the parts of a token; *resource* is `sr` exactly as sent, for it is what was signed."""

    resource: str
    signature: str
    expiry: str
    policy: str

    def is_signed_with(self, key: str) -> bool:
        """Say whether *key* (base64) made the signature over `sr` as sent (docs/service.md#b7)."""
        return compare_digest(sign(key, f"{self.resource}\n{self.expiry}"), self.signature)

    def is_expired(self, now: float) -> bool:
        """Say whether the token's end lies before *now* (seconds since 1970)."""
        return int(self.expiry) <= now


@lru_cache(maxsize=256)
def read_token(authorization: str | None) -> SasToken:
    """Read an Authorization header: parameters in any order, percent signs in any case.

    Raises Refusal (401) for anything that is not a whole token.
    """
    text = authorization or ""
    if not text.lower().startswith(_SCHEME):
        raise unauthorized(reason="There is no SharedAccessSignature in Authorization.")
    parts = dict(part.partition("=")[::2] for part in text[len(_SCHEME) :].split("&"))
    resource, expiry, signature = (parts.get(name, "") for name in ("sr", "se", "sig"))
    signature = unquote(signature)
    is_whole = resource and signature.isascii() and expiry.isascii() and expiry.isdigit()
    if not is_whole or len(expiry) > _LONGEST_EXPIRY:
        raise unauthorized(reason="The token has not got its sr, sig and se, a time in seconds.")
    return SasToken(resource, signature, expiry, unquote(parts.get("skn", "")))


def unauthorized(message: str = "Unauthorized", reason: str | None = None) -> Refusal:
    """Return the refusal for a caller who has not shown who it is; *reason* is for the log."""
    return Refusal(UNAUTHORIZED, message, reason=reason)

"""Was it written after all? Compare what was sent with what the service now holds."""

from __future__ import annotations

import hashlib
import ssl
from typing import Any

# Neither says what a record holds: the etag changes with the write itself.
_IGNORED = frozenset({"etag"})


def is_written(sent: Any, found: Any) -> bool:
    """Tell whether the service holds all that was *sent*.

    What was not sent or sent as null may be anything: the service fills it in. A certificate is
    compared by its thumbprint, since the service returns no more of it (facts.md B3).
    """
    if isinstance(sent, dict):
        if "certificate" in sent and isinstance(found, dict):
            return _thumbprint(sent["certificate"]) == (found.get("info") or {}).get(
                "sha256Thumbprint"
            )
        return isinstance(found, dict) and all(
            is_written(value, found.get(name))
            for name, value in sent.items()
            if value is not None and name not in _IGNORED
        )
    if isinstance(sent, list):
        return (
            isinstance(found, list)
            and len(sent) == len(found)
            and all(is_written(one, other) for one, other in zip(sent, found, strict=True))
        )
    return bool(sent == found)


def _thumbprint(pem: Any) -> str | None:
    """Hash the first certificate of *pem* as the service does; None if there is none."""
    first, end, _ = str(pem).partition("-----END CERTIFICATE-----")
    try:
        der = ssl.PEM_cert_to_DER_cert(first[first.index("-----BEGIN") :] + end)
    except ValueError:
        return None
    return hashlib.sha256(der).hexdigest().upper()

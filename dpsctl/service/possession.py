"""A certificate that one has the key of, as whoever wants that proved gets it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class OwnCertificate:
    """A certificate that one has the key of.

    *body* sets it, *thumbprint* is its SHA-1, and *prove* makes the base64 of the verification
    certificate for a code.
    """

    body: Json
    thumbprint: str
    prove: Callable[[str], str]

"""Symmetric keys of what a command returned, left out unless somebody asked for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def without_keys(result: Any) -> Any:
    """Return *result*, a record or several, as the service shows records itself: without keys."""
    if isinstance(result, Iterator):
        return map(without_keys, result)
    if isinstance(result, list):
        return [without_keys(item) for item in result]
    attestation = result.get("attestation") if isinstance(result, Mapping) else None
    if not isinstance(attestation, Mapping) or "symmetricKey" not in attestation:
        return result
    kept = {name: value for name, value in attestation.items() if name != "symmetricKey"}
    return {**result, "attestation": kept}

"""Etags as the service makes them, and what If-Match asks of them."""

from __future__ import annotations

import binascii
import secrets
import time

from dpsctl.emulator.answers import invalid

ANY = "*"


def new_etag() -> str:
    """Make an etag: base64 of a quoted Cosmos-like text (docs/service.md#b2)."""
    stamp = f"{int(time.time()):08x}"
    text = f'"{secrets.token_hex(4)}-0000-{secrets.token_hex(2)}-0000-{stamp}0000"'
    return binascii.b2a_base64(text.encode(), newline=False).decode()


def wanted_etag(if_match: str | None) -> str | None:
    """Return the etag that *if_match* names, `*`, or None when there is no such header.

    Bare and quoted base64 are taken; anything else is what the service calls an invalid ETag,
    a raw Cosmos etag included (docs/service.md#b2). Raises Refusal.
    """
    if if_match is None or if_match.strip() == ANY:
        return if_match and ANY
    etag = if_match.strip()
    if len(etag) > 1 and etag[0] == etag[-1] == '"':
        etag = etag[1:-1]
    try:
        decoded = binascii.a2b_base64(etag, strict_mode=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if not decoded:
        raise invalid("ETag is invalid.")
    return etag


def is_match(wanted: str, etag: str) -> bool:
    """Say whether a record with *etag* is the one the caller *wanted*."""
    return wanted in (ANY, etag)

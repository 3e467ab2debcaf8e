"""Answers without an end: each piece is written as it comes, until nobody reads on."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any


def is_endless(status: str, headers: list[tuple[str, str]]) -> bool:
    """Say whether nothing but the connection's end will tell where an answer's body ends."""
    names = {name.lower() for name, _ in headers}
    return not status.startswith("204") and "content-length" not in names


def write_on(
    connection: socket.socket, file: Any, chunks: Iterator[bytes], *, is_wanted: bool
) -> None:
    """Write *chunks* to *file* until they end or the reader leaves; empty ones only look for him.

    *chunks* are closed at the end, whether they were *is_wanted* or not.
    """
    try:
        if is_wanted:
            with suppress(OSError), selectors.DefaultSelector() as selector:
                selector.register(connection, selectors.EVENT_READ)
                _write(selector, file, chunks)
    finally:
        getattr(chunks, "close", lambda: None)()


def _write(selector: selectors.BaseSelector, file: Any, chunks: Iterator[bytes]) -> None:
    for chunk in chunks:
        if selector.select(0):  # a reader has nothing to say but that it leaves
            return
        if chunk:
            file.write(chunk)

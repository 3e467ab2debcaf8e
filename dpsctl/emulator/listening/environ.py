"""A request as WSGI wants it told."""

from __future__ import annotations

import io
import sys
from string import punctuation
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes


def environ_of(exchange: Any, body: bytes) -> dict[str, Any]:
    """Return the environment of the request that *exchange* has read, and its *body*."""
    path, _, query = exchange.path.partition("?")
    if "://" in path:
        path = "/" + path.split("://", 1)[1].partition("/")[2]
    environ: dict[str, Any] = {
        "REQUEST_METHOD": exchange.command,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": quote_from_bytes(query.encode("latin-1"), punctuation),
        "REQUEST_URI": exchange.path,
        "REMOTE_ADDR": str(exchange.client_address[0]),
        "SERVER_NAME": exchange.listener.settings.host,
        "SERVER_PORT": str(exchange.listener.server_address[1]),
        "SERVER_PROTOCOL": exchange.request_version,
        "CONTENT_TYPE": exchange.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https" if exchange.listener.tls else "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "dpsctl.peer_certificates": exchange.peer_certificates,
        "dpsctl.own_address": str(exchange.request.getsockname()[0]),
    }
    for name, value in exchange.headers.items():
        environ.setdefault(f"HTTP_{name.upper().replace('-', '_')}", value)
    return environ

"""The first words with a server: a connection, TLS, and the answer to an idle question."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from http.client import HTTPException, HTTPMessage, HTTPSConnection
from pathlib import Path
from typing import Any

from dpsctl.errors import Unreachable, UsageError


def connected(host: str, port: int, timeout: float, hint: str) -> socket.socket:
    """Open a connection. Raises Unreachable, which says *hint*."""
    try:
        return socket.create_connection((host, port), timeout)
    except OSError as error:
        raise Unreachable(f"{host}:{port}: {error.strerror or error}", hint) from None


def greeted(
    host: str, port: int, proxy: Any, verify: str | bool, timeout: float
) -> tuple[str, HTTPMessage]:
    """Shake hands and ask for nothing in particular; return what TLS says, the answer's headers.

    *proxy* is a parted URL or None, *verify* as requests takes it. Raises Unreachable, or
    UsageError for a CA file that is none.
    """
    trust = _ca_of(verify)
    try:
        client = HTTPSConnection(
            (proxy.hostname if proxy else None) or host,
            (proxy.port or 8080) if proxy else port,
            timeout=timeout,
            context=_context(trust),
        )
        if proxy:
            from requests.utils import get_auth_from_url
            from urllib3.util import make_headers

            name, password = get_auth_from_url(proxy.geturl())
            given = make_headers(proxy_basic_auth=f"{name}:{password}") if name else {}
            client.set_tunnel(host, port, given)
        client.connect()
        with client.sock as tls:
            said = _described(tls, trust)
            client.request("GET", "/")
            return said, client.getresponse().headers
    except ssl.SSLError as error:
        raise Unreachable(
            f"{host}: {_reason(error)}; trusted are those in {trust}",
            "Name the CA that signed its certificate: --ca-bundle FILE or REQUESTS_CA_BUNDLE. A "
            "firewall that looks into TLS signs with its own.",
        ) from None
    except (OSError, HTTPException) as error:
        problem = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise Unreachable(f"{host}: {problem}", "Check the network and the proxy.") from None


def _ca_of(verify: str | bool) -> str:
    if isinstance(verify, str):
        return verify
    import certifi

    return certifi.where()


def _context(trust: str) -> ssl.SSLContext:
    if Path(trust).is_dir():
        return ssl.create_default_context(capath=trust)
    try:
        return ssl.create_default_context(cafile=trust)
    except OSError:
        raise UsageError(
            f"{trust}: holds no certificates to trust", "Give a file of PEM certificates."
        ) from None


def _described(tls: ssl.SSLSocket, trust: str) -> str:
    certificate: Any = tls.getpeercert() or {}
    names = {
        key: value for key in ("subject", "issuer") for value in _common_names(certificate, key)
    }
    return (
        f"{tls.version()}, {names.get('subject', 'no name')}, signed by "
        f"{names.get('issuer', 'nobody')}, until {certificate.get('notAfter')}; trusted by {trust}"
    )


def _common_names(certificate: Any, key: str) -> Iterator[str]:
    for part in certificate.get(key, ()):
        for name, value in part:
            if name in ("commonName", "organizationName"):
                yield value


def _reason(error: ssl.SSLError) -> str:
    said = getattr(error, "verify_message", "") or error.reason or str(error)
    return re.sub(r"\s+", " ", str(said))

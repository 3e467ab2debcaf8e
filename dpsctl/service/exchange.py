"""One exchange over HTTP: a request and the whole of its answer, within its time and size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager
from urllib3.util import make_headers

from dpsctl.errors import UsageError
from dpsctl.run import Run
from dpsctl.service.calls import Target
from dpsctl.service.proxies import Proxy, proxy_for
from dpsctl.service.timed import Clock, timed
from dpsctl.service.tls import context_for

LARGEST = 64 * 2**20  # unpacked; far above any page of any of the services
_PIECE = 65_536
_THREADS = 16  # that may share the connections


class TooLarge(Exception):
    """Raised for an answer of more than LARGEST bytes, however small it was packed."""


@dataclass(frozen=True)
class Reply:
    """An answer as it came, unpacked."""

    status: int
    reason: str
    headers: Mapping[str, str]
    content: bytes


class Connections:
    """Connections to the service at *url*, through the proxy that stands before it, if any.

    *on_connect* is given each new socket.
    """

    def __init__(
        self, url: str, target: Target, run: Run, on_connect: Callable[[Any], None] | None = None
    ) -> None:
        self.url = url
        self.clock = Clock()
        self.proxy = proxy_for(url, run)
        self.verify = target.verify
        self._certificate = target.certificate
        self._on_connect = on_connect
        self._pools = self._open()

    def exchange(
        self, method: str, url: str, data: bytes | None, headers: Mapping[str, str], seconds: float
    ) -> Reply:
        """Send one request and read its answer, all within *seconds*.

        Raises urllib3's errors, and TooLarge.
        """
        self.clock.start(seconds)
        response = self._pools.urlopen(
            method,
            url,
            body=data,
            headers={"Accept-Encoding": "gzip", **headers},
            timeout=seconds,
            redirect=False,
            retries=False,
            preload_content=False,
        )
        try:
            content = _read(response)
        except BaseException:
            response.close()  # half an answer is still in it
            raise
        response.release_conn()
        return Reply(response.status, response.reason or "", response.headers, content)

    def close(self) -> None:
        """Close every connection."""
        self._pools.clear()

    def _open(self) -> PoolManager:
        is_plain = self.url.lower().startswith("http:")
        tls = None if is_plain else context_for(self.verify, self._certificate)
        shared: dict[str, Any] = {"maxsize": _THREADS, "ssl_context": tls}
        pools = _through(self.proxy, shared) if self.proxy else PoolManager(**shared)
        pool: Any = pools.connection_from_url(self.url)
        pool.ConnectionCls = timed(pool.ConnectionCls, self.clock, self._on_connect)
        return pools


def _through(proxy: Proxy, shared: dict[str, Any]) -> PoolManager:
    if proxy.scheme.startswith("socks"):
        try:
            import_module("socks")  # urllib3 would print a warning
            from urllib3.contrib.socks import SOCKSProxyManager
        except ImportError:
            raise UsageError(
                f"The proxy {proxy.url} speaks SOCKS, for which PySocks is missing",
                "pip install pysocks, or name a proxy of HTTP.",
            ) from None
        return SOCKSProxyManager(proxy.url, proxy.user, proxy.password, **shared)
    given = make_headers(proxy_basic_auth=f"{proxy.user}:{proxy.password}") if proxy.user else {}
    return ProxyManager(
        proxy.url, proxy_headers=given, proxy_ssl_context=shared["ssl_context"], **shared
    )


def _read(response: BaseHTTPResponse) -> bytes:
    content = bytearray()
    for piece in response.stream(_PIECE):
        content += piece
        if len(content) > LARGEST:
            raise TooLarge
    return bytes(content)

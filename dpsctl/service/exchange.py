"""One exchange over HTTP: a request and the whole of its answer, within its time and size."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from requests import Request, RequestException, Response, Session
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from dpsctl.frozen import frozen
from dpsctl.run import Run
from dpsctl.service.calls import Target
from dpsctl.service.proxies import proxy_for
from dpsctl.service.timed import Clock, timed
from dpsctl.service.tls import context_for

LARGEST = 64 * 2**20  # unpacked; far above any page of any of the services
_PIECE = 65_536
_THREADS = 16  # that may share the connections


class TooLarge(Exception):
    """Raised for an answer of more than LARGEST bytes, however small it was packed."""


@frozen
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
        is_plain = url.lower().startswith("http:")
        tls = None if is_plain else context_for(target.verify, target.certificate)
        self._session = Session()
        bounded = _Bounded(tls, partial(timed, clock=self.clock, on_connect=on_connect))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, bounded)

    def exchange(
        self, method: str, url: str, data: bytes | None, headers: Mapping[str, str], seconds: float
    ) -> Reply:
        """Send one request and read its answer, all within *seconds*.

        Raises urllib3's errors, and TooLarge.
        """
        self.clock.start(seconds)
        request = Request(method, url, {"Accept-Encoding": "gzip", **headers}, data=data).prepare()
        proxies = {"all": self.proxy.url_with_password} if self.proxy else {}
        try:
            response = self._session.send(
                request, stream=True, timeout=seconds, proxies=proxies, allow_redirects=False
            )
        except RequestException as error:
            raise _cause(error) from None
        with response:  # half an answer may still be in it
            content = _read(response)
        return Reply(response.status_code, response.reason or "", response.headers, content)

    def close(self) -> None:
        """Close every connection."""
        self._session.close()


class _Bounded(HTTPAdapter):
    """What carries a session's requests: connections made *bounded*, and TLS ready made."""

    def __init__(self, tls: ssl.SSLContext | None, bounded: Callable[[Any], Any]) -> None:
        self._tls = tls
        self._bounded = bounded
        super().__init__(pool_maxsize=_THREADS, max_retries=Retry(total=False))

    def init_poolmanager(self, *sizes: Any, **given: Any) -> None:
        """Hand the TLS context to the pools."""
        super().init_poolmanager(*sizes, ssl_context=self._tls, **given)
        self._bind(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **given: Any) -> Any:
        """Hand the TLS context to the pools behind *proxy*, and to itself if it is https."""
        if proxy not in self.proxy_manager:
            tls = {"ssl_context": self._tls}
            if proxy.startswith("https"):
                tls["proxy_ssl_context"] = self._tls
            self._bind(super().proxy_manager_for(proxy, **tls, **given))
        return self.proxy_manager[proxy]

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Change nothing: the context knows whom to trust."""

    def _bind(self, manager: Any) -> None:
        manager.pool_classes_by_scheme = {
            scheme: type("Pool", (base,), {"ConnectionCls": self._bounded(base.ConnectionCls)})
            for scheme, base in manager.pool_classes_by_scheme.items()
        }


def _cause(error: RequestException) -> Exception:
    """Return what urllib3 said: requests wraps it, and leaves out whether it may pass."""
    inner = error.args[0] if error.args else error
    return inner if isinstance(inner, HTTPError) else HTTPError(str(error))


def _read(response: Response) -> bytes:
    content = bytearray()
    for piece in response.raw.stream(_PIECE, decode_content=True):
        content += piece
        if len(content) > LARGEST:
            raise TooLarge
    return bytes(content)

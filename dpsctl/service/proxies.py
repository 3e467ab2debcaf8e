"""The proxy between this machine and a service; its password is in nothing that is shown."""

from __future__ import annotations

from dataclasses import field
from importlib import import_module
from urllib.parse import quote, unquote

from requests.utils import get_environ_proxies, select_proxy
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from dpsctl.errors import UsageError
from dpsctl.frozen import frozen
from dpsctl.run import Run
from dpsctl.service.calls import header_problem

_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_DEFAULT_PORT = 8080
_HINT = "Is HTTPS_PROXY a URL, with every / : @ ? # of its password percent-encoded?"


@frozen
class Proxy:
    """Where a proxy is, and who asks it."""

    scheme: str
    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Its URL without user and password."""
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def url_with_password(self) -> str:
        """Its URL as requests wants it: never to be shown."""
        if not self.user:
            return self.url
        user, password = quote(self.user, safe=""), quote(self.password or "", safe="")
        return f"{self.scheme}://{user}:{password}@{self.host}:{self.port}"


def proxy_for(url: str, run: Run) -> Proxy | None:
    """Return the proxy that the environment wants *url* to be asked through.

    Raises UsageError for one that is none, without repeating any of it.
    """
    found = select_proxy(url, get_environ_proxies(url))
    return _read(found, run) if found else None


def _read(text: str, run: Run) -> Proxy:
    text = text if "://" in text else f"http://{text}"
    userinfo = text.partition("://")[2].rpartition("@")[0]
    is_cut = any(letter in userinfo for letter in "/?#\\")
    user, colon, password = (unquote(part) for part in userinfo.partition(":"))
    for secret in (userinfo, password):
        run.masker.add(secret)
    try:
        parsed = parse_url(text)
    except (HTTPError, ValueError):
        raise UsageError("The proxy that the environment names is no URL", _HINT) from None
    if parsed.scheme not in _SCHEMES or not parsed.host or is_cut:
        raise UsageError("The proxy that the environment names is no place to connect to", _HINT)
    if problem := header_problem(user + password):
        raise UsageError(f"The proxy's user or password cannot be sent: {problem}", _HINT)
    _check_socks(parsed.scheme)
    port = parsed.port or (443 if parsed.scheme == "https" else _DEFAULT_PORT)
    if not userinfo:
        return Proxy(parsed.scheme, parsed.host, port)
    return Proxy(parsed.scheme, parsed.host, port, user, password if colon else "")


def _check_socks(scheme: str) -> None:
    """Raise UsageError where what speaks SOCKS is not installed: urllib3 would print a warning."""
    if scheme.startswith("socks"):
        try:
            import_module("socks")
        except ImportError:
            raise UsageError(
                "The proxy that the environment names speaks SOCKS, for which PySocks is missing",
                "pip install pysocks, or name a proxy of HTTP.",
            ) from None

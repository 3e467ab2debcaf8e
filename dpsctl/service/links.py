"""Links that an answer gives: read once, by the parser that connects, and never followed away."""

from __future__ import annotations

from urllib3.exceptions import HTTPError
from urllib3.util import Url, parse_url

from dpsctl.errors import BadAnswer

_PORTS = {"https": 443, "http": 80}


def own_link(link: str, base: str) -> str:
    """Return *link* as a URL of the service at *base*, put together from its parts.

    It is absolute or begins with one `/`. Raises BadAnswer for one that leads anywhere else: the
    token is for one host only.
    """
    home = parse_url(base)
    try:
        there = parse_url(link)
    except (HTTPError, ValueError):
        raise _elsewhere("that is no URL") from None
    is_path = link.startswith("/") and there.host is None
    if not is_path and _origin(there) != _origin(home):
        raise _elsewhere(f"{there.scheme or 'no scheme'}, {there.netloc or 'no host'}")
    return Url(home.scheme, None, home.host, home.port, there.path or "/", there.query).url


def _origin(url: Url) -> tuple[str | None, str | None, str | None, int | None]:
    """Return what decides who gets a request; ARM's links name the port that all others omit."""
    return url.scheme, url.auth, url.host, url.port or _PORTS.get(url.scheme or "")


def _elsewhere(place: str) -> BadAnswer:
    return BadAnswer(
        f"The service's link to the next page leads elsewhere: {place}",
        "It was not followed: the token is for one host only.",
    )

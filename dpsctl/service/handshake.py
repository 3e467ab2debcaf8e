"""The first words with a server: addresses, a connection, TLS, an answer to an idle question."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from functools import partial

from urllib3.exceptions import HTTPError

from dpsctl.errors import Unreachable
from dpsctl.run import Run
from dpsctl.service.calls import Target
from dpsctl.service.exchange import Connections, TooLarge
from dpsctl.service.failures import failure
from dpsctl.service.timed import within
from dpsctl.service.tls import described, trusted_in


def addresses(host: str, port: int, seconds: float) -> list[str]:
    """Look *host* up. Raises Unreachable."""
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = within(seconds, look_up, lambda _: None)
    except (OSError, UnicodeError) as error:
        raise Unreachable(
            f"{host}: no address: {_words(error)}",
            "Is the name spelled right? Does this machine's name server know it?",
        ) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def reach(host: str, port: int, seconds: float, hint: str) -> None:
    """Open a connection and close it. Raises Unreachable, which says *hint*."""
    try:
        connect = partial(socket.create_connection, (host, port), seconds)
        within(seconds, connect, socket.socket.close).close()
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host}:{port}: {_words(error)}", hint) from None


def greeted(url: str, target: Target, run: Run) -> tuple[str, Mapping[str, str]]:
    """Shake hands and ask for nothing in particular; return what TLS says, the answer's headers.

    Raises Unreachable, or UsageError for a CA file that is none.
    """
    said: list[str] = []
    trust = trusted_in(target.verify)
    connections = Connections(url, target, run, lambda tls: said.append(described(tls, trust)))
    try:
        reply = connections.exchange("GET", f"{url}/", None, {}, target.timeout)
    except (HTTPError, TooLarge) as error:
        raise failure(error, url, connections, target.timeout).error from None
    finally:
        connections.close()
    return said[0], reply.headers


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(getattr(error, "strerror", None) or error)

"""Why no answer came: the libraries' exceptions as the error a user sees."""

from __future__ import annotations

import ssl
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from socket import gaierror
from typing import NamedTuple

from urllib3 import exceptions as lib

from dpsctl.errors import BadAnswer, DpsctlError, Unreachable
from dpsctl.service.exchange import LARGEST, Connections, TooLarge
from dpsctl.service.hints import DOCTOR, ODD_ANSWER
from dpsctl.service.tls import handshake_problem, is_cut_off, trusted_in

_PROXY_AUTHENTICATION = "407"
_NETWORK = "Check the name, the network and the proxy."
_ODD = "Is it the right host and port? --debug shows what was asked."


class Failure(NamedTuple):
    """An exchange that came to nothing, and whether another try could fare better."""

    error: DpsctlError
    may_pass: bool

    @property
    def may_have_happened(self) -> bool:
        """Whether the service may have done what was asked."""
        return not isinstance(self.error, Unreachable) or self.error.was_sent


def failure(error: Exception, url: str, connections: Connections, seconds: float) -> Failure:
    """Say why no answer came from *url* within *seconds*, and what to look at."""
    found = _judged(error, url, connections, seconds)
    if isinstance(found.error, Unreachable):
        found.error.was_sent = connections.clock.was_sent
    return found


def _judged(error: Exception, url: str, connections: Connections, seconds: float) -> Failure:
    place, cause = url.partition("?")[0], _cause(error)
    if isinstance(error, TooLarge):
        problem = f"{place}: the answer is larger than {LARGEST // 2**20} MiB, unpacked"
        return Failure(Unreachable(problem, ODD_ANSWER), may_pass=False)
    if isinstance(error, lib.DecodeError):
        problem = f"{place}: the answer cannot be unpacked: {cause}"
        return Failure(BadAnswer(problem, ODD_ANSWER), may_pass=False)
    if connections.clock.is_over or isinstance(cause, TimeoutError | lib.TimeoutError):
        problem = f"{place}: no answer in time ({seconds:.3g} s)"
        return Failure(_unreachable(problem, "--timeout waits longer."), may_pass=True)
    lasting = _lasting(error, cause, connections)
    if lasting:
        return Failure(_unreachable(f"{place}: {lasting[0]}", lasting[1]), may_pass=False)
    problem = f"{place}: the connection was lost before the whole answer was there: {_words(cause)}"
    return Failure(_unreachable(problem, _NETWORK), may_pass=True)


def _lasting(
    error: Exception, cause: BaseException, connections: Connections
) -> tuple[str, str] | None:
    """Say what stands in the way of every try, and what to do; None where it may pass."""
    if isinstance(error, lib.ProxyError) and connections.proxy:
        return _behind_no_proxy(cause, connections.proxy.url)
    if isinstance(cause, gaierror):
        return f"the name is not known here: {_words(cause)}", "Is it spelled right?"
    if isinstance(error, lib.NewConnectionError):
        return f"no connection: {_words(cause)}", _NETWORK
    if isinstance(cause, ssl.SSLError | ssl.CertificateError) and not is_cut_off(cause):
        return handshake_problem(cause, trusted_in(connections.verify))
    is_cut = isinstance(cause, OSError | RemoteDisconnected | IncompleteRead)
    if isinstance(cause, HTTPException | lib.HTTPError) and not is_cut:
        return f"what answers there does not speak HTTP as it should: {_words(cause)}", _ODD
    return None


def _behind_no_proxy(cause: BaseException, proxy: str) -> tuple[str, str]:
    said, hint = _words(cause), "Is HTTPS_PROXY right? NO_PROXY names hosts to reach without it."
    if _PROXY_AUTHENTICATION in said:
        hint = "It wants a user and a password: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT."
    if isinstance(cause, ssl.SSLError):
        said, hint = handshake_problem(cause, "the CA file")[0], "Is it http:// in HTTPS_PROXY?"
    return f"no way through the proxy {proxy}: {said}", hint


def _unreachable(problem: str, hint: str) -> Unreachable:
    return Unreachable(problem, f"{hint} {DOCTOR}")


def _cause(error: BaseException) -> BaseException:
    """Find what happened under the libraries' wrappings."""
    if isinstance(error, lib.ProxyError):
        return _cause(error.original_error)
    wrapped = [part for part in error.args if isinstance(part, BaseException)]
    inner = wrapped[0] if wrapped else error.__cause__
    return _cause(inner) if inner and isinstance(error, lib.HTTPError) else error


def _words(cause: BaseException) -> str:
    """Return what the system, or the library, said of it."""
    return str(getattr(cause, "strerror", None) or cause or type(cause).__name__)

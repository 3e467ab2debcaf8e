"""TLS that asks each client for a certificate and lets it in without one."""

from __future__ import annotations

import io
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

from dpsctl.machine.platforms import IS_WINDOWS


def server_context(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> SSL.Context:
    """Return a context for TLS 1.2 and 1.3 that takes any client certificate, or none.

    The standard library's CERT_OPTIONAL refuses unknown issuers in the handshake; here they reach
    HTTP, where they can be told 401 as the service does.
    """
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_TICKET)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    return context


def set_time_limit(connection: socket.socket, seconds: float) -> None:
    """Let the system end reads and writes that wait too long.

    OpenSSL works on the descriptor itself, which Python's own `settimeout` would make non-blocking.
    """
    whole, rest = divmod(int(seconds * 1e6), 10**6)
    limit: Any = int(seconds * 1000) if IS_WINDOWS else struct.pack("@ll", whole, rest)
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        connection.setsockopt(socket.SOL_SOCKET, option, limit)


class TlsStream(io.RawIOBase):
    """Read and write the plain text of a TLS connection; the handshake is made on creation.

    A wait beyond the socket's time limit raises TimeoutError, any other trouble ConnectionError.
    """

    def __init__(self, context: SSL.Context, connection: socket.socket) -> None:
        super().__init__()
        self._is_silent = True
        self._tls = SSL.Connection(context, connection)
        self._tls.set_accept_state()
        with _standard_errors():
            self._tls.do_handshake()
        self._is_silent = False

    def readable(self) -> bool:
        """Say yes."""
        return True

    def writable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what there is, 0 bytes at the end."""
        try:
            with _standard_errors():
                return int(self._tls.recv_into(buffer))
        except EOFError:
            return 0

    def write(self, data: Any) -> int:
        """Write all of *data*."""
        with _standard_errors():
            self._tls.sendall(bytes(data))
        return len(data)

    def close(self) -> None:
        """Tell the client that this was all, unless the connection is dead."""
        if not self.closed and not self._is_silent:
            with suppress(SSL.Error):
                self._tls.shutdown()
        super().close()

    def abandon(self) -> None:
        """Never touch the socket again: somebody else may own its number soon."""
        self._is_silent = True

    def peer_certificates(self) -> tuple[bytes, ...]:
        """Return the client's chain in DER, the leaf first."""
        leaf = self._tls.get_peer_certificate(as_cryptography=True)
        above = self._tls.get_peer_cert_chain(as_cryptography=True) or []
        chain = ([leaf] if leaf else []) + [link for link in above if link != leaf]
        return tuple(link.public_bytes(Encoding.DER) for link in chain)


@contextmanager
def _standard_errors() -> Iterator[None]:
    """Turn OpenSSL's exceptions into the standard library's."""
    try:
        yield
    except SSL.ZeroReturnError:
        raise EOFError from None
    except (SSL.WantReadError, SSL.WantWriteError):
        raise TimeoutError from None
    except SSL.Error:
        raise ConnectionError("TLS") from None

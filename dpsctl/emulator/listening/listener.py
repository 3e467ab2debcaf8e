"""Listen for HTTP/1.1, in the clear or over TLS, a thread a client, and call a WSGI app."""

from __future__ import annotations

import io
import logging
import socket
import socketserver
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from threading import Condition, Thread
from typing import Any, cast

from OpenSSL import SSL

from dpsctl.emulator.answers import BAD_REQUEST, TOO_LARGE, Refusal, write_json
from dpsctl.emulator.clock import Clock
from dpsctl.emulator.listening.environ import environ_of
from dpsctl.emulator.listening.streaming import is_endless, write_on
from dpsctl.emulator.listening.tls import TlsStream, set_time_limit
from dpsctl.emulator.settings import EmulatorSettings
from dpsctl.machine.platforms import IS_WINDOWS

App = Callable[[dict[str, Any], Any], Iterable[bytes]]
log = logging.getLogger(__name__)

_SHUTDOWN_POLL = 0.05
_GRACE = 1.0  # seconds: for answers under way when it stops, for clients that were refused
_DRAINED_BYTES = 64 << 20
_LONGEST_CHUNK_SIZE = 8
_DIGITS = 20
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Listener(socketserver.ThreadingTCPServer):
    """Serve *app* on an address; with a *tls* context over TLS only.

    *exchange* is what serves one client. It makes the handshake in the client's own thread, so a
    client that is silent, or slow, or never comes to the end of it, holds up nobody.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = not IS_WINDOWS
    request_queue_size = 128

    def __init__(
        self,
        settings: EmulatorSettings,
        app: App,
        tls: SSL.Context | None,
        port: int,
        exchange: type[socketserver.BaseRequestHandler],
    ) -> None:
        self.settings = settings
        self.app = app
        self.tls = tls
        self._open: set[socket.socket] = set()
        self._changed = Condition()
        self._under_way = 0
        self._is_stopping = False
        if ":" in settings.host:
            self.address_family = socket.AF_INET6
        super().__init__((settings.host, port), exchange)
        self._thread = Thread(target=self.serve_forever, args=(_SHUTDOWN_POLL,), daemon=True)

    def start(self) -> None:
        """Accept clients from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, let answers that are under way come to their end, and hang up."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._changed:
            self._is_stopping = True
            self._changed.wait_for(lambda: not self._under_way, _GRACE)
            for client in self._open:
                with suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Mark an answer as under way, so that `stop` waits for it.

        Raises ConnectionAbortedError when it is too late to begin one.
        """
        with self._changed:
            if self._is_stopping:
                raise ConnectionAbortedError
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take the next client, known from here on to `stop`."""
        client, address = super().get_request()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._changed:
            self._open.add(client)
        return client, address

    def shutdown_request(self, request: Any) -> None:
        """Forget a client that is done."""
        with self._changed:
            self._open.discard(request)
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - inherited
        """Take it quietly that a client hung up or does not speak TLS."""
        error = sys.exception()
        level = logging.DEBUG if isinstance(error, OSError | EOFError) else logging.ERROR
        log.log(level, "Client %s failed", client_address, exc_info=error)


class Exchange(BaseHTTPRequestHandler):
    """Serve one client: a handshake, then requests until it or the time limit ends them."""

    protocol_version = "HTTP/1.1"
    server_version = "dpsctl-emulator"
    sys_version = ""
    peer_certificates: tuple[bytes, ...] = ()

    def setup(self) -> None:
        """Make the handshake, if the server speaks TLS."""
        self.listener = cast(Listener, self.server)
        self.tls_stream: TlsStream | None = None
        self._wait_at_most(self.listener.settings.idle_seconds)
        if self.listener.tls is None:
            super().setup()
            return
        self.tls_stream = TlsStream(self.listener.tls, self.request)
        self.peer_certificates = self.tls_stream.peer_certificates()
        self.rfile = io.BufferedReader(self.tls_stream, 1 << 16)
        self.wfile = cast(io.BufferedIOBase, self.tls_stream)

    def _wait_at_most(self, seconds: float) -> None:
        if self.listener.tls is None:
            self.request.settimeout(seconds)
        else:
            set_time_limit(self.request, seconds)

    def answer_request(self) -> None:
        """Read the body, call the app, write what it says; that it refuses a body, the app says."""
        try:
            body = self._body()
        except Refusal as refusal:
            self.close_connection = True
            self._call_app({**environ_of(self, b""), "dpsctl.refusal": refusal})
            self._drain()
            return
        if body is None:
            self.close_connection = True
            return
        self._call_app(environ_of(self, body))

    def _call_app(self, environ: dict[str, Any]) -> None:
        started: list[Any] = []
        with self.listener.answering():
            chunks = self.listener.app(environ, lambda *given: started.extend(given))
            if not isinstance(chunks, Iterator) or not is_endless(*started):
                self._write(started[0], started[1], chunks)
                return
        self._stream(started[0], started[1], chunks)

    def __getattr__(self, name: str) -> Any:
        """Let the app answer every method, for it knows how the service refuses one."""
        if name.startswith("do_"):
            return self.answer_request
        raise AttributeError(name)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Write the standard library's refusals in the service's shape."""
        self.close_connection = True
        self.write_refusal(Refusal(int(code) * 1000, message or explain or "Bad Request"))
        self._drain()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Keep quiet: stderr is the command's."""

    def write_refusal(self, refusal: Refusal) -> None:
        """Write a refusal that the app knows nothing of."""
        answer = refusal.answer(Clock().timestamp())
        headers = {"Content-Type": "application/json; charset=utf-8", **answer.headers}
        body = write_json(answer.body)
        headers["Content-Length"] = str(len(body))
        self._write(answer.status_line, [*headers.items()], [body])

    def _write(self, status: str, headers: list[tuple[str, str]], chunks: Iterable[bytes]) -> None:
        """Write an answer at once; an app that aborts it has the connection reset."""
        out = self._head(status, headers)
        try:
            for chunk in chunks:
                out += b"" if self.command == "HEAD" else chunk
        except ConnectionAbortedError:
            self.wfile.write(out)
            self._reset()
        else:
            self.wfile.write(out)

    def _head(self, status: str, headers: list[tuple[str, str]]) -> bytearray:
        told = {"Date": self.date_time_string(), "Server": self.server_version, **dict(headers)}
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in told.items())]
        lines += ["Connection: close"] if self.close_connection else []
        return bytearray("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def _stream(self, status: str, headers: list[tuple[str, str]], chunks: Iterator[bytes]) -> None:
        """Write an answer as it comes; it ends with the connection."""
        self.close_connection = True
        self.wfile.write(self._head(status, headers))
        write_on(self.request, self.wfile, chunks, is_wanted=self.command != "HEAD")

    def _reset(self) -> None:
        """Hang up the way a crashed server does: no goodbye of TLS, and RST for FIN."""
        self.close_connection = True
        if self.tls_stream:
            self.tls_stream.abandon()
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    def _body(self) -> bytes | None:
        """Read the request's body, None if the client leaves before its end. Raises Refusal."""
        codings = self.headers.get_all("Transfer-Encoding", [])
        lengths = set(self.headers.get_all("Content-Length", []))
        # Where a body ends must be beyond doubt, or its rest is read as the next request.
        if self.headers.defects or len(codings) + len(lengths) > 1:
            raise _bad_request()
        if codings:
            if codings[0].lower() != "chunked":
                raise _bad_request()
            return self._chunks()
        size = self._allowed(_number(lengths.pop())) if lengths else 0
        body = self.rfile.read(size)
        return body if len(body) == size else None

    def _chunks(self) -> bytes | None:
        body = bytearray()
        while size := self._chunk_size():
            self._allowed(len(body) + size)
            body += self.rfile.read(size)
            if self.rfile.readline(3) != b"\r\n":
                return None
        while self.rfile.readline(1 << 16).strip():
            pass
        return bytes(body)

    def _chunk_size(self) -> int:
        text = self.rfile.readline(1 << 10).split(b";")[0].strip()
        if not text.isalnum() or len(text) > _LONGEST_CHUNK_SIZE:
            raise _bad_request()
        try:
            return int(text, 16)
        except ValueError:
            raise _bad_request() from None

    def _allowed(self, size: int) -> int:
        if size > self.listener.settings.limits.body_bytes:
            raise Refusal(TOO_LARGE, "The request body is too large.")
        return size

    def _drain(self) -> None:
        """Read on for a while: who is still sending would not see the answer after a reset."""
        self._wait_at_most(_GRACE)
        left = _DRAINED_BYTES
        while left > 0 and (data := self.rfile.read1(1 << 16)):
            left -= len(data)


def _number(text: str) -> int:
    """Read a Content-Length; of an endless one as much as is too large anyway."""
    if not (text.isascii() and text.isdigit()):
        raise _bad_request()
    return int(text.lstrip("0")[:_DIGITS] or "0")


def _bad_request() -> Refusal:
    return Refusal(BAD_REQUEST, "Bad Request")

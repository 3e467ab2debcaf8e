"""A server that does what no service should: it drops, cuts, stalls and counts."""

import json
import socket
import ssl
import threading
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

KEY = "ZmFrZS1wb2xpY3kta2V5LW9mLXRoZS10ZXN0cyE="


def as_bytes(answer):
    if answer is None or isinstance(answer, bytes):
        return answer
    status, body = (answer, {}) if isinstance(answer, int) else (200, answer)
    data = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} Fine\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    return head.encode() + data


class RawServer:
    """Answers the connections one after the other with *answers*, then drops all others.

    An answer is bytes, sent as they are before the connection is closed, a status, or JSON that
    goes with 200; None stalls.
    """

    def __init__(self, answers):
        self._answers = [as_bytes(answer) for answer in answers]
        self._over = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.requests = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def methods(self):
        return [line.split()[0] for line in self.requests]

    def _serve(self):
        while True:
            connection, _ = self._socket.accept()
            if self._over.is_set():
                connection.close()
                return
            with connection:
                connection.settimeout(5)
                self.requests.append(self._read(connection))
                answer = self._answers.pop(0) if self._answers else b""
                if answer is None:
                    connection.recv(1)  # until the client gives up
                else:
                    connection.sendall(answer)

    @staticmethod
    def _read(connection):
        """Read one request, body and all, so that closing does not reset what was sent."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = [line for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"]
        while length and len(body) < int(length[0][15:]):
            body += connection.recv(65536)
        return head.decode().splitlines()[0]

    def close(self):
        self._over.set()
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join()
        self._socket.close()


@pytest.fixture
def raw_service(monkeypatch):
    """Start a RawServer and point dpsctl at it."""
    servers = []

    def start(*answers):
        servers.append(RawServer(answers))
        login = f"HostName=dps.example;SharedAccessKeyName=owner;SharedAccessKey={KEY}"
        monkeypatch.setenv("DPSCTL_LOGIN", login)
        monkeypatch.setenv("DPSCTL_ENDPOINT_URL", f"http://127.0.0.1:{servers[-1].port}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def waits(monkeypatch):
    """Let no retry wait, and say how long each would have."""
    seconds = []
    monkeypatch.setattr("dpsctl.service.http.time.sleep", seconds.append)
    return seconds


class Peer:
    """A listener that hands each connection to *talk*, in a thread, and closes it after that."""

    def __init__(self, talk):
        self._talk = talk
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.is_over = threading.Event()
        self.connections = []
        self._threads = []
        self._listening = threading.Thread(target=self._listen)
        self._listening.start()

    def _listen(self):
        while True:
            connection, _ = self._socket.accept()
            if self.is_over.is_set():
                connection.close()
                return
            self.connections.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection):
        with connection, suppress(OSError):
            self._talk(connection, self.is_over)

    def close(self):
        self.is_over.set()
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._listening.join()
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._socket.close()


@pytest.fixture
def peer():
    """Start a Peer; it is gone after the test."""
    peers = []

    def start(talk):
        peers.append(Peer(talk))
        return peers[-1]

    yield start
    for one in peers:
        one.close()


@pytest.fixture
def dps_at(monkeypatch):
    """Point dpsctl at a URL of this machine."""

    def point(url):
        login = f"HostName=dps.example;SharedAccessKeyName=owner;SharedAccessKey={KEY}"
        monkeypatch.setenv("DPSCTL_LOGIN", login)
        monkeypatch.setenv("DPSCTL_ENDPOINT_URL", url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    return point


@pytest.fixture
def trusted(running_emulator, tmp_path, monkeypatch):
    """Return what a server needs for TLS as 127.0.0.1, which dpsctl trusts."""
    certificate, key = running_emulator.identity.server_certificate(("127.0.0.1",))
    pem = certificate.public_bytes(Encoding.PEM)
    pem += key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "server.pem").write_bytes(pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", running_emulator.ca_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    return context

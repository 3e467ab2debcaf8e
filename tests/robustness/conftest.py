"""A service that answers as it once answered, but for one thing; and what a good end looks like."""

import http.server
import os
import threading
import urllib.request
from collections import defaultdict

import pytest

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        status, headers, content = self.server.answer(self, self.rfile.read(size))
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *_):
        pass


class Front(http.server.ThreadingHTTPServer):
    """Stands before an emulator: keeps what it answers, or tells it again with a change."""

    daemon_threads = True

    def __init__(self, emulator):
        super().__init__(("127.0.0.1", 0), Handler)
        self.emulator = emulator
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.kept = []
        self.told = None  # by method and path, once it is told again

    def answer(self, request, body):
        where = (request.command, request.path.partition("?")[0])
        if self.told is None:
            found = self._ask(request, body)
            self.kept.append((where, found))
            return found
        left = self.told.get(where)
        if not left:
            return 404, [], b'{"errorCode": 404201, "message": "Not found."}'
        return left.pop(0) if len(left) > 1 else left[0]

    def _ask(self, request, body):
        headers = {name: request.headers[name] for name in request.headers if name != "Host"}
        asked = urllib.request.Request(
            self.emulator.endpoint + request.path, body or None, headers, method=request.command
        )
        try:
            with urllib.request.urlopen(asked, timeout=20) as reply:
                status, found, content = reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as error:
            status, found, content = error.code, error.headers, error.read()
        skipped = {"content-length", "connection", "transfer-encoding", "date", "server"}
        content = content.replace(self.emulator.endpoint.encode(), self.url.encode())
        return status, [pair for pair in found.items() if pair[0].lower() not in skipped], content

    def tell_again(self, kept):
        self.told = defaultdict(list)
        for where, found in kept:
            self.told[where].append(found)


@pytest.fixture(scope="session")
def plain_emulator():
    settings = EmulatorSettings(tls=False, hubs=(("hub-1.azure-devices.net", 1),))
    with Emulator(settings) as emulator:
        yield emulator


@pytest.fixture
def front(plain_emulator, monkeypatch):
    """Let dpsctl ask a Front of an emulator that holds nothing yet."""
    plain_emulator.reset()
    server = Front(plain_emulator)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("DPSCTL_LOGIN", plain_emulator.connection_string)
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", server.url)
    monkeypatch.setenv("DPSCTL_DEVICE_ENDPOINT_URL", server.url)
    monkeypatch.setenv("DPSCTL_CENTRAL_APP", server.url)
    monkeypatch.setenv("DPSCTL_CENTRAL_TOKEN", plain_emulator.central_token)
    monkeypatch.setenv("DPSCTL_ID_SCOPE", plain_emulator.id_scope)
    monkeypatch.setenv("DPSCTL_RETRIES", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("dpsctl.service.http.time.sleep", lambda _: None)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def pytest_generate_tests(metafunc):
    """Give a test the seeds it asks for: a few, or as many as DPSCTL_TESTS_SEEDS says."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(int(os.environ.get("DPSCTL_TESTS_SEEDS") or 1)))

"""A service that answers as it once answered, but for one thing; and what a good end looks like."""

import http.server
import os
import threading
import urllib.request
from collections import defaultdict

import pytest

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings

KEY = "bXktdmVyeS1vd24tZ3JvdXAta2V5LWZvci10ZXN0cw=="
# Every command that asks a service, after what has to be there; the words in braces are files.
GROUP, KEYED = "enrollment-group create --gid g --tags a=b", f"--pk {KEY} --sk {KEY}"
X509 = "enrollment-group create --gid x --cp {ca}"
SINGLE = "enrollment create --eid e --at symmetricKey --tags a=b"
REGISTERED = f"device register --rid d --group-key {KEY}"
CENTRAL_GROUP = "central enrollment-group create --id cg --display-name G --type iot"
CERTIFIED = f"{CENTRAL_GROUP} --at x509 --certificate-path {{ca}}"
CENTRAL_DEVICE = "central device create -d d --device-name N"
EVERY = "--filter 'SELECT * FROM devices'"
SELECTION = f"central device-group create --device-group-id s --display-name S {EVERY}"
COMMANDS = [
    (f"{GROUP} --if-exists update", []),
    ("enrollment-group create --gid g --if-exists update --tags b=c", [GROUP]),
    ("enrollment-group create --gid g --if-exists skip", [GROUP]),
    (X509, []),
    ("enrollment-group show --gid g --show-keys -o table", [GROUP]),
    ("enrollment-group show --gid x -o table", [X509]),
    ("enrollment-group update --gid g --tags c=d --ap hashed", [GROUP]),
    ("enrollment-group update --gid x --ps disabled", [X509]),
    ("enrollment-group list --show-keys -o table", [GROUP, X509]),
    ("enrollment-group list -o csv", [GROUP, X509]),
    ("enrollment-group delete --gid g", [GROUP]),
    ("enrollment-group audit --expires-in 9000d -o table", [X509, SINGLE]),
    ("enrollment-group rotate --gid g --step stage --key " + KEY, [GROUP]),
    ("enrollment-group rotate --gid x --step stage --cp {new}", [X509]),
    ("enrollment-group compute-device-key --gid g --rid d", [GROUP]),
    ("enrollment-group registration show --rid d -o table", [f"{GROUP} {KEYED}", REGISTERED]),
    ("enrollment-group registration list --gid g -o table", [f"{GROUP} {KEYED}", REGISTERED]),
    ("enrollment-group registration delete --rid d", [f"{GROUP} {KEYED}", REGISTERED]),
    (SINGLE, []),
    ("enrollment create --eid e --at x509 --cp {leaf}", []),
    ("enrollment show --eid e --show-keys -o table", [SINGLE]),
    ("enrollment update --eid e --tags c=d", [SINGLE]),
    ("enrollment list -o table", [SINGLE]),
    ("enrollment delete --eid e", [SINGLE]),
    ("enrollment create --from {ids} --at symmetricKey", [SINGLE]),
    ("enrollment create --from {ids} --at symmetricKey --if-exists update", [SINGLE]),
    ("apply -f {manifest} --yes", [GROUP]),
    ("diff -f {manifest}", [GROUP, SINGLE]),
    (f"{REGISTERED} -o table", [f"{GROUP} {KEYED}"]),
    (f"{REGISTERED} --show-connection-string", [f"{GROUP} {KEYED}"]),
    ("doctor", [GROUP]),
    ("enrollment-group list -n mydps -g rg", [GROUP]),
    ("enrollment-group create --gid g -n mydps", []),
    (CENTRAL_DEVICE, []),
    ("central device show -d d -o table", [CENTRAL_DEVICE]),
    ("central device list -o table", [CENTRAL_DEVICE]),
    ("central device list --edge-only", [CENTRAL_DEVICE]),
    ("central device update -d d --device-name M", [CENTRAL_DEVICE]),
    ("central device show-credentials -d d", [CENTRAL_DEVICE]),
    ("central device delete -d d", [CENTRAL_DEVICE]),
    (SELECTION, []),
    ("central device-group show --device-group-id s -o table", [SELECTION]),
    ("central device-group list -o table", [SELECTION]),
    ("central device-group device list --device-group-id s", [SELECTION, CENTRAL_DEVICE]),
    (CERTIFIED, []),
    ("central enrollment-group show --id cg -o table", [CERTIFIED]),
    ("central enrollment-group list -o table", [CERTIFIED]),
    ("central enrollment-group update --id cg --display-name H", [CERTIFIED]),
    ("central enrollment-group certificate show --id cg --entry primary", [CERTIFIED]),
    ("central enrollment-group generate-verification-code --id cg --entry primary", [CERTIFIED]),
    ("central enrollment-group certify --id cg --cp {ca} --key-path {ca_key}", [CERTIFIED]),
    ("central enrollment-group delete --id cg", [CERTIFIED]),
]


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
    monkeypatch.setenv("DPSCTL_ARM_URL", server.url)
    monkeypatch.setenv("DPSCTL_ACCESS_TOKEN", plain_emulator.access_token)
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", "11111111-2222-3333-4444-555555555555")
    monkeypatch.setenv("DPSCTL_ID_SCOPE", plain_emulator.id_scope)
    monkeypatch.setenv("DPSCTL_RETRIES", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("dpsctl.service.http.time.sleep", lambda _: None)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def files(tmp_path, issue):
    """What the commands read, by name."""
    ca, new, leaf = issue("CA", is_ca=True), issue("NewCA", is_ca=True), issue("e")
    (tmp_path / "ids.csv").write_text("registrationId\ne\nf\ng\n")
    (tmp_path / "manifest.yaml").write_text(
        "- enrollmentGroupId: g\n  attestation: {type: symmetricKey}\n"
        "  provisioningStatus: disabled\n"
        "- registrationId: e\n  attestation: {type: symmetricKey}\n"
    )
    paths = {"ca": ca.path, "ca_key": ca.key_path, "new": new.path, "leaf": leaf.path}
    return paths | {"ids": tmp_path / "ids.csv", "manifest": tmp_path / "manifest.yaml"}


def pytest_generate_tests(metafunc):
    """Give a test every command, and a seed: one, or as many as DPSCTL_TESTS_SEEDS says."""
    if "line" in metafunc.fixturenames:
        names = [line for line, _ in COMMANDS]
        metafunc.parametrize(("line", "before"), COMMANDS, ids=names)
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(int(os.environ.get("DPSCTL_TESTS_SEEDS") or 1)))

"""Whatever happens on the way, every command ends: in time, with a code, and without a leak."""

import gc
import random
import socket
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings

A_FEW = 12
LINGER_NOT = struct.pack("ii", 1, 0)  # closing sends a reset


class Relay:
    """Carries bytes between dpsctl and an emulator until, once, it does something else."""

    def __init__(self, port):
        self._to = port
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._is_over = threading.Event()
        self._open, self._threads = [], []
        self.fault = None
        self._start(self._listen)

    def _start(self, work, *args):
        self._threads.append(threading.Thread(target=work, args=args))
        self._threads[-1].start()

    def _listen(self):
        while True:
            client, _ = self._socket.accept()
            if self._is_over.is_set():
                client.close()
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            for connection in (client, server):
                connection.settimeout(0.1)  # another thread may close it meanwhile
            self._open += [client, server]
            self._start(self._carry, client, server, "up")
            self._start(self._carry, server, client, "down")

    def _carry(self, source, sink, direction):
        carried = 0
        with suppress(OSError):
            while data := self._received(source):
                fault = self.fault
                if fault and fault.direction == direction and carried + len(data) > fault.after:
                    self.fault = None  # once
                    sink.sendall(data[: fault.after - carried])
                    fault.happen(sink, data[fault.after - carried :], self._is_over)
                    break
                sink.sendall(data)
                carried += len(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _received(source):
        while True:
            with suppress(TimeoutError):
                return source.recv(65536)

    def close(self):
        if self._is_over.is_set():
            return
        self._is_over.set()
        socket.create_connection(("127.0.0.1", self.port)).close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for connection in self._open:
            connection.close()
        self._socket.close()


class Fault:
    """What happens to what should be carried in a *direction*, *after* so many bytes of it."""

    def __init__(self, chance):
        self._chance = chance
        self.direction = chance.choice(["up", "down", "down"])
        self.after = chance.choice([0, 1, 5, chance.randrange(200), chance.randrange(3000)])
        self.kind = chance.choice(["close", "reset", "stall", "garbage", "drip", "twice", "flip"])

    def __repr__(self):
        return f"{self.kind} after {self.after} bytes {self.direction}"

    def happen(self, sink, rest, is_over):
        if self.kind == "reset":
            sink.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
            sink.close()
        elif self.kind == "stall":
            is_over.wait(5)
        elif self.kind == "garbage":
            sink.sendall(self._chance.randbytes(300))
        elif self.kind == "drip":
            for byte in rest[:40]:
                if is_over.wait(0.05):
                    break
                sink.sendall(bytes([byte]))
        elif self.kind == "twice":
            sink.sendall(rest + rest)
        elif self.kind == "flip":
            sink.sendall(bytes([rest[0] ^ 0x20]) + rest[1:])


@pytest.fixture(scope="module", params=[True, False], ids=["tls", "plain"])
def ground(request):
    settings = EmulatorSettings(tls=request.param, hubs=(("hub-1.azure-devices.net", 1),))
    with Emulator(settings) as emulator:
        yield emulator


@pytest.fixture
def relay(ground, monkeypatch):
    """Let dpsctl ask an emulator, which holds nothing yet, through a Relay."""
    ground.reset()
    before = sockets()
    carrier = Relay(ground.port)
    carrier.sockets_before, carrier.secret = before, ground.policy_key
    url = f"{ground.endpoint.partition(':')[0]}://127.0.0.1:{carrier.port}"
    monkeypatch.setenv("DPSCTL_LOGIN", ground.connection_string)
    for name in (
        "DPSCTL_ENDPOINT_URL",
        "DPSCTL_DEVICE_ENDPOINT_URL",
        "DPSCTL_CENTRAL_APP",
        "DPSCTL_ARM_URL",
    ):
        monkeypatch.setenv(name, url)
    monkeypatch.setenv("DPSCTL_CENTRAL_TOKEN", ground.central_token)
    monkeypatch.setenv("DPSCTL_ACCESS_TOKEN", ground.access_token)
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", "11111111-2222-3333-4444-555555555555")
    monkeypatch.setenv("DPSCTL_ID_SCOPE", ground.id_scope)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ground.ca_file or ""))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("dpsctl.service.http.time.sleep", lambda _: None)
    yield carrier
    carrier.close()


@pytest.fixture
def prepared(relay, run_offline, files, line, before):  # noqa: ARG001 - it sets the environment
    """A command line, after what has to be there for it."""
    for earlier in before:
        run_offline(earlier.format_map(files), expect=None)
    return line.format_map(files)


def test_no_fault_on_the_way_ends_badly(relay, run_offline, prepared, seed):
    chance = random.Random(f"{prepared} {seed}")
    words = f"{prepared} --timeout 250ms --retries 1 --debug"
    for _ in range(A_FEW):
        relay.fault = fault = Fault(chance)
        started = time.monotonic()
        ran = run_offline(words, expect=None)

        assert "This should not have happened" not in ran.err, f"{fault}\n{ran}"
        assert "Traceback" not in ran.err, f"{fault}\n{ran}"
        assert ran.code in range(11), f"{fault}\n{ran}"
        assert time.monotonic() - started < 20, f"{fault}\n{ran}"
        assert relay.secret not in ran.err
    assert [one for one in threading.enumerate() if "_fulfil" in one.name] == []


def test_lost_connections_leave_no_socket_open(relay, run_offline):
    chance = random.Random(0)
    for _ in range(40):
        relay.fault = Fault(chance)
        run_offline("enrollment-group list --timeout 250ms --retries 1", expect=None)
    relay.close()

    for _ in range(50):  # the emulator takes a moment to see that they are gone
        gc.collect()
        if sockets() <= relay.sockets_before:
            break
        time.sleep(0.1)

    assert sockets() <= relay.sockets_before


def sockets():
    """How many sockets this process has open."""
    found = 0
    for opened in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found += str(opened.readlink()).startswith("socket:")
    return found

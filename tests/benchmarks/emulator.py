"""Measure the emulator: how soon it is ready, and what an answer costs; run as a script.

    python tests/benchmarks/emulator.py [SECONDS]

Each kind of request is sent for SECONDS (default 1), in turns, over TLS by a client process that
keeps its connection. What counts is the median time until a request is answered, the least of the
turns, beside that of a bare app on the same server, which says to everybody what the emulator says
of a registration. So the ratios are those of requests a second.
"""

from __future__ import annotations

import http.client
import json
import random
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from measurement import Case, interleave
from werkzeug.test import EnvironBuilder

from dpsctl.emulator.app import EmulatorApp
from dpsctl.emulator.listening.listener import Exchange, Listener
from dpsctl.emulator.listening.tls import server_context
from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings
from dpsctl.keys import sas_token

READY_BUDGET = 50  # milliseconds, once imported
EXEC_BUDGET = 1.7
SIZE_BUDGET = 1.2
FEW, MANY = 100, 100_000
TURNS = 5
VERSION = "api-version=2021-10-01"
GROUP = "line-4"
ATTESTATION = {"attestation": {"type": "symmetricKey"}}
Request = tuple[str, str, dict[str, str], str | None]


def show_registration(size: int, _: str | None) -> Request:
    return "GET", f"/registrations/device-{random.randrange(size)}", {}, None


def show_enrollment(size: int, _: str | None) -> Request:
    return "GET", f"/enrollments/device-{random.randrange(size)}", {}, None


def write_enrollment(size: int, _: str | None) -> Request:
    record_id = f"device-{random.randrange(size)}"
    body = json.dumps({"registrationId": record_id, **ATTESTATION})
    return "PUT", f"/enrollments/{record_id}", {"If-Match": "*"}, body


def query_registrations(_: int, following: str | None) -> Request:
    headers = {"x-ms-max-item-count": "100"}
    headers |= {"x-ms-continuation": following} if following else {}
    return "POST", f"/registrations/{GROUP}/query", headers, None


KINDS: dict[str, tuple[Callable[[int, str | None], Request], float]] = {
    "GET a registration": (show_registration, 1.4),
    "GET an enrollment": (show_enrollment, 1.4),
    "PUT an enrollment": (write_enrollment, 2.5),
    "query, pages of 100 registrations": (query_registrations, 3.5),
}
IN_A_FILE = "the same PUT, the records in a file"


@dataclass(frozen=True)
class Server:
    """A server that clients ask, and how many records it has."""

    port: int
    ca_file: str
    token: str
    size: int


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    sys.stdout.write(ready_line() + exec_line() + "\n")
    bare, few, many = measured(seconds)
    sys.stdout.write(f"{'over a bare handler':40}{f'{bare:.2f} ms':>9}\n")
    for name, (_, budget) in KINDS.items():
        over, grown = few[name] / bare, many[name] / few[name]
        sys.stdout.write(
            f"{name:40}{over:9.2f} of {budget} {verdict(over, budget)}; "
            f"{MANY:,} records {grown:5.2f} times that, of {SIZE_BUDGET} "
            f"{verdict(grown, SIZE_BUDGET)}\n"
        )
    sys.stdout.write(f"{IN_A_FILE:40}{few[IN_A_FILE] / bare:9.2f}, on disk when it is answered\n")


def verdict(measured: float, budget: float) -> str:
    return "kept" if measured <= budget else "over"


def ready_line() -> str:
    """Start and stop emulators, and say how long it took until clients could connect."""
    times = []
    for _ in range(21):
        began = time.perf_counter()
        emulator = Emulator().start()
        times.append(1000 * (time.perf_counter() - began))
        emulator.stop()
    return (
        f"ready in {min(times):.1f} ms, median {statistics.median(times):.1f} ms; "
        f"budget {READY_BUDGET} ms {verdict(min(times), READY_BUDGET)}\n"
    )


def exec_line() -> str:
    """Compare `emulator exec -- true` with what it cannot do without."""
    imports = "import cryptography.x509, werkzeug, OpenSSL"
    base = Case("imports", (sys.executable, "-c", imports))
    whole = Case("exec", (sys.executable, "-m", "dpsctl", "emulator", "exec", "--", "true"))
    with tempfile.TemporaryDirectory() as cache:
        interleave([base, whole], 10, Path(cache))
    ratio = whole.least / base.least
    return (
        f"emulator exec -- true: {ratio:.2f} times `{imports}` ({base.least:.0f} ms CPU); "
        f"budget {EXEC_BUDGET} {verdict(ratio, EXEC_BUDGET)}\n"
    )


def measured(seconds: float) -> tuple[float, dict[str, float], dict[str, float]]:
    """Return the milliseconds of a bare request, and of each kind with FEW and with MANY."""
    with ExitStack() as open_until_done:
        enter = open_until_done.enter_context
        folder = enter(tempfile.TemporaryDirectory())
        few, many = enter(filled(FEW)), enter(filled(MANY))
        in_a_file = enter(filled(FEW, str(Path(folder, "db"))))
        bare = enter(bare_server())
        client = enter(ProcessPoolExecutor(1, get_context("spawn")))
        times: dict[tuple[str, Server], list[float]] = {}
        asked = [(kind, server) for kind in KINDS for server in (bare, few, many)]
        asked.append(("PUT an enrollment", in_a_file))
        for _ in range(TURNS):
            for kind, server in asked:
                taken = client.submit(ask, kind, server, seconds).result()
                times.setdefault((kind, server), []).append(taken)
        least = {asked: min(taken) for asked, taken in times.items()}
        kinds_of_few = {kind: least[kind, few] for kind in KINDS}
        kinds_of_few[IN_A_FILE] = least["PUT an enrollment", in_a_file]
        return (
            least["GET a registration", bare],
            kinds_of_few,
            {kind: least[kind, many] for kind in KINDS},
        )


@contextmanager
def filled(size: int, db: str | None = None) -> Iterator[Server]:
    settings = EmulatorSettings(db=db) if db else EmulatorSettings()
    with Emulator(settings) as emulator:
        emulator.seed(records(size))
        yield Server(emulator.port, str(emulator.ca_file), token_of(emulator), size)


@contextmanager
def bare_server() -> Iterator[Server]:
    """Serve, with an emulator's certificate, an app that only talks."""

    def say(_: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response(*said)
        return body

    with Emulator() as emulator:
        emulator.seed(records(1))
        said: list[Any] = []
        asked = EnvironBuilder(
            path="/registrations/device-0",
            query_string=VERSION,
            headers={"Authorization": token_of(emulator)},
        )
        body = list(
            EmulatorApp(emulator.service)(asked.get_environ(), lambda *given: said.extend(given))
        )
        tls = server_context(*emulator.identity.server_certificate(("127.0.0.1",)))
        listener = Listener(EmulatorSettings(), say, tls, 0, Exchange)
        listener.start()
        yield Server(int(listener.server_address[1]), str(emulator.ca_file), "none", FEW)
        listener.stop()


def token_of(emulator: Emulator) -> str:
    hour = int(time.time()) + 3600
    return sas_token(emulator.host, emulator.policy_key, hour, "provisioningserviceowner")


def records(size: int) -> dict[str, Any]:
    devices = [{"registrationId": f"device-{number}"} for number in range(size)]
    return {
        "enrollmentGroups": [{"enrollmentGroupId": GROUP, **ATTESTATION}],
        "enrollments": [{**device, **ATTESTATION} for device in devices],
        "registrations": [{**device, "enrollmentGroupId": GROUP} for device in devices],
    }


def ask(kind: str, server: Server, seconds: float) -> float:
    """Send requests one after another; return the median of the milliseconds each took."""
    trust = ssl.create_default_context(cafile=server.ca_file)
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=trust, timeout=60)
    make, _ = KINDS[kind]
    taken: list[float] = []
    following, end = None, time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        method, path, headers, body = make(server.size, following)
        headers = {"Authorization": server.token, **headers}
        connection.request(method, f"{path}?{VERSION}", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{method} {path}: {answer.status} {text.decode()}")
        following = answer.getheader("x-ms-continuation")
        taken.append(1000 * (time.perf_counter() - began))
    connection.close()
    return statistics.median(taken)


if __name__ == "__main__":
    main()

"""Measure the emulator: how soon it is ready, and how much it answers; run as a script.

    python tests/benchmarks/emulator.py [SECONDS]

Each kind of request is sent for SECONDS (default 2) over TLS by two client processes, one
connection each, to an emulator that keeps its records in a file.
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
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings
from dpsctl.keys import sas_token

READY_BUDGET = 50  # milliseconds, once imported
SIZES = (100, 100_000)
CLIENTS = 2
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


KINDS: dict[str, Callable[[int, str | None], Request]] = {
    "GET a registration": show_registration,
    "GET an enrollment": show_enrollment,
    "PUT an enrollment": write_enrollment,
    "query, pages of 100 registrations": query_registrations,
}


@dataclass(frozen=True)
class Load:
    """What a client process asks, of whom, for how long."""

    kind: str
    port: int
    ca_file: str
    token: str
    size: int
    seconds: float


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    sys.stdout.write(ready_line())
    measured = [rates(size, seconds) for size in SIZES]
    sizes = "".join(f"{f'{size:,} records':>20}" for size in SIZES)
    sys.stdout.write(f"\n{'requests a second':34}{sizes}\n")
    for name in KINDS:
        sys.stdout.write(f"{name:34}{''.join(f'{one[name]:20,.0f}' for one in measured)}\n")


def ready_line() -> str:
    """Start and stop emulators, and say how long it took until clients could connect."""
    times = []
    for _ in range(21):
        began = time.perf_counter()
        emulator = Emulator().start()
        times.append(1000 * (time.perf_counter() - began))
        emulator.stop()
    verdict = "kept" if min(times) <= READY_BUDGET else "over"
    return (
        f"ready in {min(times):.1f} ms, median {statistics.median(times):.1f} ms; "
        f"budget {READY_BUDGET} ms {verdict}\n"
    )


def rates(size: int, seconds: float) -> dict[str, float]:
    """Return requests a second of each kind, with *size* enrollments and *size* registrations."""
    with tempfile.TemporaryDirectory() as folder:
        settings = EmulatorSettings(db=str(Path(folder) / "db"))
        with (
            Emulator(settings) as emulator,
            ProcessPoolExecutor(CLIENTS, get_context("spawn")) as clients,
        ):
            emulator.seed(records(size))
            at = emulator.port, str(emulator.ca_file), token(emulator), size, seconds
            return {kind: sum(clients.map(rate, [Load(kind, *at)] * CLIENTS)) for kind in KINDS}


def records(size: int) -> dict[str, Any]:
    devices = [{"registrationId": f"device-{number}"} for number in range(size)]
    return {
        "enrollmentGroups": [{"enrollmentGroupId": GROUP, **ATTESTATION}],
        "enrollments": [{**device, **ATTESTATION} for device in devices],
        "registrations": [{**device, "enrollmentGroupId": GROUP} for device in devices],
    }


def token(emulator: Emulator) -> str:
    hour = int(time.time()) + 3600
    return sas_token(emulator.host, emulator.policy_key, hour, "provisioningserviceowner")


def rate(load: Load) -> float:
    """Send requests one after another; return how many a second were answered."""
    trust = ssl.create_default_context(cafile=load.ca_file)
    connection = http.client.HTTPSConnection("127.0.0.1", load.port, context=trust, timeout=60)
    count, following, began = 0, None, time.perf_counter()
    while time.perf_counter() - began < load.seconds:
        method, path, headers, body = KINDS[load.kind](load.size, following)
        headers = {"Authorization": load.token, **headers}
        connection.request(method, f"{path}?api-version=2021-10-01", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{method} {path}: {answer.status} {text.decode()}")
        following = answer.getheader("x-ms-continuation")
        count += 1
    connection.close()
    return count / (time.perf_counter() - began)


if __name__ == "__main__":
    main()

"""Measure `diff` and `apply` of 10,000 individual enrollments; run as a script.

    python tests/benchmarks/declarative.py [SIZE]

Prints how many calls each takes, its CPU time and peak memory, beside what it is compared with in
the same run: a bare loop of the same bulk calls with as many threads, and `enrollment list`. Then
what reading and planning take without a service: a record's time, and the memory of 100,000 rows
and of 10,000 records in YAML, over that of a process that has read none; and what the tokens of
requests take. Then how much of the rate an emulator allows that counts operations by the minute, in
three ways.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from measurement import Usage, usage_of

SIZE = 10_000
PARALLEL = 8
PER_MINUTE = 1_000
ROWS = 100_000
RECORDS = 10_000
PLANNING = """
import gc, sys, time
from dpsctl.manifests.fields import INDIVIDUAL
from dpsctl.manifests.inputs import Inputs
from dpsctl.manifests.plan import plan_of
from dpsctl.manifests.wanted import read_fleet
from dpsctl.run import Run
path, size, is_there = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "there"
fleet = read_fleet([path], None, Inputs(Run({})), "2021-10-01")
gc.freeze()
def found():
    for n in range(size if is_there else 0):
        yield INDIVIDUAL, {"registrationId": f"pump-{n:06}", "etag": "x", "deviceId": f"d{n}",
            "attestation": {"type": "symmetricKey"}, "initialTwin": {"tags": {"rack": n % 9}}}
began = time.process_time()
bare = sum(1 for _ in found())
between = time.process_time()
plan = plan_of(fleet, found())
took = time.process_time() - between - (between - began)
assert (plan.as_wanted, len(plan.changes)) == ((size, 0) if is_there else (0, len(fleet)))
print(1000 * took / max(len(fleet), 1))
"""
TOKENS = """
import sys, time
from dpsctl.service.auth import ConnectionString
login = ConnectionString.parse(sys.argv[1], "emulator")
began = time.process_time()
for _ in range(10_000):
    login.authorization()
print((time.process_time() - began) / 10)
"""
# Each with what may be sent at once: a minute's worth, or what is saved up.
THROTTLES = {
    "throttle {}": PER_MINUTE,
    "throttle {}, silent": PER_MINUTE,
    "throttle {}, silent, burst 100": 100,
}
BARE = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
import requests
url, ca, token, size, workers = sys.argv[1:]
session = requests.Session()
session.headers["Authorization"] = token
def send(start):
    items = [{"registrationId": f"pump-{n:06}", "attestation": {"type": "symmetricKey"},
              "deviceId": f"d{n}", "initialTwin": {"tags": {"rack": n % 9}},
              "capabilities": {"iotEdge": False}} for n in range(start, min(start + 10, int(size)))]
    body = {"mode": "create", "enrollments": items}
    assert session.post(url, json=body, verify=ca).json()["isSuccessful"]
with ThreadPoolExecutor(int(workers)) as pool:
    list(pool.map(send, range(0, int(size), 10)))
"""


@dataclass
class Service:
    """An emulator in a process of its own."""

    ready: dict[str, Any]

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DPSCTL_LOGIN": self.ready["connectionString"],
            "REQUESTS_CA_BUNDLE": self.ready["caFile"],
            "NO_PROXY": "127.0.0.1",
        }

    def control(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.ready['controlToken']}"}
        url = f"{self.ready['endpoint']}/_emulator/{path}"
        ca = self.ready["caFile"]
        answer = requests.request(method, url, json=body, headers=headers, verify=ca, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def calls(self) -> dict[str, int]:
        """Count what has been asked since the last time, by what it was."""
        found: dict[str, int] = {}
        for one in self.control("GET", "requests")["requests"]:
            last = one["path"].rpartition("/")[2]
            what = {"enrollments": "bulk", "query": "pages"}.get(last, "others")
            what = what if one["status"] != 429 else "refused"
            found[what] = found.get(what, 0) + 1
        self.control("DELETE", "requests")
        return found


@contextmanager
def running(*flags: str) -> Iterator[Service]:
    command = [sys.executable, "-m", "dpsctl", "emulator", "run", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Service(json.loads(process.stdout.readline()))
        finally:
            process.terminate()


def write_fleet(folder: Path, size: int, changed: int | None = None) -> None:
    rows = [f"pump-{n:06},d{n},{7 if n == changed else n % 9}" for n in range(size)]
    (folder / "pumps.csv").write_text("\n".join(["id,device,rack", *rows, ""]))
    (folder / "fleet.yaml").write_text(
        "$each: pumps.csv\nregistrationId: {$column: id}\ndeviceId: {$column: device}\n"
        "attestation: {type: symmetricKey}\n"
        "initialTwin: {tags: {rack: {$column: rack, as: integer}}}\n"
    )


def measured(service: Service, words: str, cache: Path) -> tuple[Usage, float]:
    began = time.monotonic()
    usage = usage_of([sys.executable, "-m", "dpsctl", *words.split()], service.environment, cache)
    return usage, time.monotonic() - began


def tell(name: str, usage: Usage, wall: float, calls: dict[str, int], beside: str = "") -> None:
    asked = ", ".join(f"{count} {what}" for what, count in sorted(calls.items()))
    print(
        f"{name:34} {wall:6.1f} s  {usage.cpu / 1000:6.2f} s CPU  {usage.peak:5.0f} MiB  "
        f"{asked:30} {beside}",
        flush=True,
    )


def compare(folder: Path, cache: Path, size: int) -> None:
    """Print what each command takes, beside what it is promised to stay near."""
    with running() as service:
        from dpsctl.service.auth import ConnectionString

        token = ConnectionString.parse(
            service.ready["connectionString"], "emulator"
        ).authorization()
        url = f"{service.ready['endpoint']}/enrollments?api-version=2021-10-01"
        arguments = [url, service.ready["caFile"], token, str(size), str(PARALLEL)]
        began = time.monotonic()
        bare = usage_of([sys.executable, "-c", BARE, *arguments], service.environment, cache)
        bare_wall = time.monotonic() - began
        tell("a bare loop of the same calls", bare, bare_wall, service.calls())
        usage, wall = measured(service, "enrollment list -o jsonl", cache)
        tell("enrollment list -o jsonl", usage, wall, service.calls())
        listing = usage
        service.control("POST", "reset")
        apply = f"apply -f {folder} --yes -o none --parallel {PARALLEL}"
        usage, wall = measured(service, apply, cache)
        tell(
            f"{size:,} from nothing",
            usage,
            wall,
            service.calls(),
            f"wall x {wall / bare_wall:.2f} (promised 1.3)",
        )
        token = printed(TOKENS, service.ready["connectionString"])
        a_call = usage.cpu / (size / 10)
        print(f"{'a token for each call':34} {token / a_call:6.2%} of the CPU time of a call")
        usage, wall = measured(service, apply, cache)
        tell(
            "nothing to do",
            usage,
            wall,
            service.calls(),
            f"CPU x {usage.cpu / listing.cpu:.2f} (promised 2.5)",
        )
        write_fleet(folder, size, changed=size // 2)
        usage, wall = measured(service, apply, cache)
        tell("one row changed", usage, wall, service.calls())


def printed(code: str, *arguments: str) -> float:
    words = [sys.executable, "-c", code, *arguments]
    return float(subprocess.check_output(words, text=True))


def reading(folder: Path, cache: Path) -> None:
    """Print what reading and planning take, in time and memory, without a service."""
    rows, records, none = folder / "fleet.yaml", folder / "records.yml", folder / "none.yml"
    none.write_text("")
    records.write_text(
        "".join(
            f"- registrationId: pump-{n:06}\n  deviceId: d{n}\n  attestation:\n"
            f"    type: symmetricKey\n  initialTwin:\n    tags:\n      rack: {n % 9}\n"
            for n in range(RECORDS)
        )
    )

    def taken(path: Path, size: int, what: str) -> Usage:
        return usage_of([sys.executable, "-c", PLANNING, str(path), str(size), what], {}, cache)

    empty = taken(none, 0, "there").peak
    for name, path, size, what, promised in (
        ("rows, as wanted", rows, ROWS, "there", 100),
        ("rows, to create", rows, ROWS, "none", None),
        ("records in YAML, as wanted", records, RECORDS, "there", 120),
    ):
        write_fleet(folder, size)
        usage = taken(path, size, what)
        each = printed(PLANNING, str(path), str(size), what)
        told = f"(promised {promised})" if promised else ""
        print(
            f"{size:,} {name:28} {usage.peak - empty:6.0f} MiB over {empty:.0f} {told:16} "
            f"{each:6.3f} ms a record to plan (promised 0.1)",
            flush=True,
        )
    for path in (records, none):
        path.unlink()


def least(calls: int, at_once: int) -> float:
    """Return the seconds that so many calls cannot take less than."""
    if at_once == PER_MINUTE:
        return 60.0 * ((calls - 1) // PER_MINUTE)
    return 60.0 * (calls - at_once) / PER_MINUTE


def throttled(folder: Path, cache: Path) -> None:
    """Print how near it comes to the least time that the service allows, which refuses the rest."""
    calls = PER_MINUTE * 8 // 5
    write_fleet(folder, (calls - 1) * 10)  # ten a call, and one page
    for text, at_once in THROTTLES.items():
        with running("--fault", text.format(PER_MINUTE)) as service:
            apply = f"apply -f {folder} --yes -o none --parallel {PARALLEL}"
            usage, wall = measured(service, apply, cache)
            refused = {"refused": service.calls().get("refused", 0)}
            tell(
                text.format(PER_MINUTE),
                usage,
                wall,
                refused,
                f"{least(calls, at_once) / wall:.0%} of the rate (promised 90%)",
            )


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else SIZE
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "fleet"
        folder.mkdir()
        write_fleet(folder, size)
        compare(folder, Path(name) / "cache", size)
        reading(folder, Path(name) / "cache")
        if size == SIZE:
            throttled(folder, Path(name) / "cache")


if __name__ == "__main__":
    main()

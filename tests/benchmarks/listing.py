"""Measure `registration list` of a large group; run as a script.

    python tests/benchmarks/listing.py [ROUNDS]

Prints CPU time and peak memory of listing 1,000 and 100,000 registrations, streamed (`jsonl`) and
whole (`json`), beside a bare script that reads the same pages with requests and prints them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from measurement import Usage, usage_of

from dpsctl import keys

SIZES = (1_000, 100_000)
PAGE = 1_000
BARE = """
import json, sys, requests
url, ca, token = sys.argv[1:]
headers = {"Authorization": token}
session = requests.Session()
while True:
    answer = session.post(url, headers=headers, verify=ca)
    for record in answer.json():
        print(json.dumps(record))
    if "x-ms-continuation" not in answer.headers:
        break
    headers["x-ms-continuation"] = answer.headers["x-ms-continuation"]
"""


def fill(emulator: Any, group: str, size: int) -> None:
    """Let *size* devices of *group* have registered."""
    from dpsctl.emulator.enrollments.kinds import REGISTRATION

    with emulator.store.writing():
        for number in range(size):
            name = f"{group}-device-{number}"
            state = {
                "registrationId": name,
                "createdDateTimeUtc": "2026-11-22T00:00:00.1234567Z",
                "assignedHub": "hub-1.azure-devices.net",
                "deviceId": name,
                "status": "assigned",
                "substatus": "initialAssignment",
                "lastUpdatedDateTimeUtc": "2026-11-22T00:00:00.1234567Z",
                "etag": "ImEi",
            }
            emulator.store.put(REGISTRATION, name, state, label=group)


def fill_database(database: str) -> None:
    """Write a group of each size into a new database."""
    from dpsctl.emulator.server import Emulator
    from dpsctl.emulator.settings import EmulatorSettings

    with Emulator(EmulatorSettings(db=database)) as emulator:
        for size in SIZES:
            group = {"enrollmentGroupId": f"group-{size}"}
            emulator.store.put("EnrollmentGroup", f"group-{size}", group)
            fill(emulator, f"group-{size}", size)


@contextmanager
def running(database: str) -> Iterator[dict[str, Any]]:
    """Run an emulator with *database*.

    That, and filling it, are processes of their own: a child's peak counts its parent's memory.
    """
    filling = get_context("spawn").Process(target=fill_database, args=(database,))
    filling.start()
    filling.join()
    run = [sys.executable, "-m", "dpsctl", "emulator", "run"]
    options = ["--db", database, "--page-size", str(PAGE)]
    with subprocess.Popen([*run, *options], stdout=subprocess.PIPE) as child:
        try:
            yield json.loads(child.stdout.readline() if child.stdout else b"")
        finally:
            child.terminate()


def commands(ready: dict[str, Any], group: str) -> dict[str, list[str]]:
    """Name the ways of listing *group*, the bare one first."""
    parts = dict(part.split("=", 1) for part in ready["connectionString"].split(";"))
    expires_at = int(time.time()) + 3600
    token = keys.sas_token(
        parts["HostName"], parts["SharedAccessKey"], expires_at, parts["SharedAccessKeyName"]
    )
    url = f"{ready['endpoint']}/registrations/{group}/query?api-version=2021-10-01"
    listing = [sys.executable, "-m", "dpsctl", "enrollment-group", "registration", "list"]
    return {
        "requests, bare": [sys.executable, "-c", BARE, url, ready["caFile"], token],
        "list -o jsonl": [*listing, "--gid", group, "-o", "jsonl"],
        "list -o json": [*listing, "--gid", group],
    }


def main(rounds: int) -> None:
    """Print a table: the least CPU time of each way, and the memory it took."""
    with tempfile.TemporaryDirectory() as cache, running(f"{cache}/dps.sqlite") as ready:
        environment = {
            "DPSCTL_LOGIN": ready["connectionString"],
            "REQUESTS_CA_BUNDLE": ready["caFile"],
        }
        print(f"{'':26}{'CPU, ms':>10}{'ratio':>8}{'peak, MiB':>12}")
        for size in SIZES:
            group = f"group-{size}"
            bare = None
            for name, argv in commands(ready, group).items():
                runs = [usage_of(argv, environment, Path(cache)) for _ in range(rounds)]
                best: Usage = min(runs, key=lambda usage: usage.cpu)
                bare = bare or best
                shown = f"{size:>7,} {name}"
                print(f"{shown:26}{best.cpu:10.0f}{best.cpu / bare.cpu:8.2f}{best.peak:12.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)

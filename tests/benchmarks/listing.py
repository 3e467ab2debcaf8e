"""Measure `registration list` of a large group; run as a script.

    python tests/benchmarks/listing.py [ROUNDS]

Prints CPU time and peak memory of listing 1,000 and 100,000 registrations, streamed (`jsonl`) and
whole (`json`), beside a bare script that reads the same pages with requests and prints them.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from dpsctl.emulator.kinds import REGISTRATION
from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings
from measurement import Usage, usage_of

SIZES = (20_000, 100_000, 200_000)
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


def fill(emulator: Emulator, group: str, size: int) -> None:
    """Let *size* devices of *group* have registered."""
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


def commands(emulator: Emulator, group: str) -> dict[str, list[str]]:
    """Name the ways of listing *group*, the bare one first."""
    from dpsctl.service.auth import ConnectionString

    token = ConnectionString.parse(emulator.connection_string, "emulator").authorization()
    url = f"{emulator.endpoint}/registrations/{group}/query?api-version=2021-10-01"
    listing = [sys.executable, "-m", "dpsctl", "enrollment-group", "registration", "list"]
    return {
        "requests, bare": [sys.executable, "-c", BARE, url, str(emulator.ca_file), token],
        "list -o jsonl": [*listing, "--gid", group, "-o", "jsonl"],
        "list -o json": [*listing, "--gid", group],
    }


def main(rounds: int) -> None:
    """Print a table: the least CPU time of each way, and the memory it took."""
    settings = EmulatorSettings(page_size=PAGE)
    with Emulator(settings) as emulator, tempfile.TemporaryDirectory() as cache:
        environment = {
            "DPSCTL_LOGIN": emulator.connection_string,
            "REQUESTS_CA_BUNDLE": str(emulator.ca_file),
        }
        print(f"{'':26}{'CPU, ms':>10}{'ratio':>8}{'peak, MiB':>12}")
        for size in SIZES:
            group = f"group-{size}"
            emulator.service.store.put("EnrollmentGroup", group, {"enrollmentGroupId": group}, "")
            fill(emulator, group, size)
            bare = None
            for name, argv in commands(emulator, group).items():
                runs = [usage_of(argv, environment, Path(cache)) for _ in range(rounds)]
                best: Usage = min(runs, key=lambda usage: usage.cpu)
                bare = bare or best
                shown = f"{size:>7,} {name}"
                print(f"{shown:26}{best.cpu:10.0f}{best.cpu / bare.cpu:8.2f}{best.peak:12.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)

"""Compare the start-up CPU of dpsctl with what it stands on; run as a script.

    python tests/benchmarks/startup.py [ROUNDS]

Every ratio is of the least CPU time (user and system) in one interleaved run. dpsctl is started as
the script of a current pip starts it: those before pip 26 import `re` first, which alone is more
than half of `python -c pass`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from measurement import Case, interleave

from dpsctl.emulator.server import Emulator
from dpsctl.keys import sas_token

KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
SCRIPT = """import sys
from dpsctl.__main__ import run
if __name__ == '__main__':
    sys.exit(run())
"""
BARE_GET = """
import requests, sys
url, token, ca_file = sys.argv[1:]
print(requests.get(url, headers={"Authorization": token}, verify=ca_file, timeout=30).json())
"""
GROUP = {"enrollmentGroupId": "g1", "attestation": {"type": "symmetricKey"}}
PASS, GET = "python -c pass", "requests.get over TLS"
BUDGETS = {  # by how a case's name begins: what it is compared with, and the largest ratio
    "key": (PASS, 1.8),
    "help": (PASS, 8.0),
    "show": (GET, 1.25),
}


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    with tempfile.TemporaryDirectory() as folder, Emulator() as emulator:
        emulator.seed({"enrollmentGroups": [GROUP]})
        script = Path(folder, "dpsctl")
        script.write_text(SCRIPT)
        noun = [sys.executable, str(script), "enrollment-group"]
        cases = [*_offline(noun, Path(folder, "group.key")), *_online(noun, emulator)]
        interleave(cases, rounds, Path(folder, "cache"))
    sys.stdout.write(_table({case.name: case for case in cases}))


def _offline(noun: list[str], key_file: Path) -> Iterator[Case]:
    """Name every spelling of one device's key, and the help."""
    key_file.touch(0o600)
    key_file.write_text(f"{KEY}\n")
    key, compute = f"@{key_file}", [*noun, "compute-device-key", "--rid", "device-1"]
    others = {"DPSCTL_LOGIN": "any", "DPSCTL_ERROR_FORMAT": "json", "DPSCTL_COLOR": "never"}
    yield Case(PASS, [sys.executable, "-c", "pass"])
    yield Case("key as it is", [*compute, "--key", KEY])
    yield Case("key in a file", [*compute, "--key", key])
    yield Case("key in a file, -o tsv", [*compute, "--key", key, "-o", "tsv"])
    yield Case("key on standard input", [*compute, "--key", "@-"], stdin=str(key_file))
    yield Case("key in DPSCTL_GROUP_KEY", compute, {"DPSCTL_GROUP_KEY": KEY})
    yield Case("key with DPSCTL_* set", [*compute, "--key", key], others)
    yield Case("help", [*noun[:2], "--help"])
    yield Case("help of enrollment-group", [*noun, "--help"])
    yield Case("help of create", [*noun, "create", "--help"])


def _online(noun: list[str], emulator: Emulator) -> Iterator[Case]:
    """Name a reading of one group, and a bare script that sends the same request."""
    expires_at = int(time.time()) + 3600
    token = sas_token(emulator.host, emulator.policy_key, expires_at, "provisioningserviceowner")
    url = f"{emulator.endpoint}/enrollmentGroups/g1?api-version=2021-10-01"
    ca_file = str(emulator.ca_file)
    yield Case(GET, [sys.executable, "-c", BARE_GET, url, token, ca_file])
    yield Case(
        "show over TLS",
        [*noun, "show", "--gid", "g1"],
        {"DPSCTL_LOGIN": emulator.connection_string, "REQUESTS_CA_BUNDLE": ca_file},
    )


def _table(cases: dict[str, Case]) -> str:
    lines = [f"{'CPU':26}{'least, ms':>10}{'median':>8}{'ratio':>8}{'median':>8}{'budget':>8}"]
    for name, case in cases.items():
        line = f"{name:26}{case.least:10.1f}{case.median:8.1f}"
        base, budget = BUDGETS.get(name.split()[0], ("", 0.0))
        if base:
            least = case.least / cases[base].least
            median = case.median / cases[base].median
            verdict = "over" if least > budget else "kept"
            line += f"{least:8.2f}{median:8.2f}{budget:8.2f} x {base}: {verdict}"
        lines.append(line)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

"""Compare the start-up CPU of dpsctl with what it stands on; run as a script.

    python tests/benchmarks/startup.py [ROUNDS]

Every ratio is of the least CPU time (user and system) in one interleaved run.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from measurement import Case, interleave

KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
HOST = "benchmark.azure-devices-provisioning.net"
RECORD = (
    b'{"enrollmentGroupId":"g1","attestation":{"type":"symmetricKey"},'
    b'"capabilities":{"iotEdge":false},"etag":"IjEi","provisioningStatus":"enabled"}'
)
BARE_GET = "import requests, sys; print(requests.get(sys.argv[1], timeout=30).json())"
BUDGETS = [  # case, what it is compared with, the largest ratio
    ("compute-device-key --key", "python -c pass", 1.6),
    ("--help", "python -c pass", 8.0),
    ("enrollment-group create --help", "python -c pass", 8.0),
    ("enrollment-group show", "requests.get", 1.5),
]


class OneGroup(BaseHTTPRequestHandler):
    """Answer every GET with the same enrollment group."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(RECORD)))
        self.end_headers()
        self.wfile.write(RECORD)

    def log_message(self, *_: object) -> None:
        """Say nothing: the table is the output."""


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    server = ThreadingHTTPServer(("127.0.0.1", 0), OneGroup)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cases = {case.name: case for case in _cases(f"http://127.0.0.1:{server.server_port}")}
    with tempfile.TemporaryDirectory() as cache:
        interleave(list(cases.values()), rounds, Path(cache))
    server.shutdown()
    sys.stdout.write(_table(cases))


def _cases(url: str) -> list[Case]:
    dpsctl = str(Path(sys.executable).with_name("dpsctl"))
    group = [dpsctl, "enrollment-group"]
    login = f"HostName={HOST};SharedAccessKeyName=provisioningserviceowner;SharedAccessKey={KEY}"
    return [
        Case("python -c pass", [sys.executable, "-c", "pass"]),
        Case(
            "compute-device-key --key",
            [*group, "compute-device-key", "--key", KEY, "--rid", "device-1"],
        ),
        Case("--help", [dpsctl, "--help"]),
        Case("enrollment-group create --help", [*group, "create", "--help"]),
        Case("requests.get", [sys.executable, "-c", BARE_GET, f"{url}/enrollmentGroups/g1"]),
        Case(
            "enrollment-group show",
            [*group, "show", "--gid", "g1", "--login", login],
            {"DPSCTL_ENDPOINT_URL": url},
        ),
    ]


def _table(cases: dict[str, Case]) -> str:
    lines = [f"{'CPU, ms':32}{'least':>8}{'median':>8}"]
    lines += [f"{case.name:32}{case.least:8.1f}{case.median:8.1f}" for case in cases.values()]
    lines += ["", f"{'ratio':32}{'least':>8}{'median':>8}{'budget':>8}"]
    for name, base, budget in BUDGETS:
        least = cases[name].least / cases[base].least
        median = cases[name].median / cases[base].median
        verdict = "over" if least > budget else "kept"
        lines.append(
            f"{name:32}{least:8.2f}{median:8.2f}{budget:8.1f} {verdict}, compared with {base}"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

"""Compare bulk derivation with a plain loop over `hmac.new`; run as a script.

    python tests/benchmarks/derivation.py [ROUNDS]

Prints the ratios of CPU time on one core, ids a second of the whole filter with one process, with
two and with all cores, and the peak memory at 100 thousand and at 5 million ids. Two processes need
two cores that nobody else uses: where there are none, give them to the run (`chrt -f 1`).
There are two plain loops:
one calls the function that az and the samples of Microsoft's SDK have, for each device; the other
is tuned and decodes the group's key only once, which leaves nothing to save but the hashing itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from measurement import usage_of

from dpsctl.keys import derive_device_keys

KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
BUDGET, JOBS_BUDGET = 2.5, 1.6  # over the plain loop; two processes over one
FEW, MANY = 100_000, 5_000_000
FLEET, FLEET_ROUNDS = 1_000_000, 7
ROUND = 10_000  # ids; so few that what else the machine does meets all loops alike
FILTER = f"""
import sys
from dpsctl.fleet.derivation import FleetRequest, derive_fleet
from dpsctl.fleet.device_files import DeviceFile
from dpsctl.fleet.id_rules import IdRule
from dpsctl.text.values import StandardInput
if __name__ == "__main__":
    ids = DeviceFile(sys.argv[1], "FILE", StandardInput()).ids(IdRule())
    derive_fleet(FleetRequest({KEY!r}, jobs=int(sys.argv[2])), ids, sys.stdout.write, print)
"""


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    for line in _report(rounds):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _report(rounds: int) -> Iterator[str]:
    seconds = _compare(rounds)
    for loop, name in LOOPS.items():
        yield f"{name:<23} {ROUND / statistics.median(seconds[loop]):12,.0f} ids/s of CPU"
    ratio = _ratio(seconds[_plain_loop], seconds[_derive])
    yield f"ratio to the plain loop {ratio:12.2f} ({_verdict(ratio, BUDGET)})"
    yield f"ratio to the tuned loop {_ratio(seconds[_tuned_loop], seconds[_derive]):12.2f}"
    with tempfile.TemporaryDirectory() as folder:
        yield from _filter_report(Path(folder))


def _filter_report(folder: Path) -> Iterator[str]:
    fleet = _ids_file(folder, FLEET)
    wall = {jobs: float("inf") for jobs in sorted({1, 2, os.cpu_count() or 1})}
    for _ in range(FLEET_ROUNDS):
        for jobs, least in wall.items():
            wall[jobs] = min(least, _run_filter(fleet, jobs, folder)[0])
    for jobs, least in wall.items():
        yield f"filter, --jobs {jobs:<8} {FLEET / least:12,.0f} ids/s of wall clock"
    ratio = wall[1] / wall[2]
    yield f"two processes to one    {ratio:12.2f} ({_verdict(ratio, JOBS_BUDGET)})"
    for number in (FEW, MANY):
        for jobs in (1, 2):
            _, peak = _run_filter(_ids_file(folder, number), jobs, folder)
            yield f"filter, {number:<10,} by {jobs} {peak:12.1f} MiB at the largest process' peak"


def _verdict(ratio: float, budget: float) -> str:
    return f"budget {budget}: {'kept' if ratio >= budget else 'missed'}"


def _compare(rounds: int) -> dict[Loop, list[float]]:
    """Return the CPU seconds of each loop over the same ids, run in turn."""
    ids = [f"device-{number:07}" for number in range(ROUND)]
    seconds: dict[Loop, list[float]] = {loop: [] for loop in LOOPS}
    for _ in range(rounds):
        for loop, taken in seconds.items():
            taken.append(_cpu_seconds(loop, ids))
    return seconds


def _ratio(others: list[float], ours: list[float]) -> float:
    """Return the median of each round's ratio: a round's loops ran under the same load."""
    return statistics.median(other / own for other, own in zip(others, ours, strict=True))


def _usual(group_key: str, registration_id: str) -> str:
    """Derive one key, as az and the samples of Microsoft's Python SDK do."""
    secret = base64.b64decode(group_key)
    signed = hmac.new(secret, registration_id.encode(), hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()


def _plain_loop(ids: list[str]) -> None:
    for text in ids:
        _usual(KEY, text)


def _tuned_loop(ids: list[str]) -> None:
    secret = base64.b64decode(KEY)
    for text in ids:
        base64.b64encode(hmac.new(secret, text.encode(), hashlib.sha256).digest()).decode()


def _derive(ids: list[str]) -> None:
    for _ in derive_device_keys(KEY, ids):
        pass


Loop = Callable[[list[str]], None]
LOOPS: dict[Loop, str] = {
    _plain_loop: "plain hmac.new loop",
    _tuned_loop: "key decoded only once",
    _derive: "derive_device_keys",
}


def _cpu_seconds(work: Loop, ids: list[str]) -> float:
    start = time.process_time()
    work(ids)
    return time.process_time() - start


def _ids_file(folder: Path, number: int) -> Path:
    path = folder / f"{number}.txt"
    with path.open("w") as file:
        file.writelines(f"device-{index:07}\n" for index in range(number))
    return path


def _run_filter(path: Path, jobs: int, cache: Path) -> tuple[float, float]:
    """Return wall-clock seconds and the peak MiB of the process that reads and writes."""
    start = time.monotonic()
    usage = usage_of([sys.executable, "-c", FILTER, str(path), str(jobs)], {}, cache)
    return time.monotonic() - start, usage.peak


if __name__ == "__main__":
    main()

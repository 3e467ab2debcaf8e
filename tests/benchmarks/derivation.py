"""Compare bulk derivation with a plain loop over `hmac.new`; run as a script.

    python tests/benchmarks/derivation.py [ROUNDS]

Prints the ratio of CPU time on one core, ids a second of the whole filter with one process and
with all cores, and the peak memory at 100 thousand and at 5 million ids.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from measurement import usage_of

from dpsctl.keys import derive_device_keys

KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
BUDGET = 2.5  # design.md
FEW, MANY = 100_000, 5_000_000
FILTER = f"""
import sys
from dpsctl.fleet import FleetRequest, derive_fleet
if __name__ == "__main__":
    with open(sys.argv[1]) as lines:
        derive_fleet(FleetRequest({KEY!r}, jobs=int(sys.argv[2])), lines, sys.stdout.write, print)
"""


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    for line in _report(rounds):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _report(rounds: int) -> Iterator[str]:
    plain, ours = _compare(rounds)
    ratio = plain / ours
    yield f"plain hmac.new loop     {FEW / plain:12,.0f} ids/s of CPU"
    yield f"derive_device_keys      {FEW / ours:12,.0f} ids/s of CPU"
    yield f"ratio                   {ratio:12.2f} (budget {BUDGET}: {_verdict(ratio)})"
    with tempfile.TemporaryDirectory() as folder:
        few, many = _ids_file(Path(folder), FEW), _ids_file(Path(folder), MANY)
        for jobs in sorted({1, 2, os.cpu_count() or 1}):
            seconds, _ = _run_filter(many, jobs, Path(folder))
            yield f"filter, --jobs {jobs:<8} {MANY / seconds:12,.0f} ids/s of wall clock"
        for path, number in ((few, FEW), (many, MANY)):
            _, peak = _run_filter(path, 1, Path(folder))
            yield f"filter, {number:<15,} {peak:12.1f} MiB at its peak"


def _verdict(ratio: float) -> str:
    return "kept" if ratio >= BUDGET else "missed"


def _compare(rounds: int) -> tuple[float, float]:
    """Return the least CPU seconds of both loops over the same ids, run in turn."""
    ids = [f"device-{number:07}" for number in range(FEW)]
    plain = [_cpu_seconds(_plain_loop, ids)]
    ours = [_cpu_seconds(_derive, ids)]
    for _ in range(rounds):
        plain.append(_cpu_seconds(_plain_loop, ids))
        ours.append(_cpu_seconds(_derive, ids))
    return min(plain), min(ours)


def _plain_loop(ids: list[str]) -> None:
    secret = base64.b64decode(KEY)
    for text in ids:
        base64.b64encode(hmac.new(secret, text.encode(), hashlib.sha256).digest()).decode()


def _derive(ids: list[str]) -> None:
    for _ in derive_device_keys(KEY, ids):
        pass


def _cpu_seconds(work: Callable[[list[str]], None], ids: list[str]) -> float:
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

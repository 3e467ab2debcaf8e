"""Run child processes in turn and compare the CPU time and the memory they took."""

from __future__ import annotations

import os
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_RESIDENT_UNIT = 1024  # ru_maxrss is in KiB on Linux


@dataclass
class Case:
    """A command, what it reads, and the CPU milliseconds (user and system) of each of its runs."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: str = os.devnull
    cpu: list[float] = field(default_factory=list)

    @property
    def least(self) -> float:
        return min(self.cpu)

    @property
    def median(self) -> float:
        return statistics.median(self.cpu)


@dataclass(frozen=True)
class Usage:
    """What one process took."""

    cpu: float  # milliseconds, user and system
    peak: float  # MiB resident


def interleave(cases: Sequence[Case], rounds: int, cache: Path) -> None:
    """Run all *cases* once a round, so that a busy moment of the machine hits them all."""
    for number in range(rounds + 1):
        for case in cases:
            usage = usage_of(case.argv, case.environment, cache, case.stdin)
            if number:  # the first run compiles modules
                case.cpu.append(usage.cpu)


def usage_of(
    argv: Sequence[str], environment: Mapping[str, str], cache: Path, stdin: str = os.devnull
) -> Usage:
    """Run *argv* without output; *cache* keeps compiled modules, as an installation does."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DPSCTL_", "PYTHON"))
    }
    with (
        Path(stdin).open("rb") as source,
        subprocess.Popen(
            argv,
            env={**inherited, **environment, "PYTHONPYCACHEPREFIX": str(cache)},
            stdin=source,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as child,
    ):
        complaint = child.stderr.read().decode() if child.stderr else ""
        _, status, taken = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(argv)} ended with {child.returncode}: {complaint}")
    cpu = 1000 * (taken.ru_utime + taken.ru_stime)
    return Usage(cpu, taken.ru_maxrss * _RESIDENT_UNIT / 2**20)

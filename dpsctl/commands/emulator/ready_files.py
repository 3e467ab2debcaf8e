"""What runs here: each emulator says in a file of its user's, as long as it lives, where it is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dpsctl.errors import DpsctlError
from dpsctl.machine.platforms import cache_folder
from dpsctl.machine.process import leftovers

if TYPE_CHECKING:
    from dpsctl.emulator.server import Emulator

Json = dict[str, Any]
_SOON = 2.0  # seconds, in which an emulator that lives answers


@contextmanager
def told_of(emulator: Emulator, environ: Mapping[str, str]) -> Iterator[None]:
    """Keep the file of *emulator* while the block runs; a disk that is full spoils nothing."""
    path = _folder(environ) / f"{os.getpid()}.json"
    leftovers.add(str(path))
    with suppress(OSError, DpsctlError):
        _write(path, emulator.ready_for_others())
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        leftovers.discard(str(path))


def running(environ: Mapping[str, str]) -> list[Json]:
    """Return what each emulator says of itself; the file of one that does not answer is removed."""
    found = []
    for path in sorted(_folder(environ).glob("*.json")):
        with suppress(OSError):
            ready = _read(path)
            if _answers(ready):
                found.append(ready)
            else:
                path.unlink(missing_ok=True)
    return found


def _folder(environ: Mapping[str, str]) -> Path:
    return Path(cache_folder(environ)) / "emulators"


def _write(path: Path, ready: Json) -> None:
    from dpsctl.machine.private_files import private_file

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with private_file(str(path), "the emulator's file", replace=True) as file:
        json.dump(ready, file)


def _read(path: Path) -> Json:
    try:
        ready = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return ready if isinstance(ready, dict) else {}


def _answers(ready: Json) -> bool:
    """Ask the emulator itself; its own authority says that it is that one, and no other."""
    import urllib3

    with urllib3.PoolManager(ca_certs=ready.get("caFile"), retries=False, timeout=_SOON) as pool:
        try:
            return pool.request("GET", f"{ready.get('endpoint')}/_emulator/health").status == 200
        except (urllib3.exceptions.HTTPError, OSError):
            return False

"""What has been looked up before: the host and ARM id behind a service's name; never a secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from dpsctl.errors import DpsctlError
from dpsctl.machine.platforms import cache_folder

_MOST = 200


class Place(NamedTuple):
    """Where a service is: its host for data, and its resource id for ARM."""

    host: str
    resource_id: str


class Places:
    """The places of services by name, in a file; one that cannot be read is empty."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.path = Path(cache_folder(environ)) / "services.json"

    def get(self, key: str) -> Place | None:
        """Return what is remembered under *key*."""
        entry = self._read().get(key)
        try:
            return Place(str(entry["host"]), str(entry["id"])) if entry else None
        except (TypeError, KeyError):
            return None

    def put(self, key: str, place: Place | None) -> None:
        """Remember *place* under *key*, or forget it; a disk that is full spoils nothing."""
        entries = self._read()
        entries.pop(key, None)
        if place:
            entries[key] = {"host": place.host, "id": place.resource_id}
        with suppress(OSError, DpsctlError):
            self._write(dict(list(entries.items())[-_MOST:]))

    def _read(self) -> dict[str, Any]:
        try:
            entries = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return entries if isinstance(entries, dict) else {}

    def _write(self, entries: dict[str, Any]) -> None:
        from dpsctl.machine.private_files import private_file

        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with private_file(str(self.path), "the cache", replace=True) as file:
            json.dump(entries, file)

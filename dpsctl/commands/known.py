"""`dpsctl __known`: values for completion scripts, quickly or not at all."""

from __future__ import annotations

import time
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from typer import Argument

from dpsctl.errors import DpsctlError
from dpsctl.frame import Verb
from dpsctl.options.connection import Connection
from dpsctl.run import Run

# Seconds: who presses TAB twice is answered from the file, and nobody waits longer than that.
_FRESH = 60.0
_PATIENCE = 1.0


class Known(StrEnum):
    """What dpsctl can list."""

    group_ids = "group-ids"


def list_known(
    run: Run,
    connection: Connection,
    what: Annotated[Known, Argument(help="What to list.")],  # noqa: ARG001 - one kind so far
) -> list[str]:
    """List values for completion scripts.

    Silent on failure: nothing may disturb a command line that is being typed.
    """
    try:
        return _group_ids(replace(connection, timeout=_PATIENCE, retries=0), run)
    except (DpsctlError, OSError):
        return []


def _group_ids(connection: Connection, run: Run) -> list[str]:
    from dpsctl.service.access import service_named
    from dpsctl.service.connect import connect
    from dpsctl.service.settings import settle

    cache = _cache_file(service_named(settle(connection, run), run), run)
    if cache.exists() and time.time() - cache.stat().st_mtime < _FRESH:
        return cache.read_text(encoding="utf-8").split()
    groups = connect(connection, run).groups.list()
    ids = [str(group.get("enrollmentGroupId")) for group in groups]
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text("\n".join(ids), encoding="utf-8")
    return ids


def _cache_file(host: str, run: Run) -> Path:
    base = run.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "dpsctl" / f"group-ids-{host.replace(':', '-')}"


command = Verb("__known", list_known, examples=["dpsctl __known group-ids"], default_output="tsv")

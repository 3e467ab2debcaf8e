"""`dpsctl __known`: values for completion scripts, quickly or not at all."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from typer import Argument

from dpsctl.errors import DpsctlError
from dpsctl.frame.verbs import verb
from dpsctl.machine.platforms import cache_folder
from dpsctl.options.connection import Connection
from dpsctl.run import Run

# Seconds: who presses TAB twice is answered from the file, and nobody waits longer than that.
_FRESH = 60.0
_PATIENCE = 1.5


class Known(StrEnum):
    """What dpsctl can list."""

    contexts = "contexts"
    group_ids = "group-ids"


@verb(
    "__known",
    examples=["dpsctl __known group-ids", "dpsctl __known contexts"],
    default_output="tsv",
)
def list_known(
    run: Run,
    connection: Connection,
    what: Annotated[Known, Argument(help="What to list.")],
) -> list[str]:
    """List values for completion scripts.

    Silent on failure: nothing may disturb a command line that is being typed.
    """
    run.quiet = True
    try:
        if what is Known.contexts:
            return _contexts(run)
        return _group_ids(replace(connection, timeout=_PATIENCE, retries=0), run)
    except (DpsctlError, OSError):
        return []


def _contexts(run: Run) -> list[str]:
    from dpsctl.config import contexts

    return sorted(contexts.load(run.environ).contexts)


def _group_ids(connection: Connection, run: Run) -> list[str]:
    """Return the ids of the groups: from the cache, from the service, else from an old cache."""
    cache = _cache_file(connection, run)
    known = cache.read_text(encoding="utf-8").split() if cache.exists() else []
    if known and time.time() - cache.stat().st_mtime < _FRESH:
        return known
    asked = _asked(connection, run)
    if asked is None:
        return known
    _remember(asked, cache)
    return asked


def _asked(connection: Connection, run: Run) -> list[str] | None:
    """Ask the service, or return None if it does not answer soon."""
    from dpsctl.service.connect import connect
    from dpsctl.service.timed import within

    def ask() -> list[str]:
        groups = connect(connection, run).groups.list()
        found = (str(group.get("enrollmentGroupId")) for group in groups)
        return [name for name in found if name.isprintable()]  # the shell shows them as they are

    with suppress(DpsctlError, OSError):
        return within(_PATIENCE, ask, len)
    return None


def _remember(ids: list[str], cache: Path) -> None:
    from dpsctl.machine.private_files import private_file

    cache.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with private_file(str(cache), "the cache", replace=True) as file:
        file.write("\n".join(ids))


def _cache_file(connection: Connection, run: Run) -> Path:
    """Name the file for the service that is meant: its name, or the host of its login."""
    from urllib.parse import quote

    from dpsctl.service.access import access_to
    from dpsctl.service.settings import settle

    settled = settle(connection, run)
    named = settled.connection
    place = access_to(settled, run, ()).host() if named.login else named.dps_name
    parts = (run.environ.get("DPSCTL_ENDPOINT_URL"), named.resource_group, place)
    return (
        Path(cache_folder(run.environ))
        / f"group-ids-{quote('@'.join(filter(None, parts)), safe='')}"
    )


command = list_known

"""What a plan takes away, kept: records with their keys, as a manifest that brings them back."""

from __future__ import annotations

from collections.abc import Mapping

from dpsctl.machine.private_files import private_file
from dpsctl.manifests.exporting import Exporter
from dpsctl.manifests.plan import Action, Change, Plan
from dpsctl.manifests.reading import Readable, with_keys
from dpsctl.manifests.risks import Risk
from dpsctl.parallel import in_parallel

_FLAG = "--backup"
_TAKING = frozenset({Action.delete, Action.replace, Action.rename})


def write_backup(plan: Plan, collections: Mapping[str, Readable], path: str, parallel: int) -> None:
    """Write the records that will be deleted, replaced or renamed, or lose a key, to *path*.

    Raises UsageError if there is such a file, DpsctlError if it cannot be written whole.
    """

    def read(change: Change) -> tuple[Change, dict[str, object]]:
        collection = collections[change.kind.name]
        return change, with_keys(collection, change.kind, change.actual or {})

    lost = [change for change in plan.feasible if is_lost(change)]
    with private_file(path, _FLAG) as file:
        found = in_parallel(read, lost, parallel)
        records = [(change.kind, record) for change, record in found]
        file.write(Exporter(keys=True).text(records))


def keys_only_here(plan: Plan) -> list[Change]:
    """Return the deletions that take keys away which no file states."""
    return [
        change
        for change in plan.feasible
        if change.action in (Action.delete, Action.replace)
        and ((change.actual or {}).get("attestation") or {}).get("type") == "symmetricKey"
    ]


def is_lost(change: Change) -> bool:
    """Tell whether something of the record cannot be had again once the change is made."""
    return change.action in _TAKING or Risk.keys in change.risks

"""Make a record, or do as `--if-exists` says where it is there already."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from dpsctl.errors import Conflict, NotFound
from dpsctl.options.words import IfExists
from dpsctl.service.dps import Enrollments

Json = dict[str, Any]


def create_record(
    records: Enrollments,
    record_id: str,
    body: Json,
    if_exists: IfExists,
    update: Callable[[], Json | None],
    *,
    keys: bool = False,
) -> Json | None:
    """Create a record; if it exists, fail, return it as it is (with *keys*), or *update* it.

    Raises Conflict when it exists and *if_exists* is `fail`.
    """
    if if_exists is IfExists.fail or (records.dry_run and not _exists(records, record_id)):
        return records.create(record_id, body)
    if not records.dry_run:
        with suppress(Conflict):
            return records.create(record_id, body)
    if if_exists is IfExists.skip:
        return records.show(record_id, keys=keys)
    return update()


def _exists(records: Enrollments, record_id: str) -> bool:
    try:
        records.show(record_id)
    except NotFound:
        return False
    return True

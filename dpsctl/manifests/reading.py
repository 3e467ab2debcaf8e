"""Which requests answer a plan: pages, or single reads where these are fewer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from dpsctl.errors import NotFound, Unauthorized
from dpsctl.manifests.changes import has_keys, is_by_key, states_keys
from dpsctl.manifests.fields import KINDS, Json, Kind
from dpsctl.manifests.fleet import Fleet, Key, Wanted, id_of, key_of
from dpsctl.parallel import in_parallel

_FEW = 100  # so many records are read one by one
_AT_A_TIME = 500  # so many records wait for their keys before these are read


class Readable(Protocol):
    """A collection of records, as the service's client has it."""

    def show(self, record_id: str) -> Json:
        """Read a record. Raises NotFound."""

    def attestation(self, record_id: str) -> Json:
        """Read a record's attestation with its keys."""

    def list(self) -> Iterator[Json]:
        """Read every record."""


@dataclass
class Reading:
    """How a service is read: *prune* looks for records that no file has.

    With *skip_keys* keys that files state are taken to be those that the service holds. It
    *is_partial* once records have been passed over, so that those in no file cannot be counted.
    """

    collections: Mapping[str, Readable]
    parallel: int
    prune: bool = False
    skip_keys: bool = False
    is_partial: bool = False

    def records(self, fleet: Fleet) -> Iterator[tuple[Kind, Json]]:
        """Yield the records that a plan for *fleet* needs, with the keys that it compares."""
        for kind in KINDS.values():
            looked_for = (*fleet, *fleet.formerly.values())
            ids = {key: key[1] for key in looked_for if key[0] == kind.name}
            if ids or self.prune:
                records = self._read(kind, ids)
                yield from ((kind, record) for record in self._with_keys(kind, records, fleet))

    def _read(self, kind: Kind, ids: Mapping[Key, str]) -> Iterator[Json]:
        collection = self.collections[kind.name]
        if len(ids) <= _FEW and not self.prune:
            self.is_partial = True
            yield from self._read_singly(collection, ids.values())
            return
        missing, barren = dict(ids), 0
        for record in collection.list():
            is_wanted = missing.pop(key_of(kind, id_of(kind, record)), None) is not None
            barren = 0 if is_wanted else barren + 1
            yield record
            if not self.prune and barren > _FEW * len(missing):
                self.is_partial = True
                break  # what is left is found sooner by itself
        else:
            return
        yield from self._read_singly(collection, missing.values())

    def _read_singly(self, collection: Readable, ids: Iterable[str]) -> Iterator[Json]:
        def read(record_id: str) -> Json | None:
            try:
                return collection.show(record_id)
            except NotFound:
                return None

        yield from (record for record in in_parallel(read, ids, self.parallel) if record)

    def _with_keys(self, kind: Kind, records: Iterable[Json], fleet: Fleet) -> Iterator[Json]:
        """Read the keys of the records whose keys a file states, or that are to be renamed."""
        collection = self.collections[kind.name]
        renamed = {*fleet.formerly, *fleet.formerly.values()}
        waiting: list[Json] = []

        def read(record: Json) -> Json:
            return with_keys(collection, kind, record)

        for record in records:
            completed = self._without_reading(kind, record, fleet, renamed)
            if completed is not None:
                yield completed
                continue
            waiting.append(record)
            if len(waiting) == _AT_A_TIME:
                yield from in_parallel(read, waiting, self.parallel)
                waiting = []
        yield from in_parallel(read, waiting, self.parallel) if waiting else ()

    def _without_reading(
        self, kind: Kind, record: Json, fleet: Fleet, renamed: set[Key]
    ) -> Json | None:
        """Return a record as a plan needs it, None if its keys have to be read for that."""
        if not is_by_key(record):
            return record
        key = key_of(kind, id_of(kind, record))
        if key in renamed:
            return None
        wanted = fleet.get(key)
        if wanted is None or not states_keys(wanted.body):
            return record
        return _as_stated(record, wanted) if self.skip_keys else None


def with_keys(collection: Readable, kind: Kind, record: Json) -> Json:
    """Return *record* with its symmetric keys, which take a call of their own.

    Raises Unauthorized, with a hint, where whoever asks may not read them.
    """
    if not is_by_key(record) or has_keys(record):
        return record
    try:
        return {**record, "attestation": collection.attestation(id_of(kind, record))}
    except Unauthorized as refused:
        refused.hint = f"{refused.hint or ''} 'diff --skip-keys' compares no keys.".strip()
        raise


def _as_stated(record: Json, wanted: Wanted) -> Json:
    stated = wanted.body["attestation"]["symmetricKey"]
    return {**record, "attestation": {**record["attestation"], "symmetricKey": stated}}

"""The provisioning service: enrollment groups, individual enrollments and registrations.

A method is one REST call, but for `update`, which reads, changes and writes. Imports nothing heavy:
the session is handed in by `connect`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dpsctl.errors import BadAnswer, Conflict
from dpsctl.frozen import frozen
from dpsctl.options.connection import Connection
from dpsctl.parallel import in_parallel
from dpsctl.payloads.certificate_policy import POLICY_VERSION, fields_beyond, names_policy
from dpsctl.payloads.comparison import is_unchanged
from dpsctl.service.calls import Answer, Request
from dpsctl.service.contract import Service
from dpsctl.service.paging import listed
from dpsctl.service.shape import BULK, ENROLLMENT, MECHANISM, REGISTRATION, as_object

if TYPE_CHECKING:
    from dpsctl.service.batches import Report
    from dpsctl.service.http import Http

Json = dict[str, Any]
_MERGES = 10
_LONGEST_MERGE_WAIT = 2.0
# What the service owns and sets itself; a write does not carry it (docs/service.md#a3).
_READ_ONLY = ("createdDateTimeUtc", "lastUpdatedDateTimeUtc", "registrationState")


@frozen
class Update:
    """The *record* as it is after an update, or the write that a dry run would send, if any.

    It *is_written* unless it was as wanted before.
    """

    record: Json | None
    is_written: bool = True


class Enrollments:
    """A collection of enrollments: `enrollmentGroups` or (individual) `enrollments`."""

    def __init__(self, http: Http, collection: str, api_version: str) -> None:
        self._http = http
        self._collection = collection
        self._version = api_version
        self._told: set[str] = set()
        groups = collection == "enrollmentGroups"
        self._id_field = "enrollmentGroupId" if groups else "registrationId"
        self.dry_run = http.dry_run

    def show(self, record_id: str, *, keys: bool = False) -> Json:
        """Read a record; with *keys*, its symmetric keys too, which take a second call.

        Raises NotFound.
        """
        record = as_object(self._send("GET", self._path(record_id)).body, ENROLLMENT)
        self._notice([record], self._version)
        return self.with_keys(record) if keys else record

    def with_keys(self, record: Json) -> Json:
        """Return a record that was read with its symmetric keys, if it has some."""
        if not _is_symmetric(record):
            return record
        return {**record, "attestation": self.attestation(str(record.get(self._id_field)))}

    def attestation(self, record_id: str) -> Json:
        """Read a record's attestation mechanism, with its symmetric keys."""
        path = f"{self._path(record_id)}/attestationmechanism"
        return as_object(self._send("POST", path).body, MECHANISM)

    def list(self, top: int = -1, page_size: int | None = None) -> Iterator[Json]:
        """Read every record, or the first *top* of them, a page of *page_size* at a time."""
        query = {"query": "SELECT *"}
        path = f"/{self._collection}/query"
        request = Request("POST", path, query, query=_asking(self._version))
        for record in listed(self._http, request, ENROLLMENT, top, page_size):
            self._notice([record], self._version)
            yield record

    def list_with_keys(
        self, top: int = -1, page_size: int | None = None, *, parallel: int
    ) -> Iterator[Json]:
        """List records with their symmetric keys: a call for each, so many *parallel*."""
        self._http.keep_pace()
        return in_parallel(self.with_keys, self.list(top, page_size), parallel)

    def create(self, record_id: str, body: Json) -> Json:
        """Make a record and return it with its keys. Raises Conflict if it is there already."""
        return self._write(record_id, body, etag=None)

    def replace(self, record_id: str, body: Json, etag: str) -> Json:
        """Write a whole record over the one that has *etag*. Raises Conflict if it has changed."""
        return self._write(record_id, body, etag)

    def update(
        self,
        record_id: str,
        change: Callable[[Json], Json],
        etag: str | None,
        held: Json | None = None,
    ) -> Update:
        """Read a record, *change* it and write it back, losing nothing in between.

        A change that changes nothing is not written. What was read of it already is *held*.

        Without *etag* the one just read is sent, and if the record has changed meanwhile it is
        read and changed again after a random wait, up to ten times: others may write it too. With
        an *etag*, just that one is sent, once; `*` writes over any change. Symmetric keys are read
        before, or the service would make new ones (docs/service.md#b3).
        """
        for merges in range(_MERGES + 1):
            record = self.with_keys(held) if held else self.show(record_id, keys=True)
            held = None
            _refuse_hidden_keys(record)
            body = {name: value for name, value in record.items() if name not in _READ_ONLY}
            changed = change(body)
            if etag in {None, "*", record.get("etag")} and is_unchanged(body, changed):
                return Update(None if self.dry_run else record, is_written=False)
            try:
                return Update(self.replace(record_id, changed, etag or _etag_of(record)))
            except Conflict as conflict:
                if etag or conflict.status != 412 or merges == _MERGES:
                    raise
            self._http.pause(merges, longest=_LONGEST_MERGE_WAIT, why="somebody else wrote it")
        raise AssertionError("the last round returns or raises")

    def bulk(self, mode: str, bodies: Sequence[Json]) -> Sequence[Json]:
        """Write up to ten records in one call; return the errors, each with its record's id.

        It is not sent again where an answer was lost. An error without an id is all that is said
        of a failure that the service does not explain.
        """
        answer = as_object(self._http.send(self._bulk_request(mode, bodies)).body, BULK)
        errors: list[Json] = answer.get("errors") or []
        return errors or ([] if answer.get("isSuccessful") else [{}])

    def batch(self, mode: str, bodies: Sequence[Json]) -> Sequence[Report]:
        """Write up to ten records, whose ids differ, in one call; report on each, in order."""
        from dpsctl.service.batches import send_batch

        return send_batch(self, mode, bodies)

    def planned_bulk(self, mode: str, bodies: Sequence[Json]) -> Json:
        """Describe the call that `--dry-run` keeps from being sent."""
        return self._http.planned(self._bulk_request(mode, bodies))

    @property
    def tries(self) -> int:
        """How often a call may be made, the first time counted."""
        return self._http.target.retries + 1

    def pause(self, attempt: int) -> None:
        """Wait before the try after *attempt* others."""
        self._http.pause(attempt, why="some failed")

    def delete(self, record_id: str, etag: str | None) -> Json | None:
        """Delete a record, whatever has changed unless *etag* says otherwise."""
        return self._http.delete(self._path(record_id), {"If-Match": etag or "*"})

    def _path(self, record_id: str) -> str:
        return f"/{self._collection}/{quote(record_id, safe='', errors='replace')}"

    def _bulk_request(self, mode: str, bodies: Sequence[Json]) -> Request:
        body = {"mode": mode, self._collection: list(bodies)}
        query = _asking(self._version_for(bodies))
        return Request("POST", f"/{self._collection}", body, repeatable=False, query=query)

    def _send(self, method: str, path: str) -> Answer:
        return self._http.send(Request(method, path, query=_asking(self._version)))

    def _version_for(self, bodies: Sequence[Json]) -> str:
        """Choose the version to write *bodies* in: the one asked for, or one with their fields."""
        is_open = not self._http.target.is_version_chosen
        version = POLICY_VERSION if is_open and any(map(names_policy, bodies)) else self._version
        self._notice(bodies, version)
        return version

    def _notice(self, records: Sequence[Json], version: str) -> None:
        """Warn, once, of the fields of *records* that *version* does not have."""
        for record in records:
            fields = fields_beyond(record, version)
            if not self._told.issuperset(fields):
                self._told.update(fields)
                self._http.tell_of_newer(fields, version)

    def _write(self, record_id: str, body: Json, etag: str | None) -> Json:
        headers = {"If-Match": etag} if etag else {}
        query = _asking(self._version_for([body]))
        request = Request("PUT", self._path(record_id), body, headers, query=query)
        if self._http.dry_run:
            return self._http.planned(request)
        try:
            return as_object(self._http.send(request).body, ENROLLMENT)
        except Conflict as conflict:
            from dpsctl.payloads.comparison import is_written

            if conflict.may_have_happened:
                found = self.show(record_id, keys=True)
                if is_written(body, found):
                    return found
            raise


class Registrations:
    """What the service knows of the devices that have registered."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def show(self, registration_id: str) -> Json:
        """Read a device's registration. Raises NotFound."""
        answer = self._http.send(Request("GET", _registration(registration_id)))
        return as_object(answer.body, REGISTRATION)

    def list(self, group_id: str, top: int = -1, page_size: int | None = None) -> Iterator[Json]:
        """Read the registrations of a group's devices, a page at a time."""
        request = Request("POST", f"{_registration(group_id)}/query")
        return listed(self._http, request, REGISTRATION, top, page_size)

    def delete(self, registration_id: str, etag: str | None) -> Json | None:
        """Forget a device's registration, so that it is assigned afresh."""
        return self._http.delete(_registration(registration_id), {"If-Match": etag or "*"})


class DpsService(Service):
    """A provisioning service, ready to use; *host* tells its name, which may take a look-up."""

    options = Connection
    connector = "dpsctl.service.connect"

    def __init__(self, http: Http, host: Callable[[], str], api_version: str = "") -> None:
        self.host = host
        self._http = http
        self._http = http
        self.tell_of_more = http.tell_of_more
        self.api_version = api_version or http.target.api_version
        self.groups = Enrollments(http, "enrollmentGroups", self.api_version)
        self.enrollments = Enrollments(http, "enrollments", self.api_version)
        self.registrations = Registrations(http)

    def keep_pace(self) -> None:
        """Take 429 as a matter of pace from now on: it never counts as a try."""
        self._http.keep_pace()

    def knowing_policies(self) -> DpsService:
        """Return the service in a version that has certificate policies.

        If somebody asked for a version, it is that one.
        """
        if self._http.target.is_version_chosen:
            return self
        return DpsService(self._http, self.host, POLICY_VERSION)


def _asking(version: str) -> str:
    return f"api-version={version}"


def _etag_of(record: Json) -> str:
    etag: str | None = record.get("etag")
    if not etag:
        raise BadAnswer(
            "The record has no etag, so a change by somebody else could not be noticed",
            "--etag '*' writes over whatever is there.",
        )
    return etag


def _refuse_hidden_keys(record: Json) -> None:
    """Refuse to go on without the keys: a write that lacks one makes a new one."""
    if not _is_symmetric(record):
        return
    shown = record["attestation"].get("symmetricKey") or {}
    if not (shown.get("primaryKey") and shown.get("secondaryKey")):
        raise BadAnswer(
            "The service does not show the record's keys, so writing it would make new ones",
            "Sign in as one who may read them (EnrollmentRead), and try again.",
        )


def _registration(record_id: str) -> str:
    return f"/registrations/{quote(record_id, safe='', errors='replace')}"


def _is_symmetric(record: Json) -> bool:
    return (record.get("attestation") or {}).get("type") == "symmetricKey"

"""IoT Central: devices, device groups and enrollment groups with their certificates.

A method is one REST call, but for `create`, which looks first: a PUT would write over what is
there. Imports nothing heavy: the session is handed in by
`service/connect_central.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from dpsctl.errors import Conflict, NotFound, UsageError
from dpsctl.options.central import CentralConnection
from dpsctl.service.calls import Request
from dpsctl.service.contract import Service
from dpsctl.service.paging import first_records, linked_pages
from dpsctl.service.shape import CENTRAL, DEVICE, as_object

if TYPE_CHECKING:
    from dpsctl.service.http import Http

Json = dict[str, Any]
Asked = Mapping[str, str | int | None]  # of the query of a URL: what is None is not asked
STABLE = "2022-07-31"
PREVIEW = "2022-10-31-preview"
MERGE_PATCH = "application/merge-patch+json"
_EXISTS = 409


class Collection:
    """One kind of record: `devices`, `deviceGroups` or `enrollmentGroups`."""

    noun = "record"
    name = ""

    def __init__(self, central: CentralService) -> None:
        self._central = central
        self.dry_run = central.dry_run

    def show(self, record_id: str) -> Json:
        """Read a record. Raises NotFound."""
        return self._central.read(self.path(record_id))

    def list(
        self,
        top: int = -1,
        page_size: int | None = None,
        *,
        filter_: str | None = None,
        order_by: str | None = None,
    ) -> Iterator[Json]:
        """Read every record, or the first *top* of them, a page of *page_size* at a time."""
        asked = {"filter": filter_, "orderby": order_by, "maxpagesize": page_size}
        return self._central.pages(f"/{self.name}", top, asked)

    def create(self, record_id: str, body: Json, etag: str | None = None) -> Json:
        """Make a record. Raises Conflict if there is one: the service would write over it."""
        try:
            self.show(record_id)
        except NotFound:
            return self._central.write("PUT", self.path(record_id), body, etag)
        raise Conflict(
            f"The {self.noun} {record_id} exists already",
            _EXISTS,
            hint="Use 'update' to change it, or 'delete' it first.",
        )

    def update(self, record_id: str, changes: Json, etag: str | None = None) -> Json:
        """Change what *changes* names and nothing else; with *etag*, only that very record.

        Raises Conflict if the record's etag is another one.
        """
        return self._central.write("PATCH", self.path(record_id), changes, etag=etag)

    def delete(self, record_id: str) -> Json | None:
        """Delete a record. Raises NotFound."""
        return self._central.delete(self.path(record_id))

    def path(self, record_id: str) -> str:
        """Return a record's path, its id percent-encoded."""
        return f"/{self.name}/{quote(record_id, safe='', errors='replace')}"


class Devices(Collection):
    """Devices and their credentials."""

    noun = "device"
    name = "devices"

    def credentials(self, device_id: str) -> Json:
        """Read the id scope and the keys or certificates that a device connects with."""
        return self._central.read(f"{self.path(device_id)}/credentials")

    def list_edge(
        self,
        top: int = -1,
        page_size: int | None = None,
        *,
        filter_: str | None = None,
        order_by: str | None = None,
    ) -> Iterator[Json]:
        """Read the IoT Edge devices: those of type `iotEdge`, and those of an edge template."""
        templates: dict[str, bool] = {}
        for device in self.list(-1, page_size, filter_=filter_, order_by=order_by):
            if top == 0:
                return
            template = as_object(device, DEVICE).get("template")
            if "iotEdge" not in (device.get("type") or []):
                if template and template not in templates:
                    templates[template] = self._is_edge_template(template)
                if not templates.get(template or "", False):
                    continue
            top -= 1
            yield device

    def _is_edge_template(self, template_id: str) -> bool:
        try:
            path = f"/deviceTemplates/{quote(template_id, safe='', errors='replace')}"
            kinds = self._central.read(path).get("@type")
        except NotFound:
            return False
        return "EdgeModel" in (kinds if isinstance(kinds, list) else [kinds])


class DeviceGroups(Collection):
    """Device groups and the devices that their filters select."""

    noun = "device group"
    name = "deviceGroups"

    def devices(self, group_id: str, top: int = -1, page_size: int | None = None) -> Iterator[Json]:
        """Read the devices of a group, a page at a time."""
        asked = {"maxpagesize": page_size}
        return self._central.pages(f"{self.path(group_id)}/devices", top, asked)


class EnrollmentGroups(Collection):
    """Enrollment groups, their certificates, and the proof that one owns these."""

    noun = "enrollment group"
    name = "enrollmentGroups"

    def certificate(self, group_id: str, entry: str) -> Json:
        """Read a certificate's thumbprint, and whether it is verified. Raises NotFound."""
        return self._central.read(self._entry(group_id, entry))

    def set_certificate(self, group_id: str, entry: str, body: Json) -> Json:
        """Set a certificate."""
        return self._central.write("PUT", self._entry(group_id, entry), body)

    def delete_certificate(self, group_id: str, entry: str) -> Json | None:
        """Take a certificate away."""
        return self._central.delete(self._entry(group_id, entry))

    def verification_code(self, group_id: str, entry: str) -> Json:
        """Ask for the code that a verification certificate must name."""
        path = f"{self._entry(group_id, entry)}/generateVerificationCode"
        return self._central.write("POST", path, None)

    def verify(self, group_id: str, entry: str, certificate: str) -> Json | None:
        """Prove to own a certificate's key, by a verification certificate in base64."""
        path = f"{self._entry(group_id, entry)}/verify"
        return self._central.write("POST", path, {"certificate": certificate}) or None

    def _entry(self, group_id: str, entry: str) -> str:
        return f"{self.path(group_id)}/certificates/{entry}"


class CentralService(Service):
    """An IoT Central application, ready to use.

    *pinned* says that the user has chosen the api-version: then none is chosen for them.
    """

    options = CentralConnection
    connector = "dpsctl.service.connect_central"

    def __init__(self, http: Http, *, pinned: bool = False) -> None:
        self._http = http
        self._pinned = pinned
        self.dry_run = http.dry_run
        self.devices = Devices(self)
        self.device_groups = DeviceGroups(self)
        self.enrollment_groups = EnrollmentGroups(self)

    def read(self, path: str) -> Json:
        """Return the object at *path*."""
        return as_object(self._http.send(Request("GET", path)).body, CENTRAL)

    def write(self, method: str, path: str, body: Any, etag: str | None = None) -> Json:
        """Send a write and return its answer ({} if it has none), or with --dry-run the write."""
        is_preview = etag is not None or (isinstance(body, dict) and "deploymentManifest" in body)
        request = Request(
            method,
            path,
            body,
            {"If-Match": etag} if etag else {},
            repeatable=method == "PUT",
            query=self._query(preview=is_preview),
            media_type=MERGE_PATCH if method == "PATCH" else "application/json",
        )
        if self.dry_run:
            return self._http.planned(request)
        answer = self._http.send(request)
        return {} if answer.body is None else as_object(answer.body, CENTRAL)

    def delete(self, path: str) -> Json | None:
        """Delete what is at *path*."""
        return self._http.delete(path)

    def pages(self, path: str, top: int, asked: Asked) -> Iterator[Json]:
        """Read a list to its end, or its first *top* records (docs/service.md#f6)."""
        request = Request("GET", path, query=self._query(asked))
        return first_records(linked_pages(self._http, request, CENTRAL), top, self._http)

    def _query(self, asked: Asked | None = None, *, preview: bool = False) -> str:
        """Write the query of a URL: what is *asked*, in the version that has it.

        What is asked is of the preview. Raises UsageError if the user chose a version without it.
        """
        given = {name: value for name, value in (asked or {}).items() if value is not None}
        version = self._http.target.api_version
        if (given or preview) and "preview" not in version:
            if self._pinned:
                raise UsageError(
                    f"--api-version {version}: this version has no filter, order, page size, etag "
                    "or deployment manifest",
                    f"{PREVIEW} has them; without --api-version it is chosen when it is needed.",
                )
            version = PREVIEW
        return urlencode({"api-version": version, **given}, quote_via=quote)

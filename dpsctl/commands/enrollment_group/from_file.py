"""`enrollment-group create --from`: a group of each row of a file, judged before any is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dpsctl import keys
from dpsctl.certificates.files import files_by_thumbprint
from dpsctl.commands.doubts import Doubts
from dpsctl.effort import Ending
from dpsctl.errors import Conflict, UsageError
from dpsctl.options.records import Edits
from dpsctl.options.words import IfExists
from dpsctl.payloads.attestation import SIGNING
from dpsctl.payloads.enrollment import Change, check_edits
from dpsctl.run import Run
from dpsctl.selection.choosing import GROUPS, Chosen
from dpsctl.selection.writing import Write, Written
from dpsctl.service.dps import Enrollments
from dpsctl.text.paths import parse_path, show_path

if TYPE_CHECKING:
    from dpsctl.fleet.device_files import DeviceFile
    from dpsctl.fleet.tables import Row

Json = dict[str, Any]
_ID = GROUPS.id_field
# What the service writes itself: a line of `list -o jsonl` may be given back with it.
_READ_ONLY = {"etag", "createdDateTimeUtc", "lastUpdatedDateTimeUtc"}


class FileOfGroups:
    """The groups that a file describes; what its rows leave out is as *defaults* have it.

    *folder* holds the certificates, which the service does not show.
    """

    def __init__(self, file: DeviceFile, defaults: Change, folder: str | None, run: Run) -> None:
        self._file = file
        self._defaults = defaults
        self._files = files_by_thumbprint(folder)
        self._run = run
        self._doubts = Doubts(run)
        self._changes: dict[str, Change] = {}
        self._missing: list[str] = []
        self._without_keys = 0

    def groups(self) -> list[Chosen]:
        """Read every group, as it is to be. Raises UsageError for a row that describes none."""
        found = []
        for row in self._file.table().rows:
            place = f"{self._file.name}:{row.line}"
            try:
                found.append(self._group(row, place))
            except UsageError as error:
                hint = error.hint or "Nothing was sent."
                raise UsageError(f"{place}: {error.message}", hint) from None
        if self._missing:
            raise UsageError(
                f"certificates are missing: {'; '.join(self._missing)}",
                "The service never shows them: --certificates FOLDER finds their files.",
            )
        if self._without_keys:
            self._run.warn(
                f"{self._file.name}: {self._without_keys:,} groups have no keys, so the service "
                "makes new ones ('list --show-keys' shows them)"
            )
        if not found:
            self._run.warn(f"{self._file.nothing_in_it('rows')}: nothing was made")
        return found

    def creating(self, records: Enrollments, if_exists: IfExists) -> Write:
        """Return what makes a group; one that is there is treated as *if_exists* says."""

        def write(one: Chosen) -> Written:
            try:
                plan = records.create(one.record_id, one.record or {})
            except Conflict:
                if if_exists is IfExists.fail:
                    raise
            else:
                return Written(Ending.created, plan=plan if records.dry_run else None)
            if if_exists is IfExists.skip:
                return Written(Ending.unchanged)
            change = self._changes[one.record_id.lower()]
            update = records.update(one.record_id, self._doubts.of(change), etag=None)
            return Written(Ending.updated if update.is_written else Ending.unchanged)

        return write

    def _group(self, row: Row, place: str) -> Chosen:
        if row.problem is not None:
            raise UsageError(row.problem)
        values = {name: value for name, value in row.values.items() if value is not None}
        group_id = values.pop(_ID, None)
        if not isinstance(group_id, str):
            raise UsageError(f"has no {_ID}")
        try:
            keys.check_id(group_id, "group id")
        except keys.IdFormatError as error:
            raise UsageError(str(error)) from None
        if group_id.lower() in self._changes:
            raise UsageError(f"{group_id} is there twice")
        if isinstance(attestation := values.get("attestation"), dict):
            values["attestation"] = self._completed(attestation, f"{place}: {group_id}")
        change = _changed(self._defaults, values)
        self._changes[group_id.lower()] = change
        return Chosen(group_id, self._doubts.new(change, _ID, group_id, f"{place}: "))

    def _completed(self, attestation: Json, whose: str) -> Json:
        """Put the certificates in that the service has shown the thumbprints of."""
        if attestation.get("type") == "symmetricKey":
            self._without_keys += not (attestation.get("symmetricKey") or {}).get("primaryKey")
            return {name: value for name, value in attestation.items() if value is not None}
        x509 = attestation.get("x509") or {}
        slots = {slot: held for slot, held in (x509.get(SIGNING) or {}).items() if held}
        for slot, held in slots.items():
            if "certificate" not in held or held["certificate"] is None:
                slots[slot] = self._certificate(held.get("info") or {}, f"{whose} {slot}")
        if not slots:
            return attestation
        return {**attestation, "x509": {**x509, SIGNING: slots}}

    def _certificate(self, info: Json, whose: str) -> Json:
        from dpsctl.certificates.files import read_certificate

        path = self._files.get(str(info.get("sha256Thumbprint")))
        if path is None:
            self._missing.append(f"{whose} ({info.get('subjectName')})")
            return {}
        return {"certificate": read_certificate(str(path), "--certificates", self._run)}


def _changed(defaults: Change, values: Mapping[str, Any]) -> Change:
    """Return what the command line asks for, changed by what a row says."""
    if "etag" not in values:  # written by hand: the service's own may be newer than this is
        _refuse_unknown(values)
    own = [_assignment(name, value) for name, value in values.items() if name not in _READ_ONLY]
    check_edits(Edits(set_values=own), _ID)
    edits = defaults.edits
    return replace(defaults, edits=replace(edits, set_values=[*(edits.set_values or []), *own]))


def _refuse_unknown(values: Mapping[str, Any]) -> None:
    from dpsctl.manifests.fields import GROUP

    for name in values:
        if parse_path(name.removesuffix(":="), f"column '{name}'")[0] not in GROUP.fields:
            raise UsageError(
                f"'{name}' is no field of a group",
                "Name it as in the REST body: provisioningStatus, initialTwin.tags.site; ':=' "
                "after the name of a column says that JSON follows.",
            )


def _assignment(name: str, value: Any) -> str:
    """Say as `--set` does what a cell of CSV says, or a field of JSON."""
    if isinstance(value, str):
        return f"{name}{value}" if name.endswith(":=") else f"{name}={value}"
    return f"{show_path((name,))}:={json.dumps(value)}"

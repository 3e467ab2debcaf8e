"""Bodies of enrollments of both kinds: made from flags, or a record changed by flags."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import field, fields
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.frozen import frozen
from dpsctl.options.enrollment import CertificatePolicy, Removal, Settings
from dpsctl.options.individual import Device
from dpsctl.options.records import Edits
from dpsctl.options.words import ReprovisionPolicy, Toggle
from dpsctl.payloads.allocation import changed_allocation, check_allocation, given_allocation
from dpsctl.payloads.attestation import changed_attestation
from dpsctl.payloads.certificate_policy import changed_policy, names_policy
from dpsctl.payloads.comparison import is_same
from dpsctl.payloads.hub_rules import Problem, hub_problems
from dpsctl.text.paths import parse_assignment, parse_path, remove_path, set_path, show_path
from dpsctl.text.values import parse_object

Json = dict[str, Any]
# updateHubAssignment, migrateDeviceData (docs/service.md#b9).
_REPROVISIONING = {
    ReprovisionPolicy.migrate: (True, True),
    ReprovisionPolicy.reset: (True, False),
    ReprovisionPolicy.never: (False, False),
}


# The flags of fields that a hub may not take.
_FLAGS = {"deviceId": "--device-id", "iotHubs": "--iot-hubs", "iotHubHostName": "--set"}


@frozen(kw_only=True)
class Change:
    """What a command line asks of a record, one that is there already or a new one.

    *attestation* is what the flags say of it, None if nothing; *collection* is where this kind of
    record keeps its certificates.
    """

    attestation: Json | None
    collection: str
    settings: Settings
    edits: Edits
    device: Device = field(default_factory=Device)
    removal: Removal = field(default_factory=Removal)

    @property
    def names_policy(self) -> bool:
        """Whether it is about a certificate policy, which older api-versions do not have."""
        flags = vars(self.settings)
        given = any(flags[item.name] is not None for item in fields(CertificatePolicy))
        return given or names_policy(_edited_fields(self.edits))

    def check(self) -> None:
        """Refuse what cannot be meant of any record, before one is read. Raises UsageError."""
        given = _changed_device(given_allocation(self.settings), self.device)
        _change_twin(given, self.settings)
        _refuse_problems({}, given)

    def new(self, id_field: str, record_id: str) -> Json:
        """Build the body of a new record: the defaults that az sends, changed. Raises UsageError.

        Where nothing says how devices prove who they are, the service makes symmetric keys.
        """
        defaults = {
            id_field: record_id,
            "attestation": self.attestation or {"type": "symmetricKey", "symmetricKey": {}},
            "capabilities": {"iotEdge": False},
            "reprovisionPolicy": _reprovision_policy(ReprovisionPolicy.migrate),
        }
        return self.of(defaults)

    def of(self, record: Json) -> Json:
        """Return *record* changed; `--set` and `--remove` come last. Raises UsageError."""
        changed = _changed_device(_changed_settings(record, self.settings), self.device)
        if self.attestation is not None or self.removal.slots:
            changed["attestation"] = changed_attestation(
                record.get("attestation") or {}, self.attestation, self.removal, self.collection
            )
        edited = _edited(changed, self.edits, self.settings)
        _refuse_problems(record, edited)
        return edited


def doubts(record: Json, changed: Json) -> list[str]:
    """Say what of a *changed* record hubs will not take, as far as *record* had it otherwise."""
    return [
        f"{show_path(problem.path)}: {problem.says}"
        for problem in _problems(record, changed)
        if problem.is_warning
    ]


def _refuse_problems(record: Json, changed: Json) -> None:
    for problem in _problems(record, changed):
        if not problem.is_warning:
            raise UsageError(f"{_FLAGS[problem.path[0]]}: {problem.says}", "Nothing was written.")


def _problems(record: Json, changed: Json) -> Iterator[Problem]:
    """Judge what has changed: an old record may hold more than these rules allow."""
    touched = {
        name: value for name, value in changed.items() if not is_same(value, record.get(name))
    }
    return hub_problems(touched)


def _changed_settings(record: Json, settings: Settings) -> Json:
    """Return *record* with what the flags ask for; all else stays as it is."""
    changed = changed_policy(changed_allocation(deepcopy(record), settings), settings)
    if settings.edge_enabled is not None:
        capabilities = changed.get("capabilities") or {}
        on = settings.edge_enabled is Toggle.true
        changed["capabilities"] = {**capabilities, "iotEdge": on}
    if settings.provisioning_status is not None:
        changed["provisioningStatus"] = settings.provisioning_status.value
    if settings.reprovision_policy is not None:
        old = changed.get("reprovisionPolicy") or {}
        changed["reprovisionPolicy"] = {**old, **_reprovision_policy(settings.reprovision_policy)}
    _change_twin(changed, settings)
    return changed


def _changed_device(record: Json, device: Device) -> Json:
    """Return *record* with what the flags say of the one device it is for."""
    changed = dict(record)
    if device.device_id is not None:
        changed["deviceId"] = device.device_id
    if device.device_information is not None and any(device.device_information):
        told = parse_object(device.device_information, "--device-information")
        changed["optionalDeviceInformation"] = told
    return changed


def _edited(record: Json, edits: Edits, settings: Settings) -> Json:
    """Return *record* with the fields that `--set` and `--remove` name changed.

    What the edits and the flags' *settings* together make of it is judged. Raises UsageError.
    """
    for assignment in edits.set_values or []:
        path, value = parse_assignment(assignment)
        record = set_path(record, path, value)
    for name in edits.remove_paths or []:
        record = remove_path(record, parse_path(name))
    check_allocation(record, settings, _edited_fields(edits))
    return record


def check_edits(edits: Edits, id_field: str) -> None:
    """Refuse edits that cannot be read, one field set twice, and those of the id and the etag."""
    paths = [parse_assignment(text)[0] for text in edits.set_values or []]
    if twice := next((path for path in paths if paths.count(path) > 1), None):
        raise UsageError(f"--set: {show_path(twice)} is given twice", "Give each field once.")
    for name in _edited_fields(edits):
        if name in {id_field, "etag"}:
            raise UsageError(
                f"--set and --remove cannot change {name}",
                "It names the record, or has an option of its own.",
            )


def _edited_fields(edits: Edits) -> list[str]:
    paths = [parse_assignment(text)[0] for text in edits.set_values or []]
    paths += [parse_path(text) for text in edits.remove_paths or []]
    return [path[0] for path in paths]


def _reprovision_policy(policy: ReprovisionPolicy) -> Json:
    update, migrate = _REPROVISIONING[policy]
    return {"updateHubAssignment": update, "migrateDeviceData": migrate}


def _change_twin(record: Json, settings: Settings) -> None:
    """Replace the tags or the desired properties; the other part of the twin stays."""
    twin = record.get("initialTwin") or {}
    if settings.initial_twin_tags is not None:
        tags = parse_object(settings.initial_twin_tags, "--initial-twin-tags")
        record["initialTwin"] = twin = {**twin, "tags": tags}
    if settings.initial_twin_properties is not None:
        desired = parse_object(settings.initial_twin_properties, "--initial-twin-properties")
        properties = {**(twin.get("properties") or {}), "desired": desired}
        record["initialTwin"] = {**twin, "properties": properties}

"""Bodies of enrollment groups: made from flags, or a record changed by flags."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import Settings
from dpsctl.options.records import Edits
from dpsctl.options.words import WORD_BREAK, ReprovisionPolicy, Toggle
from dpsctl.paths import parse_assignment, parse_path, remove_path, set_path
from dpsctl.payloads.allocation import changed_allocation
from dpsctl.values import parse_object

Json = dict[str, Any]
# updateHubAssignment, migrateDeviceData (facts.md B9).
_REPROVISIONING = {
    ReprovisionPolicy.migrate: (True, True),
    ReprovisionPolicy.reset: (True, False),
    ReprovisionPolicy.never: (False, False),
}


def new_record(id_field: str, record_id: str, attestation: Json, settings: Settings) -> Json:
    """Build the body of a new enrollment, with the defaults that az sends."""
    body = {
        id_field: record_id,
        "attestation": attestation,
        "capabilities": {"iotEdge": False},
        "reprovisionPolicy": _reprovision_policy(ReprovisionPolicy.migrate),
    }
    return changed_settings(body, settings)


def changed_settings(record: Json, settings: Settings) -> Json:
    """Return *record* with what the flags ask for; all else stays as it is."""
    changed = changed_allocation(deepcopy(record), settings)
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


def edited(record: Json, edits: Edits) -> Json:
    """Return *record* with the fields that `--set` and `--remove` name changed."""
    for assignment in edits.set_values or []:
        path, value = parse_assignment(assignment)
        record = set_path(record, path, value)
    for name in edits.remove_paths or []:
        record = remove_path(record, parse_path(name))
    return record


def check_edits(edits: Edits, fixed: Sequence[str]) -> None:
    """Refuse edits that cannot be read, and those of the fields *fixed* by the command."""
    paths = [parse_assignment(text)[0] for text in edits.set_values or []]
    paths += [parse_path(text) for text in edits.remove_paths or []]
    for path in paths:
        if path[0] in fixed:
            raise UsageError(
                f"--set and --remove cannot change {path[0]}",
                "It names the record, or has an option of its own.",
            )


def _reprovision_policy(policy: ReprovisionPolicy) -> Json:
    update, migrate = _REPROVISIONING[policy]
    return {"updateHubAssignment": update, "migrateDeviceData": migrate}


def _change_twin(record: Json, settings: Settings) -> None:
    """Replace the tags or the desired properties; the other part of the twin stays."""
    twin = record.get("initialTwin") or {}
    if settings.initial_twin_tags is not None:
        tags = parse_object(settings.initial_twin_tags.split(WORD_BREAK), "--initial-twin-tags")
        record["initialTwin"] = twin = {**twin, "tags": tags}
    if settings.initial_twin_properties is not None:
        words = settings.initial_twin_properties.split(WORD_BREAK)
        desired = parse_object(words, "--initial-twin-properties")
        properties = {**(twin.get("properties") or {}), "desired": desired}
        record["initialTwin"] = {**twin, "properties": properties}

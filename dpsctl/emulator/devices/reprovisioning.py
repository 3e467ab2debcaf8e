"""What becomes of a device that was assigned before: its hub, its twin, its substatus. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dpsctl.emulator.answers import Json
from dpsctl.emulator.devices.allocation import Hub

_LAST_WITHOUT_POLICIES = "2018-04-01"


@dataclass(frozen=True)
class Assigned:
    """Describe a device as its hub has it.

    *first_hub* is where it was assigned to first, *twin* the `tags` and `desired` that it began
    with and, if its data was migrated, still has. Devices themselves change nothing of it, for the
    emulator is no hub.
    """

    hub: str
    device_id: str
    first_hub: str
    substatus: str
    twin: Json


def policy_for(enrollment: Json, api_version: str) -> Json:
    """Return the reprovisionPolicy that counts for a device that asks in *api_version*.

    Where none is stored, devices from before there were policies stick to their hub
    (docs/service.md#b9).
    """
    stored: Json | None = enrollment.get("reprovisionPolicy")
    if stored is None and api_version <= _LAST_WITHOUT_POLICIES:
        return {"updateHubAssignment": False}
    return stored or {}


def candidates(policy: Json, hubs: Sequence[Hub], before: Assigned | None) -> Sequence[Hub]:
    """Return the hubs to choose from: a device that never moves has only its own.

    *policy* is a reprovisionPolicy; what it does not say is true (docs/service.md#a3).
    """
    if before is None or policy.get("updateHubAssignment", True):
        return hubs
    return [(before.hub, 1)]


def assigned(
    policy: Json, before: Assigned | None, hub: str, device_id: str, initial_twin: Json
) -> Assigned:
    """Return the device after it was assigned to *hub*.

    A device that stays keeps its data and its substatus (docs/service.md#b9). One that moves takes
    its data along, or begins anew with *initial_twin*; coming back to its first hub has a
    substatus of its own.
    """
    if before is None:
        return Assigned(hub, device_id, hub, "initialAssignment", initial_twin)
    if hub == before.hub:
        return Assigned(hub, device_id, before.first_hub, before.substatus, before.twin)
    migrates = policy.get("migrateDeviceData", True)
    substatus = "deviceDataMigrated" if migrates else "deviceDataReset"
    if hub == before.first_hub:
        substatus = "reprovisionedToInitialAssignment"
    twin = before.twin if migrates else initial_twin
    return Assigned(hub, device_id, before.first_hub, substatus, twin)

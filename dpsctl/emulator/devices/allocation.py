"""Which of the linked hubs a device is assigned to: pure, but for the custom policy's webhook."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

from dpsctl.emulator.answers import Json

NO_HUB = 400208
HUB_NOT_FOUND = 401001

Hub = tuple[str, int]


class AllocationFailed(Exception):
    """Raised when a device gets no hub; *code* and message go into its registration's state."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def linked_hubs(enrollment: Json, hubs: Sequence[Hub]) -> list[Hub]:
    """Return those of the service's *hubs*, with their weights, that *enrollment* may use.

    Raises AllocationFailed if there are none: with 400208 when the service has no hub at all, with
    401001 when the enrollment names only hubs that are not linked (docs/service.md#b6).
    """
    if not hubs:
        raise AllocationFailed(NO_HUB, "No IoT hub is linked to the provisioning service.")
    wanted = enrollment.get("iotHubs") or [enrollment.get("iotHubHostName")]
    names = {name.lower() for name in wanted if name}
    linked = [hub for hub in hubs if not names or hub[0].lower() in names]
    if not linked:
        raise AllocationFailed(HUB_NOT_FOUND, "IoTHub not found.")
    return linked


def choose_hub(
    policy: str | None, registration_id: str, hubs: Sequence[Hub], latencies: dict[str, float]
) -> str:
    """Return the hub that an allocation *policy* but `custom` assigns the device to.

    `hashed` (the default) spreads devices by weight, and the same device gets the same hub while
    the hubs stay; a hub more or less moves no more devices than it must. `static` takes the first
    hub. `geoLatency` takes the hub with the lowest of the *latencies* (host name to milliseconds);
    those without one come last, and equals are told apart as `hashed` does.
    """
    if policy == "static":
        return hubs[0][0]
    if policy == "geoLatency":
        known = {name.lower(): latency for name, latency in latencies.items()}
        best = min(known.get(name.lower(), math.inf) for name, _ in hubs)
        hubs = [hub for hub in hubs if known.get(hub[0].lower(), math.inf) == best]
    return max(hubs, key=lambda hub: _score(registration_id, *hub))[0]


def _score(registration_id: str, hub: str, weight: int) -> float:
    """Rank a hub for a device: weighted rendezvous hashing."""
    digest = hashlib.sha256(f"{registration_id.lower()}\n{hub.lower()}".encode()).digest()
    share = (int.from_bytes(digest[:8], "big") + 1) / (2**64 + 2)
    return -weight / math.log(share)

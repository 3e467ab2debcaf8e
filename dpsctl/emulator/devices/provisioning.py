"""Register a device: find it a hub, and keep what became of it for the device and the service."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from dpsctl.emulator.answers import Json, Refusal
from dpsctl.emulator.call import Service
from dpsctl.emulator.central.devices import admit
from dpsctl.emulator.devices.allocation import AllocationFailed, choose_hub, linked_hubs
from dpsctl.emulator.devices.enrolled import Enrolled
from dpsctl.emulator.devices.reprovisioning import Assigned, assigned, candidates, policy_for
from dpsctl.emulator.devices.webhook import Allocation, ask_webhook
from dpsctl.emulator.enrollments.kinds import REGISTRATION
from dpsctl.emulator.etags import new_etag
from dpsctl.emulator.store import Store

if TYPE_CHECKING:
    from dpsctl.certificates.issuers import PublicKey

_HUB_DEVICE = "HubDevice"
_ISSUED = "IssuedCertificate"
_CHANGED_MEANWHILE = 409203


@dataclass(frozen=True)
class Wish:
    """What a device asks: *payload* is for the webhook, *key* is to be issued a certificate."""

    api_version: str
    payload: Any = None
    key: PublicKey | None = None


def provision(service: Service, enrolled: Enrolled, registration_id: str, wish: Wish) -> Json:
    """Register a device that has proved to be *enrolled*, and return its registration's state.

    The state's status is `assigned`, `failed` or `disabled`; a device that is assigned is issued a
    certificate if it wishes for one. No hub is told of the device, for hubs are not emulated.
    Raises Refusal: with 409203 if somebody else registered the same device meanwhile.
    """
    began = service.clock.timestamp()
    known = service.store.get(REGISTRATION, registration_id)
    before = _assigned_before(service, registration_id, known)
    policy = policy_for(enrolled.record, wish.api_version)
    attempt = _Attempt(service, enrolled, registration_id, wish.payload, before, policy)
    outcome, after = attempt.outcome()
    chain = _issued(service, enrolled, registration_id, wish.key) if after and wish.key else []
    state = {
        "registrationId": (known or {}).get("registrationId", registration_id),
        "createdDateTimeUtc": (known or {}).get("createdDateTimeUtc", began),
        **outcome,
        "lastUpdatedDateTimeUtc": service.clock.timestamp(),
        "etag": new_etag(),
    }
    with service.store.writing():
        if service.store.get(REGISTRATION, registration_id) != known:
            raise Refusal(_CHANGED_MEANWHILE, "Precondition failed.")
        label = enrolled.group_id or ""
        service.store.put(REGISTRATION, registration_id, state, label)
        _keep_issued(service.store, registration_id, chain)
        if after:
            service.store.put(_HUB_DEVICE, registration_id, asdict(after))
        if after and enrolled.is_central:
            admit(service.store, registration_id)
    return state


def _issued(
    service: Service, enrolled: Enrolled, registration_id: str, key: PublicKey
) -> list[str]:
    from dpsctl.emulator.issuing.authority import issued_chain  # most devices ask for none

    return issued_chain(service, enrolled.record, registration_id, key)


def _keep_issued(store: Store, registration_id: str, chain: list[str]) -> None:
    """Keep what this registration brought; what an earlier one did is not told again."""
    if chain:
        store.put(_ISSUED, registration_id, {"issuedCertificateChain": chain})
    else:
        store.delete(_ISSUED, registration_id)


def issued_with(service: Service, registration_id: str) -> Json:
    """Return what a registration's result says of the certificate that was issued with it."""
    return service.store.get(_ISSUED, registration_id) or {}


def assigned_device(service: Service, registration_id: str) -> Assigned | None:
    """Return a device as its hub would have it, None if it is at no hub.

    What a registration that was deleted left behind does not count: the next one is the first.
    """
    known = service.store.get(REGISTRATION, registration_id)
    return _assigned_before(service, registration_id, known)


def _assigned_before(service: Service, registration_id: str, known: Json | None) -> Assigned | None:
    if not known:
        return None
    kept = service.store.get(_HUB_DEVICE, registration_id)
    if kept:
        return Assigned(**kept)
    hub = known.get("assignedHub")  # a registration that was seeded
    device_id = known.get("deviceId", registration_id)
    return Assigned(hub, device_id, hub, "initialAssignment", {}) if hub else None


@dataclass(frozen=True)
class _Attempt:
    """Hold what decides about one registration."""

    service: Service
    enrolled: Enrolled
    registration_id: str
    payload: Any
    before: Assigned | None
    policy: Json

    def outcome(self) -> tuple[Json, Assigned | None]:
        """Return the state's part that tells how it went, and the device if it got a hub."""
        if self.enrolled.is_disabled:
            return {"status": "disabled"}, None
        try:
            allocation = self._allocation()
        except AllocationFailed as failed:
            error = {"errorCode": failed.code, "errorMessage": failed.message}
            return {"status": "failed", **error}, None
        device = self._assigned(allocation)
        told = {} if allocation.payload is None else {"payload": allocation.payload}
        place = {"assignedHub": device.hub, "deviceId": device.device_id}
        return {**place, "status": "assigned", "substatus": device.substatus, **told}, device

    def _allocation(self) -> Allocation:
        record, settings = self.enrolled.record, self.service.settings
        linked = linked_hubs(record, settings.hubs)
        hubs = candidates(self.policy, linked, self.before)
        if record.get("allocationPolicy") == "custom":
            names = [name for name, _ in linked]
            wanted = ask_webhook(self.enrolled, self._context(), names)
            return wanted if len(hubs) > 1 else replace(wanted, hub=hubs[0][0])
        latencies = dict(settings.latencies)
        policy = record.get("allocationPolicy")
        return Allocation(choose_hub(policy, self.registration_id, hubs, latencies))

    def _assigned(self, allocation: Allocation) -> Assigned:
        record = self.enrolled.record
        known_as = self.before.device_id if self.before else self.registration_id
        device_id = record.get("deviceId") or known_as
        twin = allocation.initial_twin or record.get("initialTwin") or {}
        return assigned(self.policy, self.before, allocation.hub, device_id, twin)

    def _context(self) -> Json:
        """Return `deviceRuntimeContext` but for the proof (docs/service.md#b10)."""
        context: Json = {"registrationId": self.registration_id}
        if self.before:
            context["currentIotHubHostName"] = self.before.hub
            context["currentDeviceId"] = self.before.device_id
        return context if self.payload is None else {**context, "payload": self.payload}

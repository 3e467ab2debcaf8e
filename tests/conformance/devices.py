"""How devices register, and what becomes of those that may not."""

from __future__ import annotations

from base64 import b64encode

from conformance.asking import Asking
from conformance.scenarios import asks

from dpsctl.keys import derive_device_key

OTHER_KEY = b64encode(bytes(range(64))).decode()


@asks("b9", "id scope")
def strangers_are_refused(ask: Asking) -> None:
    ask.put_individual()
    ask.expect("a wrong key", 401000, ask.register(ask.id(), OTHER_KEY).code)
    ask.expect("a device without an enrollment", 401000, ask.register(ask.id("b"), OTHER_KEY).code)


@asks("b9", "id scope")
def group_keys_are_no_devices_keys(ask: Asking) -> None:
    keys = ask.put_group().body["attestation"]["symmetricKey"]
    answer = ask.register(ask.id("device"), keys["primaryKey"])

    ask.expect("the group's own key", 401000, answer.code)


@asks("b9")
def devices_that_never_called_are_unassigned(ask: Asking) -> None:
    written = ask.put_individual().body
    read = ask.call("GET", ask.individual()).body

    ask.expect("does the answer to PUT show a state", False, "registrationState" in written)
    ask.expect("the status that a GET shows", "unassigned", read["registrationState"]["status"])
    ask.expect(
        "GET of the registration",
        404201,
        ask.call("GET", f"/registrations/{ask.id()}").code,
    )


@asks("b9", "id scope", "hub")
def devices_register_by_group(ask: Asking) -> None:
    ask.put_group()
    answer = ask.register_by_group("a", ask.id("device"))
    state = answer.body["registrationState"]
    kept = ask.call("GET", f"/registrations/{ask.id('device')}").body

    ask.expect("status of the operation", "assigned", answer.body["status"])
    ask.expect("hub", ask.visit.target.hub, state.get("assignedHub"))
    ask.expect("substatus", "initialAssignment", state.get("substatus"))
    ask.expect("does the registration name its group", False, "enrollmentGroupId" in kept)
    again = ask.register_by_group("a", ask.id("device")).body["registrationState"]
    ask.expect("substatus of the second time", "initialAssignment", again.get("substatus"))


@asks("b9", "id scope", "hub")
def secondary_keys_and_other_spellings(ask: Asking) -> None:
    keys = ask.put_group().body["attestation"]["symmetricKey"]
    device = ask.id("device")
    by_second = ask.register(device, derive_device_key(keys["secondaryKey"], device))
    ask.expect("a key derived from the secondary", "assigned", by_second.body.get("status"))
    capitals = device.upper()
    other = ask.register(capitals, derive_device_key(keys["primaryKey"], device))
    ask.expect("an id in capitals with the key of the other spelling", 401000, other.code)


@asks("b9", "id scope", "hub")
def disabled_devices_are_told(ask: Asking) -> None:
    keys = ask.put_individual(provisioningStatus="disabled").body["attestation"]["symmetricKey"]
    answer = ask.register(ask.id(), keys["primaryKey"])

    ask.expect("status of the answer", 200, answer.code)
    ask.expect("status of the operation", "disabled", answer.body.get("status"))


@asks("b10", "id scope", "hub")
def hubs_that_are_not_linked_fail_at_registration(ask: Asking) -> None:
    hubs = ["no-such-hub-of-mine.azure-devices.net"]
    ask.put_group(iotHubs=hubs, allocationPolicy="static")
    state = ask.register_by_group("a", ask.id("device")).body["registrationState"]

    ask.expect("status", "failed", state.get("status"))
    ask.expect("errorCode", 401001, state.get("errorCode"))

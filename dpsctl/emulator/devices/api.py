"""What devices ask of the service: register me, how far is that, what am I."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dpsctl.emulator.answers import NOT_FOUND, Answer, Json, Refusal, invalid, read_json
from dpsctl.emulator.call import Call
from dpsctl.emulator.devices.enrolled import Device, Enrolled
from dpsctl.emulator.devices.identification import identify
from dpsctl.emulator.devices.operations import is_operation_of, new_operation_id
from dpsctl.emulator.devices.provisioning import Wish, assigned_device, issued_with, provision
from dpsctl.emulator.devices.tpm import TpmWanted, challenge, hub_key
from dpsctl.emulator.enrollments.kinds import REGISTRATION

_NOT_REGISTERED = 404201
_TOO_LARGE = 413000


def register(call: Call, id_scope: str, registration_id: str) -> Answer:
    """Register a device; whether it got a hub, it is told when it asks for the operation.

    One whose enrollment is disabled is told at once, without an operation. One with a TPM is
    challenged first.
    """
    try:
        enrolled = _identified(call, id_scope, registration_id)
    except TpmWanted as tpm:
        return challenge(call.service, tpm, _body(call, registration_id))
    wish = _wish(call, registration_id)
    state = provision(call.service, enrolled, registration_id, wish)
    if state["status"] == "disabled":
        disabled = _operation(call, "", enrolled, state)
        return replace(disabled, reason="The enrollment is disabled.")
    key = call.service.identity.policy_key
    accepted = {"operationId": new_operation_id(registration_id, key), "status": "assigning"}
    headers = {
        "Location": call.request.base_url,
        "Retry-After": str(call.settings.retry_after_seconds),
    }
    return Answer(202, accepted, headers, state.get("errorMessage"))


def operation_status(call: Call, id_scope: str, registration_id: str, operation_id: str) -> Answer:
    """Answer what became of a registration.

    Operations are not kept: each tells of the registration as it is now.
    """
    enrolled = _identified(call, id_scope, registration_id)
    if not is_operation_of(operation_id, registration_id, call.service.identity.policy_key):
        raise Refusal(NOT_FOUND, "Operation not found.")
    state = _registered(call, registration_id) | issued_with(call.service, registration_id)
    return _operation(call, operation_id, enrolled, state)


def look_up(call: Call, id_scope: str, registration_id: str) -> Answer:
    """Answer with the device's registration, and how it was proved, but no issued certificate."""
    enrolled = _identified(call, id_scope, registration_id)
    if _body(call, registration_id).get("csr") is not None:
        raise invalid("csr is for the registration, not for its look-up.")
    return Answer(body=_result(call, enrolled, _registered(call, registration_id)))


def show_hub_device(call: Call, registration_id: str) -> Answer:
    """Answer, for testers, how a hub would have got the device."""
    device = assigned_device(call.service, registration_id)
    if device is None:
        raise Refusal(NOT_FOUND, "The device is assigned to no hub.")
    return Answer(
        body={"assignedHub": device.hub, "deviceId": device.device_id, "twin": device.twin}
    )


def _identified(call: Call, id_scope: str, registration_id: str) -> Enrolled:
    token = call.header("Authorization")
    device = Device(id_scope, registration_id, token, call.peer_certificates)
    return identify(call.service, device)


def _body(call: Call, registration_id: str) -> Json:
    """Read a DeviceRegistration; none at all says as much as one that only repeats the id."""
    data = call.request.get_data()
    most = call.settings.limits.message_bytes
    if len(data) > most:
        raise Refusal(_TOO_LARGE, f"The message is larger than {most} bytes.")
    body: Any = read_json(data) if data.strip() else {}
    if not isinstance(body, dict):
        raise invalid("The request body must be a JSON object: DeviceRegistration.")
    named = body.get("registrationId")
    if named is not None and str(named).lower() != registration_id.lower():
        raise invalid("registrationId in the body is not the id in the URL.")
    return body


def _wish(call: Call, registration_id: str) -> Wish:
    body = _body(call, registration_id)
    wish = Wish(call.api_version, body.get("payload"))
    if body.get("csr") is None:
        return wish
    from dpsctl.emulator.issuing.requests import requested_key  # few devices ask for a certificate

    return replace(wish, key=requested_key(body["csr"], registration_id, call.api_version))


def _operation(call: Call, operation_id: str, enrolled: Enrolled, state: Json) -> Answer:
    return Answer(
        body={
            "operationId": operation_id,
            "status": state["status"],
            "registrationState": _result(call, enrolled, state),
        }
    )


def _result(call: Call, enrolled: Enrolled, state: Json) -> Json:
    """Return a DeviceRegistrationResult: how the device was proved, and what became of it."""
    if enrolled.is_tpm and state["status"] == "assigned":
        return {"tpm": hub_key(call.service, enrolled), **state}
    return {**enrolled.result(), **state}


def _registered(call: Call, registration_id: str) -> Json:
    state = call.store.get(REGISTRATION, registration_id)
    if state is None:
        raise Refusal(_NOT_REGISTERED, "Registration not found.")
    return state

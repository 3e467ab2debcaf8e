"""The custom allocation policy: a webhook of the user's, called for real."""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dpsctl.emulator.answers import Json, Refusal, read_json
from dpsctl.emulator.devices.allocation import AllocationFailed
from dpsctl.emulator.devices.enrolled import Enrolled
from dpsctl.emulator.enrollments.kinds import GROUP

CUSTOM_ALLOCATION_FAILED = 400207
_SECONDS = 10
_OK = 200


@dataclass(frozen=True)
class Allocation:
    """Carry a hub, and what the webhook wants the device's twin and the device itself to have."""

    hub: str
    initial_twin: Json | None = None
    payload: Any = None


def ask_webhook(enrolled: Enrolled, context: Json, hubs: Sequence[str]) -> Allocation:
    """Ask the enrollment's webhook which of *hubs* a device shall have (docs/service.md#b10).

    *context* is `deviceRuntimeContext`, the proof left out. Raises AllocationFailed.
    """
    body = {
        _name_of(enrolled): _shown(enrolled.record),
        "deviceRuntimeContext": {**context, **_proof(enrolled)},
        "linkedHubs": list(hubs),
    }
    return _allocation(
        _post(enrolled.record["customAllocationDefinition"]["webhookUrl"], body), hubs
    )


def _name_of(enrolled: Enrolled) -> str:
    return "enrollmentGroup" if enrolled.kind is GROUP else "individualEnrollment"


def _shown(record: Json) -> Json:
    """Return an enrollment as webhooks are shown it: no keys, no secrets of the URL."""
    webhook = dict(record["customAllocationDefinition"])
    address, mark, _ = webhook["webhookUrl"].partition("?")
    webhook["webhookUrl"] = f"{address}?****" if mark else address
    return {
        **record,
        "attestation": {"type": record["attestation"]["type"]},
        "etag": binascii.a2b_base64(record["etag"]).decode(),
        "customAllocationDefinition": webhook,
    }


def _proof(enrolled: Enrolled) -> Json:
    """Return what the device showed: what `x509` holds is documented as "certificate details"."""
    info = enrolled.certificate_info
    return {enrolled.record["attestation"]["type"]: {"certificateInfo": info} if info else {}}


def _post(url: str, body: Json) -> Any:
    import requests  # 100 ms, and most emulators never call a webhook

    try:
        answer = requests.post(url, json=body, timeout=_SECONDS, allow_redirects=False)
    except (requests.RequestException, ValueError) as error:
        raise _failed(f": no answer from the webhook ({type(error).__name__})") from None
    if answer.status_code != _OK:
        raise _failed(f" with status code: {answer.status_code}")
    try:
        return read_json(answer.content)
    except Refusal:
        raise _failed(": the webhook's answer is not JSON") from None


def _allocation(answer: Any, hubs: Sequence[str]) -> Allocation:
    """Read the webhook's answer. Raises AllocationFailed if it breaks the rules."""
    if not isinstance(answer, dict):
        raise _failed(": the webhook's answer is not an object")
    wanted = str(answer.get("iotHubHostName")).lower()
    hub = next((hub for hub in hubs if hub.lower() == wanted), None)
    if hub is None:
        raise _failed(": iotHubHostName is none of the linkedHubs")
    twin = answer.get("initialTwin")
    if not (twin is None or isinstance(twin, dict)):
        raise _failed(": initialTwin is not an object")
    return Allocation(hub, twin, answer.get("payload"))


def _failed(why: str) -> AllocationFailed:
    return AllocationFailed(CUSTOM_ALLOCATION_FAILED, f"Custom allocation failed{why}")

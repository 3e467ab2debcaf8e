"""Devices with a TPM: a challenge that only it can read, and the key for the hub that it gets.

Two secrets are kept of a device. It signs its tokens with the one of the last challenge; the other
is its key for the hub, which stays while its endorsement key does (docs/service.md#j4).
"""

from __future__ import annotations

import binascii
import secrets

from dpsctl.emulator.access.tokens import unauthorized
from dpsctl.emulator.answers import UNAUTHORIZED, Answer, Json, Refusal
from dpsctl.emulator.call import Service
from dpsctl.emulator.devices.enrolled import Device, Enrolled
from dpsctl.emulator.devices.keys import checked_token, wrong_key
from dpsctl.emulator.enrollments.attestation import wrong_endorsement_key, wrong_storage_root_key
from dpsctl.emulator.tpm.public_areas import PublicArea, read_public_area
from dpsctl.keys import decode_key

_KIND = "Tpm"
_SECRET_BYTES = 32
_KEY_NAME = "registration"


class TpmWanted(Refusal):
    """Raised for a device whose enrollment has a TPM, and who has shown nothing yet."""

    def __init__(self, enrolled: Enrolled) -> None:
        reason = (
            "The enrollment wants TPM attestation: the device registers with its endorsement key "
            "over HTTPS, and signs with the key that it is sent."
        )
        super().__init__(UNAUTHORIZED, "Unauthorized", reason=reason)
        self.enrolled = enrolled


def find_by_tpm(service: Service, device: Device, enrolled: Enrolled) -> Enrolled:
    """Return *enrolled* if the device's token is signed with the key of the last challenge.

    Raises Refusal, which is TpmWanted where there is no token.
    """
    if device.token is None:
        raise TpmWanted(enrolled)
    token = checked_token(service, device)
    kept = _kept(service, enrolled)
    if kept is None:
        raise wrong_key("The device has not been sent a key for its token, or has another TPM now.")
    if not token.is_signed_with(kept["challenge"]):
        raise wrong_key("The token is not signed with the key of the last challenge.")
    return enrolled


def challenge(service: Service, wanted: TpmWanted, body: Json) -> Answer:
    """Answer 401 with a key for the device's tokens, which takes the place of an earlier one.

    *body* is the device's DeviceRegistration. Raises *wanted* if it names no TPM, Refusal if that
    is another than the enrollment's.
    """
    sent = body.get("tpm")
    if not isinstance(sent, dict):
        raise wanted
    keys = _checked_keys(wanted.enrolled, sent)
    kept = _kept(service, wanted.enrolled) or {"hub": _new_secret()}
    record = {**kept, **keys, "challenge": _new_secret()}
    service.store.put(_KIND, wanted.enrolled.record["registrationId"], record)
    answer = {
        "message": "Authorization required, resend request using supplied key",
        "authenticationKey": _blob(record, "challenge"),
        "unencryptedAuthenticationKey": None,
        "keyName": _KEY_NAME,
    }
    return Answer(401, answer, reason="The TPM is challenged.")


def hub_key(service: Service, enrolled: Enrolled) -> Json:
    """Return what a registration's result says to the TPM: its key for the hub."""
    kept = _kept(service, enrolled)
    return {"authenticationKey": _blob(kept, "hub")} if kept else {}


def refuse_tpm(enrolled: Enrolled) -> None:
    """Refuse a device with a TPM where the service offers no TPM attestation. Raises Refusal."""
    if enrolled.is_tpm:
        raise unauthorized(reason="There is no TPM attestation over MQTT.")


def _checked_keys(enrolled: Enrolled, sent: Json) -> Json:
    """Return the two keys of a TPM; the storage root key may be that of the enrollment."""
    own: Json = enrolled.record["attestation"]["tpm"]
    endorsement = sent.get("endorsementKey")
    storage_root = sent.get("storageRootKey") or own.get("storageRootKey")
    if read_public_area(endorsement) is None or endorsement != own["endorsementKey"]:
        raise wrong_endorsement_key()
    if read_public_area(storage_root) is None:
        raise wrong_storage_root_key()
    return {"endorsementKey": endorsement, "storageRootKey": storage_root}


def _kept(service: Service, enrolled: Enrolled) -> Json | None:
    """Return what is kept of the TPM that the enrollment names, None if that is new."""
    kept = service.store.get(_KIND, enrolled.record["registrationId"])
    own = enrolled.record["attestation"]["tpm"]["endorsementKey"]
    return kept if kept and kept["endorsementKey"] == own else None


def _blob(record: Json, secret: str) -> str:
    from dpsctl.emulator.tpm.activation import activation_blob  # its ciphers are for few devices

    blob = activation_blob(
        _area(record["endorsementKey"]), _area(record["storageRootKey"]), decode_key(record[secret])
    )
    return binascii.b2a_base64(blob, newline=False).decode()


def _area(key: str) -> PublicArea:
    area = read_public_area(key)
    assert area  # noqa: S101 - for mypy: it was read before it was kept
    return area


def _new_secret() -> str:
    return binascii.b2a_base64(secrets.token_bytes(_SECRET_BYTES), newline=False).decode()

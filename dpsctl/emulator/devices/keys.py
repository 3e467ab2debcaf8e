"""Devices that sign with a symmetric key: their own, or one derived from their group's."""

from __future__ import annotations

from urllib.parse import unquote

from dpsctl.emulator.access.tokens import SasToken, read_token
from dpsctl.emulator.answers import Refusal
from dpsctl.emulator.call import Service
from dpsctl.emulator.devices.enrolled import Device, Enrolled, groups_of, individual_of
from dpsctl.keys import derive_device_key

_WRONG_KEY = 401000


def find_by_token(service: Service, device: Device) -> Enrolled:
    """Return the enrollment whose key made the device's token.

    A token names no group, so each is tried; an individual enrollment stands before all of them.
    The derived key is that of the id as the device spells it. Raises Refusal.
    """
    token = checked_token(service, device)
    individual = individual_of(service.store, device.registration_id)
    if individual:
        if any(token.is_signed_with(key) for key in _keys(individual)):
            return individual
        raise wrong_key("The token is not signed with a key of the individual enrollment.")
    for group in groups_of(service.store, "symmetricKey", device.registration_id):
        if _has_derived_from(group, device.registration_id, token):
            return group
    raise wrong_key("The token is not signed with a key derived from one of a group's.")


def checked_token(service: Service, device: Device) -> SasToken:
    """Return the device's token, of which only the signature is still to be judged.

    Raises Refusal.
    """
    token = read_token(device.token)
    named = unquote(token.resource).lower()
    if named != f"{device.id_scope}/registrations/{device.registration_id}".lower():
        raise wrong_key("The token is for something else (sr).")
    if token.is_expired(service.clock.now()):
        raise wrong_key("The token has expired.")
    return token


def wrong_key(reason: str) -> Refusal:
    """Return the refusal of a device whose token is not what lets it in."""
    return Refusal(_WRONG_KEY, "Unauthorized", reason=reason)


def _has_derived_from(group: Enrolled, registration_id: str, token: SasToken) -> bool:
    return any(
        token.is_signed_with(derive_device_key(key, registration_id)) for key in _keys(group)
    )


def _keys(enrolled: Enrolled) -> tuple[str, ...]:
    """Return both keys; none if devices have to prove themselves in another way."""
    keys = enrolled.record["attestation"].get("symmetricKey")
    return (keys["primaryKey"], keys["secondaryKey"]) if keys else ()

"""Find out which enrollment a device belongs to, or refuse it."""

from __future__ import annotations

from dpsctl.emulator.access.tokens import unauthorized
from dpsctl.emulator.answers import invalid
from dpsctl.emulator.call import Service
from dpsctl.emulator.devices.certificates import find_by_certificate
from dpsctl.emulator.devices.enrolled import Device, Enrolled, individual_of
from dpsctl.emulator.devices.keys import find_by_token
from dpsctl.keys import IdFormatError, check_registration_id

_TPM = (
    "Unauthorized. The enrollment wants TPM attestation: the service would answer with a challenge "
    "that only a TPM can solve, the emulator makes none."
)


def identify(service: Service, device: Device) -> Enrolled:
    """Return the enrollment that *device* has proved to belong to.

    A token counts before a certificate. TPM attestation is not emulated: its challenge has to be
    encrypted for the device's endorsement key, so such a device is told 401. Raises Refusal.
    """
    try:
        check_registration_id(device.registration_id)
    except IdFormatError as error:
        raise invalid(f"{error}.") from None
    if device.id_scope != service.identity.id_scope:
        raise unauthorized(reason=f"The id scope is {service.identity.id_scope}.")
    individual = individual_of(service.store, device.registration_id)
    if individual and individual.record["attestation"]["type"] == "tpm":
        raise unauthorized(_TPM)
    if device.token is None and device.certificates:
        return find_by_certificate(service, device)
    return find_by_token(service, device)

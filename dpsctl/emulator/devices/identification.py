"""Find out which enrollment a device belongs to, or refuse it."""

from __future__ import annotations

from dpsctl.emulator.access.tokens import unauthorized
from dpsctl.emulator.answers import invalid
from dpsctl.emulator.call import Service
from dpsctl.emulator.devices.certificates import find_by_certificate
from dpsctl.emulator.devices.enrolled import Device, Enrolled, individual_of
from dpsctl.emulator.devices.keys import find_by_token
from dpsctl.emulator.devices.tpm import find_by_tpm
from dpsctl.keys import IdFormatError, check_registration_id


def identify(service: Service, device: Device) -> Enrolled:
    """Return the enrollment that *device* has proved to belong to.

    A token counts before a certificate. Raises Refusal, which is TpmWanted where the device may
    ask for a challenge.
    """
    try:
        check_registration_id(device.registration_id)
    except IdFormatError as error:
        raise invalid(f"{error}.") from None
    if device.id_scope != service.identity.id_scope:
        raise unauthorized(reason=f"The id scope is {service.identity.id_scope}.")
    individual = individual_of(service.store, device.registration_id)
    if individual and individual.is_tpm:
        return find_by_tpm(service, device, individual)
    if device.token is None and device.certificates:
        return find_by_certificate(service, device)
    return find_by_token(service, device)

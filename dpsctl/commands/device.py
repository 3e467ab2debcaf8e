"""`dpsctl device`: what a device does, to prove from here that its enrollment works."""

from __future__ import annotations

from typing import Any

from dpsctl import keys
from dpsctl.commands.records import REGISTRATION_COLUMNS
from dpsctl.frame.verbs import Noun, verb
from dpsctl.options.connection import Transport
from dpsctl.options.device import Host, IdScope, Payload, Proof, ShowConnectionString, Wait
from dpsctl.options.records import DryRun, RegistrationId
from dpsctl.run import Run
from dpsctl.service.device import connect_device, identity_of
from dpsctl.service.device import register as register_device
from dpsctl.text.values import parse_object


@verb(
    writes=True,
    columns=REGISTRATION_COLUMNS,
    examples=[
        "dpsctl device register --id-scope 0ne00000000 --rid device-1 --group-key @group.key",
        "dpsctl device register --rid device-2 --cp device-2.pem --key-path device-2.key",
    ],
)
def register(  # noqa: PLR0913 - each is one thing a user may say
    *,
    run: Run,
    transport: Transport,
    proof: Proof,
    id_scope: IdScope,
    registration_id: RegistrationId,
    payload: Payload = None,
    host: Host = "global.azure-devices-provisioning.net",
    wait: Wait = 120,
    show_connection_string: ShowConnectionString = False,
    dry_run: DryRun = False,
) -> dict[str, Any]:
    """Register as a device does, and show where it was assigned.

    Proves that an enrollment works: with the device's key, its group's key, or a certificate.
    """
    told = parse_object(payload, "--payload") if payload is not None else None
    identity = identity_of(id_scope, registration_id, proof)
    if proof.group_key is not None and (warning := keys.upper_case_warning(registration_id)):
        run.warn(warning)
    http = connect_device(identity, host, transport, run, dry_run=dry_run)
    registration = register_device(http, identity, told, wait)
    if not show_connection_string or dry_run:
        return registration
    return {**registration, "connectionString": identity.connection_string(registration)}


command = Noun("device", "Register as a device does.", [register])

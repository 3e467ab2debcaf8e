"""`dpsctl device register`: what a device does, to prove from here that its enrollment works."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dpsctl import keys
from dpsctl.commands.device.identity import identity_of
from dpsctl.commands.device.issuance import order_of
from dpsctl.commands.records import REGISTRATION_COLUMNS
from dpsctl.errors import UsageError
from dpsctl.frame.verbs import verb
from dpsctl.options.connection import Sources, Transport
from dpsctl.options.device import (
    Host,
    IdScope,
    Issuance,
    Payload,
    Proof,
    ShowConnectionString,
    Wait,
)
from dpsctl.options.records import DryRun, RegistrationId
from dpsctl.run import Run
from dpsctl.service.device import connect_device, registration_in
from dpsctl.service.device import register as register_device
from dpsctl.service.resources import NamedResources
from dpsctl.text.values import parse_object


@verb(
    writes=True,
    columns=REGISTRATION_COLUMNS,
    examples=[
        "dpsctl device register --id-scope 0ne00000000 --rid device-1 --group-key @group.key",
        "dpsctl device register --rid device-2 --cp device-2.pem --key-path device-2.key",
        "dpsctl device register -n my-dps -g my-rg --rid device-1 --group-key @group.key",
        "dpsctl device register --rid d3 --group-key @group.key --issue-certificate d3",
    ],
)
def register(  # noqa: PLR0913 - each is one thing a user may say
    *,
    run: Run,
    resources: NamedResources,
    transport: Transport,
    sources: Sources,
    proof: Proof,
    issuance: Issuance,
    registration_id: RegistrationId,
    id_scope: IdScope = None,
    payload: Payload = None,
    host: Host = "global.azure-devices-provisioning.net",
    wait: Wait = 120,
    show_connection_string: ShowConnectionString = False,
    dry_run: DryRun = False,
) -> dict[str, Any]:
    """Register as a device does, and show where it was assigned.

    Proves that an enrollment works: with the device's key, its group's key, or a certificate. The
    service is named by its ID scope, or by its name, for which Azure Resource Manager is asked. If
    the enrollment names a certificate policy, the device may be issued a certificate for its hub.
    """
    told = {} if payload is None else {"payload": parse_object(payload, "--payload")}
    if proof.group_key is not None and (warning := keys.upper_case_warning(registration_id)):
        run.warn(warning)
    scope = id_scope_of(id_scope, sources, resources)
    with (
        identity_of(scope, registration_id, proof, run) as identity,
        order_of(issuance, registration_id, run, dry_run=dry_run) as order,
    ):
        for doubt in identity.doubts:
            run.warn(doubt)
        device = replace(identity, api_version=order.version)
        http = connect_device(device, host, transport, run, dry_run=dry_run)
        operation = register_device(http, device, {**told, **order.fields}, wait)
        if dry_run:
            return operation
        registration = order.filled(registration_in(operation))
    if not show_connection_string:
        return registration
    return {**registration, "connectionString": identity.connection_string(registration)}


def id_scope_of(id_scope: str | None, sources: Sources, resources: NamedResources) -> str:
    """Return the id scope, looked up if a name says of what; what was typed beats the environment.

    Raises UsageError, and whatever looking it up raises.
    """
    is_named = sources.get("dps_name", "").startswith("-")
    is_typed = sources.get("id_scope", "").startswith("-")
    if is_named and is_typed:
        raise UsageError("--id-scope and --dps-name exclude each other", "Each names the service.")
    if id_scope and not is_named:
        return id_scope
    if known := resources.id_scope_of_context:
        return known
    if not resources.names_one:
        raise UsageError(
            "--id-scope is missing",
            "Give it, or --dps-name NAME to look it up; 'dpsctl show' prints it as idScope.",
        )
    return resources.named().id_scope

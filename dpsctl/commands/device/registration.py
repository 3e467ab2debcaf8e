"""`dpsctl device registration`: what a device does, in the words of `az iot device`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from typer import Option

from dpsctl.commands.device.identity import identity_of
from dpsctl.commands.device.issuance import order_with
from dpsctl.commands.id_scopes import id_scope_of
from dpsctl.errors import UsageError
from dpsctl.frame.verbs import verb
from dpsctl.options.connection import Connection, Sources
from dpsctl.options.device import (
    CertificateRequest,
    Host,
    IdScope,
    Payload,
    Proof,
    RegistrationProof,
)
from dpsctl.options.records import DryRun, RegistrationId
from dpsctl.options.words import Toggle
from dpsctl.output.columns import Column
from dpsctl.run import Run
from dpsctl.service.contract import Purpose
from dpsctl.service.device import connect_device, register, registration_in, status_of
from dpsctl.text.values import parse_object

Json = dict[str, Any]
_WAIT = 120.0
_COLUMNS = {
    "Operation": Column("operationId", "whole"),
    "Registration": "registrationState.registrationId",
    "Status": "status",
    "Hub": Column("registrationState.assignedHub", "head"),
    "Error": Column("registrationState.errorMessage", "head"),
}
_OTHER_PROOFS = {
    "x509": "Give --certificate-path and --key-path.",
    "tpm": "dpsctl has no TPM: the device registers itself, with one of Microsoft's device SDKs.",
}
OperationId = Annotated[
    str, Option("--operation-id", metavar="ID", help="Operation ID, as `create` has shown it.")
]


@verb(
    columns=_COLUMNS,
    examples=[
        "dpsctl device registration create -n my-dps -g my-rg --rid device-1",
        "dpsctl device registration create -n my-dps -g my-rg --rid device-1 --gid line-4",
        "dpsctl device registration create --id-scope 0ne00000000 --rid d1 --key @group.key --ck",
    ],
)
def create(  # noqa: PLR0913 - each is one thing a user may say
    *,
    run: Run,
    connection: Connection,
    sources: Sources,
    registration_id: RegistrationId,
    proof: RegistrationProof,
    id_scope: IdScope = None,
    payload: Payload = None,
    csr: CertificateRequest = None,
    host: Host = "global.azure-devices-provisioning.net",
    dry_run: DryRun = False,
) -> Json:
    """Register a device and show the operation as it ended.

    The ID scope is looked up where it is not given. So is the key: that of the individual
    enrollment, or with --enrollment-group-id the group's, from which the device's is derived.
    --timeout is how long all of the registration may take, two minutes unless it is given.
    """
    told = {} if payload is None else {"payload": parse_object(payload, "--payload")}
    order = order_with(csr, registration_id, run)
    is_timed = sources.get("timeout") == "--timeout"
    wait = connection.timeout if is_timed and connection.timeout else _WAIT
    own = _proof(proof, registration_id, connection, run)
    scope = id_scope_of(id_scope, connection, sources, run)
    with identity_of(scope, registration_id, own, run) as identity:
        for doubt in identity.doubts:
            run.warn(doubt)
        device = replace(identity, api_version=order.version)
        http = connect_device(device, host, connection, run, dry_run=dry_run)
        operation = register(http, device, {**told, **order.fields}, wait)
    if not dry_run:
        order.filled(registration_in(operation))
    return operation


@verb(
    "operation-status",
    columns=_COLUMNS,
    examples=[
        "dpsctl device registration operation-status -n my-dps --rid device-1 --operation-id ID",
        "dpsctl device registration operation-status --rid d1 --key @d1.key --operation-id ID",
    ],
)
def operation_status(  # noqa: PLR0913 - each is one thing a user may say
    *,
    run: Run,
    connection: Connection,
    sources: Sources,
    registration_id: RegistrationId,
    operation_id: OperationId,
    proof: RegistrationProof,
    id_scope: IdScope = None,
    host: Host = "global.azure-devices-provisioning.net",
) -> Json:
    """Show how far a registration is, by the ID of its operation."""
    own = _proof(proof, registration_id, connection, run)
    scope = id_scope_of(id_scope, connection, sources, run)
    with identity_of(scope, registration_id, own, run) as identity:
        http = connect_device(identity, host, connection, run, dry_run=False)
        return status_of(http, identity, operation_id)


def _proof(
    given: RegistrationProof, registration_id: str, connection: Connection, run: Run
) -> Proof:
    """Say what the device shows, read from the service where nothing is. Raises UsageError."""
    is_certified = given.certificate_path is not None or given.key_path is not None
    computes = given.compute_key is Toggle.true
    if is_certified and (given.key is not None or computes):
        other = "--key" if given.key is not None else "--compute-key"
        raise UsageError(
            f"--certificate-path and {other} exclude each other",
            "A device proves who it is by its certificate or by its key.",
        )
    if is_certified:
        return Proof(
            certificate_path=given.certificate_path,
            key_path=given.key_path,
            passphrase=given.passphrase,
        )
    if given.key is not None:
        return Proof(group_key=given.key) if computes else Proof(key=given.key)
    if given.group_id is None and computes:
        raise UsageError(
            "--compute-key needs --key or --enrollment-group-id",
            "It derives the device's key from its group's.",
        )
    found = _key_of(given.group_id, registration_id, connection, run)
    return Proof(key=found) if given.group_id is None else Proof(group_key=found)


def _key_of(group_id: str | None, registration_id: str, connection: Connection, run: Run) -> str:
    from dpsctl.service.connect import connect

    service = connect(connection, run, Purpose(writes=True))
    if group_id is not None:
        flag, attestation = "--enrollment-group-id", service.groups.attestation(group_id)
    else:
        flag, attestation = "--registration-id", service.enrollments.attestation(registration_id)
    key = (attestation.get("symmetricKey") or {}).get("primaryKey")
    if not key:
        attested_by = attestation.get("type")
        raise UsageError(
            f"{flag} {group_id or registration_id}: the attestation is {attested_by}",
            _OTHER_PROOFS.get(str(attested_by)),
        )
    run.masker.add(key)
    return str(key)

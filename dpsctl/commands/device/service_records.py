"""Records of a service that concern one device, read from itself and from Resource Manager."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from dpsctl.admission.known import Device, Json, Known, hides_keys, part_of
from dpsctl.errors import DpsctlError, NotFound, Unauthorized
from dpsctl.options.connection import Connection, NamedLookup
from dpsctl.run import Run
from dpsctl.service.contract import Purpose
from dpsctl.service.dps import DpsService, Enrollments


def read_service(device: Device, connection: Connection, run: Run, parallel: int) -> Known:
    """Read what the service holds for *device*; keys only where they are to be compared.

    What Resource Manager tells besides is left out where it cannot be asked.
    """
    from dpsctl.service.connect import connect

    service = connect(connection, run, Purpose(writes=device.key is not None))
    known = _own(device, service)
    if not _is_settled(device, known):
        known = replace(known, groups=_groups(device, service, parallel))
    return _with_resource(known, connection, run)


def _own(device: Device, service: DpsService) -> Known:
    """Read the device's own enrollment and its registration."""
    individual = _if_there(service.enrollments.show, device.registration_id)
    if individual is not None and device.key is not None:
        individual = _with_keys(service.enrollments, individual)
    registration = _registration(service, device.registration_id)
    return Known(
        groups=(),
        enrollments=[individual] if individual else [],
        registrations=[registration] if registration else [],
    )


def _is_settled(device: Device, known: Known) -> bool:
    """Tell whether the device's own enrollment takes it, so that no group is asked for."""
    from dpsctl.admission.by_key import sight_by_key

    if device.key is None:
        return bool(known.enrollments)
    return sight_by_key(device, known, device.key).taker is not None


def _groups(device: Device, service: DpsService, parallel: int) -> list[Json]:
    if device.key is None:
        return list(service.groups.list())
    try:
        return list(service.groups.list_with_keys(parallel=parallel))
    except Unauthorized:  # who may read records may not read keys
        return list(service.groups.list())


def _with_keys(records: Enrollments, record: Json) -> Json:
    try:
        return records.with_keys(record) if hides_keys(record) else record
    except Unauthorized:
        return record


def _with_resource(known: Known, connection: Connection, run: Run) -> Known:
    """Add what Resource Manager tells: ID scope, linked hubs and, if they are named, CAs."""
    from dpsctl.service.endpoints import is_emulated
    from dpsctl.service.resources import connect
    from dpsctl.service.settings import settle

    settled = settle(connection, run)
    if not (settled.connection.dps_name or is_emulated(run)):
        return known
    try:
        resource = connect(_lookup(settled, run), run, Purpose()).named()
        properties = resource.show().get("properties") or {}
        authorities = resource.certificates.list()["value"] if _names_authorities(known) else None
    except DpsctlError as error:
        return replace(known, obstacle=f"Resource Manager could not be asked: {error.message}.")
    hubs = properties.get("iotHubs") or []
    return replace(
        known,
        id_scope=properties.get("idScope"),
        hubs=[str(hub.get("name")) for hub in hubs],
        authorities=authorities,
    )


def _lookup(settled: Any, run: Run) -> NamedLookup:
    from dpsctl.service.access import service_named

    told = vars(settled.connection)
    same = {item.name: told[item.name] for item in fields(NamedLookup)}
    return NamedLookup(**{**same, "dps_name": service_named(settled, run)})


def _names_authorities(known: Known) -> bool:
    records = (*(known.groups or ()), *(known.enrollments or ()))
    return any(part_of(record, "x509").get("caReferences") for record in records)


def _registration(service: DpsService, registration_id: str) -> Json | None:
    try:
        return _if_there(service.registrations.show, registration_id)
    except Unauthorized:  # who may read enrollments may not read registrations
        return None


def _if_there(show: Any, registration_id: str) -> Json | None:
    try:
        found: Json = show(registration_id)
    except NotFound:
        return None
    return found

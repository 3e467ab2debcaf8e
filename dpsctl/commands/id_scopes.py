"""The ID scope that a command needs: typed, of the environment or context, or looked up."""

from __future__ import annotations

from dataclasses import fields

from dpsctl.errors import NotFound, UsageError
from dpsctl.options.connection import Connection, NamedLookup, Sources
from dpsctl.run import Run


def is_service_typed(sources: Sources) -> bool:
    """Tell whether the command line itself names the service."""
    return any(sources.get(name, "").startswith("-") for name in ("login", "dps_name"))


def id_scope_of(
    id_scope: str | None,
    connection: Connection,
    sources: Sources,
    run: Run,
    *,
    may_ask: bool = True,
) -> str:
    """Return the ID scope: typed, of the service that was typed, of the environment or context.

    Nobody is asked unless *may_ask*. Raises UsageError, and whatever looking it up raises.
    """
    from dpsctl.service.endpoints import is_emulated
    from dpsctl.service.settings import settle_transport

    is_typed = sources.get("id_scope", "").startswith("-")
    if id_scope and (is_typed or not is_service_typed(sources) or is_emulated(run)):
        return id_scope
    _, said = settle_transport(connection, run)
    if known := said.get("id_scope"):
        return str(known)
    name = connection.dps_name if sources.get("dps_name", "").startswith("-") else None
    found = _looked_up(connection, name, run) if may_ask else None
    if found is None:
        raise UsageError("--id-scope is missing", "Give it, or --dps-name NAME to look it up.")
    return found


def _looked_up(connection: Connection, name: str | None, run: Run) -> str | None:
    """Ask for the ID scope of the service that is named, if one is: by *name* before all else."""
    from dpsctl.service.access import service_named
    from dpsctl.service.contract import Purpose
    from dpsctl.service.resources import connect
    from dpsctl.service.settings import settle

    settled = settle(connection, run)
    if not (settled.connection.login or settled.connection.dps_name):
        return None
    told = vars(settled.connection)
    same = {item.name: told[item.name] for item in fields(NamedLookup)}
    lookup = NamedLookup(**{**same, "dps_name": name or service_named(settled, run)})
    try:
        return connect(lookup, run, Purpose()).named().id_scope
    except NotFound:
        if name or not settled.connection.login:
            raise
        raise UsageError(
            f"--id-scope is missing, and {lookup.dps_name} is not among the services to look it up",
            "Give --id-scope, or --subscription and --resource-group of the service.",
        ) from None

"""`compute-device-key`: devices' keys from their group's, mostly without any network."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from typer import Option

from dpsctl import keys
from dpsctl.commands.enrollment_group import fleet_keys
from dpsctl.commands.id_scopes import id_scope_of, is_service_typed
from dpsctl.errors import BadAnswer, DpsctlError, UsageError
from dpsctl.frame.verbs import verb
from dpsctl.options import kinds
from dpsctl.options.connection import Connection, Display, Sources
from dpsctl.options.fleet import Credential, Fleet
from dpsctl.options.records import OptionalGroupId, OptionalRegistrationId
from dpsctl.run import Outcome, Run

GroupKey = Annotated[
    str | None,
    kinds.secret(
        Option,
        "--key",
        "--symmetric-key",
        help="The group's symmetric key: no service is asked. DPSCTL_GROUP_KEY works too.",
    ),
]
Secondary = Annotated[
    bool, Option("--secondary", help="Derive from the group's secondary key instead.")
]

Label = Annotated[
    str | None,
    kinds.secret(
        Option,
        "--verify",
        help="Say whether this is the device's key, or a connection string with it.",
    ),
]


@verb(
    "compute-device-key",
    examples=[
        "dpsctl enrollment-group compute-device-key --key @group.key --rid device-1",
        "dpsctl enrollment-group compute-device-key --gid line-4 --rid device-1 -o tsv",
        "dpsctl enrollment-group compute-device-key -n my-dps --gid line-4 --rid device-1 --sas",
        (
            "dpsctl enrollment-group compute-device-key --key @group.key --rid device-1"
            " --verify @label.txt"
        ),
    ],
)
def compute_device_key(  # noqa: PLR0913 - each is one thing a user may say
    *,
    run: Run,
    connection: Connection,
    sources: Sources,
    display: Display,
    fleet: Fleet,
    credential: Credential,
    registration_id: OptionalRegistrationId = None,
    key: GroupKey = None,
    group_id: OptionalGroupId = None,
    secondary: Secondary = False,
    verify: Label = None,
) -> str | Outcome | dict[str, object]:
    """Derive the keys of devices from their group's key.

    With --key nothing is sent and nothing is read; with --enrollment-id the service is asked for
    the group's key, once. --sas looks up the ID scope of a service that is named beside it. With
    --registration-ids it is a filter: ids in, keys out, in order; a bad line is reported and left
    out, and the exit code is 9 then. --append keeps all rows instead.
    """
    _check_choice(fleet, credential, {"registration_id": registration_id, "verify": verify})
    if key is not None and group_id is not None and {"login", "dps_name"} & sources.keys():
        run.warn("--key is the group's key: the service is not asked for that of --enrollment-id")
        group_id = None  # az's scripts name the service in every line
    group_key = _group_key(run, connection, key, group_id, secondary=secondary)
    if verify is not None and registration_id is not None:
        return fleet_keys.verify(verify, registration_id, group_key)
    if credential.sas:
        may_ask = group_id is not None or is_service_typed(sources)  # a key alone asks nobody
        scope = id_scope_of(credential.id_scope, connection, sources, run, may_ask=may_ask)
        credential = replace(credential, id_scope=scope)
    if registration_id is None:
        return fleet_keys.derive_all(run, display, fleet, group_key, credential)
    if warning := keys.upper_case_warning(registration_id):
        run.warn(warning)
    return fleet_keys.derive_one(registration_id, group_key, credential)


def _check_choice(fleet: Fleet, credential: Credential, others: dict[str, str | None]) -> None:
    from dpsctl.fleet.choices import check_choice

    if fleet.out is not None and fleet.registration_ids is None:
        raise UsageError("--out goes with --registration-ids", "One device's key is on stdout.")
    # An ID scope that is not given is found out later, by the service's name.
    given = {**vars(fleet), **vars(credential), **others, "id_scope": True}
    check_choice({f"--{name.replace('_', '-')}": value for name, value in given.items()})


def _group_key(
    run: Run, connection: Connection, key: str | None, group_id: str | None, *, secondary: bool
) -> str:
    """Find the group's key and judge it: a bad one of the user's is told from the service's."""
    if key is not None and group_id is not None:
        raise UsageError(
            "--key and --enrollment-id exclude each other",
            "--key is the key itself; --enrollment-id asks the service for one of the group's.",
        )
    complaint: type[DpsctlError] = UsageError
    source, given = "--key", key
    if given is None:
        source, given = "DPSCTL_GROUP_KEY", _from_environment(run, group_id)
    if given is None:
        source, complaint = "The service's answer", BadAnswer
        group_key = _from_service(run, connection, group_id, secondary=secondary)
    else:
        from dpsctl.fleet.group_keys import group_key_of

        group_key = group_key_of(given, source, secondary=secondary)
        run.masker.add(group_key)
    try:
        warning = keys.key_length_warning(group_key)
    except keys.KeyFormatError as error:
        raise complaint(f"{source}: {error}", "A group's key is as 'show' prints it.") from None
    if warning:
        run.warn(warning)
    return group_key


def _from_environment(run: Run, group_id: str | None) -> str | None:
    key = None if group_id else run.environ.get("DPSCTL_GROUP_KEY")
    if key:
        run.masker.add(key)
    return key or None


def _from_service(
    run: Run, connection: Connection, group_id: str | None, *, secondary: bool
) -> str:
    from dpsctl.service.connect import connect
    from dpsctl.service.contract import Purpose

    if group_id is None:
        raise UsageError(
            "--key or --enrollment-id (--gid) is missing",
            "--key @FILE derives offline; --gid GROUP fetches the group's key.",
        )
    attestation = connect(connection, run, Purpose(writes=True)).groups.attestation(group_id)
    name = "secondaryKey" if secondary else "primaryKey"
    group_key = (attestation.get("symmetricKey") or {}).get(name)
    if not isinstance(group_key, str) or not group_key:
        raise UsageError(
            f"--enrollment-id {group_id}: the group's attestation is {attestation.get('type')}",
            "Only groups with symmetric keys have device keys.",
        )
    run.masker.add(group_key)
    return group_key

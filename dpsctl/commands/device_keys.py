"""`compute-device-key`: a device's key from its group's, mostly without any network."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from dpsctl import keys
from dpsctl.errors import UsageError
from dpsctl.options.connection import Connection
from dpsctl.options.records import OptionalGroupId, RegistrationId
from dpsctl.run import Run

GroupKey = Annotated[
    str | None,
    Option(
        "--key",
        "--symmetric-key",
        metavar="KEY",
        help="The group's symmetric key: no service is asked. DPSCTL_GROUP_KEY works too.",
    ),
]
Secondary = Annotated[
    bool, Option("--secondary", help="Derive from the group's secondary key instead.")
]


def compute_device_key(
    run: Run,
    connection: Connection,
    registration_id: RegistrationId,
    key: GroupKey = None,
    group_id: OptionalGroupId = None,
    secondary: Secondary = False,
) -> str:
    """Derive the key of one device from its group's key.

    With --key nothing is sent and nothing is read; with --enrollment-id the service is asked for
    the group's key.
    """
    source, group_key = "--key", key
    if group_key is None:
        source, group_key = "DPSCTL_GROUP_KEY", _from_environment(run, group_id)
    if group_key is None:
        source = "The service's answer"
        group_key = _from_service(run, connection, group_id, secondary=secondary)
    try:
        derived = keys.derive_device_key(group_key, registration_id)
    except keys.KeyFormatError as error:
        raise UsageError(
            f"{source}: {error}", "Give the group's key as the service shows it."
        ) from None
    for warning in (keys.key_length_warning(group_key), keys.upper_case_warning(registration_id)):
        if warning:
            run.warn(warning)
    return derived


def _from_environment(run: Run, group_id: str | None) -> str | None:
    key = None if group_id else run.environ.get("DPSCTL_GROUP_KEY")
    if key:
        run.masker.add(key)
    return key or None


def _from_service(
    run: Run, connection: Connection, group_id: str | None, *, secondary: bool
) -> str:
    from dpsctl.service.connect import connect
    from dpsctl.service.service import Purpose

    if group_id is None:
        raise UsageError(
            "--key or --enrollment-id is missing",
            "--key derives offline; --enrollment-id fetches the group's key.",
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

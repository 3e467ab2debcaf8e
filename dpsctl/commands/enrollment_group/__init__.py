"""`dpsctl enrollment-group`: enrollment groups, their registrations, and device keys."""

from __future__ import annotations

from dpsctl.commands.enrollment_group import audit, device_keys, groups, registrations, rotation
from dpsctl.frame.verbs import Noun

command = Noun(
    "enrollment-group",
    "Manage enrollment groups and derive device keys.",
    [
        device_keys.compute_device_key,
        audit.audit,
        rotation.rotate,
        groups.create,
        groups.show,
        groups.update,
        groups.delete,
        groups.list_groups,
        registrations.registration,
    ],
)

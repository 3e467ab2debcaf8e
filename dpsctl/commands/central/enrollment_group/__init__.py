"""`dpsctl central enrollment-group`: how devices sign in to an IoT Central application."""

from __future__ import annotations

from dpsctl.commands.central.enrollment_group import certificates, certify, groups
from dpsctl.frame.verbs import Noun

command = Noun(
    "enrollment-group",
    "Manage enrollment groups of IoT Central.",
    [
        certificates.generate_verification_code,
        certificates.verify_certificate,
        certify.certify,
        groups.create,
        groups.show,
        groups.update,
        groups.delete,
        groups.list_groups,
        certificates.certificate,
    ],
)

"""`dpsctl enrollment`: individual enrollments, one by one or many from a file."""

from __future__ import annotations

from dpsctl.commands.enrollment import enrollments
from dpsctl.frame.verbs import Noun

registration = Noun(
    "registration",
    "Manage the registration of an enrollment's device.",
    [enrollments.show_registration, enrollments.delete_registration],
)
command = Noun(
    "enrollment",
    "Manage individual enrollments.",
    [
        enrollments.create,
        enrollments.show,
        enrollments.update,
        enrollments.delete,
        enrollments.list_enrollments,
        registration,
    ],
)

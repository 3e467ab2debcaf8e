"""`dpsctl doctor`: find out why the service cannot be used, and say what to do."""

from __future__ import annotations

from dpsctl.frame.verbs import verb
from dpsctl.options.connection import Connection
from dpsctl.output.columns import Column
from dpsctl.run import Outcome, Run


@verb(
    columns={
        "Check": Column("check", "whole"),
        "Status": Column("status", "whole"),
        "Detail": Column("detail", "whole"),
        "Do": Column("hint", "whole"),
    },
    examples=["dpsctl doctor", "dpsctl doctor --context factory -o json"],
)
def doctor(run: Run, connection: Connection) -> Outcome:
    """Check the way to the service and say what to do.

    Looks at the configuration, names, network, TLS, clock, sign-in, rights and API version, one
    after the other, and changes nothing. The exit code is that of the first check that failed. On a
    terminal it is a table; -o json is fit for a bug report, no secret is in it.
    """
    from dpsctl.service.diagnosis import diagnose

    findings = diagnose(connection, run)
    failures = [finding.error for finding in findings if finding.error]
    return Outcome(
        [finding.as_dict() for finding in findings],
        failures[0].exit_code if failures else 0,
        is_for_people=True,
    )


command = doctor

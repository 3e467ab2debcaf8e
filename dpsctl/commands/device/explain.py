"""`dpsctl device explain`: why a device registers, or does not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dpsctl.commands.device.evidence import known_of, shown_by
from dpsctl.frame.verbs import verb
from dpsctl.options.connection import Connection, Sources
from dpsctl.options.device import Evidence, IdScope, Records
from dpsctl.options.records import RegistrationId
from dpsctl.run import Outcome, Paper, Run

if TYPE_CHECKING:
    from dpsctl.admission.findings import Explanation

KEPT_OUT = 10


@verb(
    default_output="text",
    is_report=True,
    examples=[
        "dpsctl device explain --rid device-1 --group-key @group.key",
        "dpsctl device explain --rid device-2 --cp device-2.pem --from backup.jsonl",
        "dpsctl device explain --rid device-1 --key @label.txt -o json",
    ],
)
def explain(  # noqa: PLR0913 - each is one thing a user may say
    *,
    run: Run,
    connection: Connection,
    sources: Sources,
    registration_id: RegistrationId,
    evidence: Evidence,
    records: Records,
    id_scope: IdScope = None,
) -> Outcome:
    """Say why a device registers, or does not.

    The device's key or certificates are held against what the service would hold them against: the
    records of a service, or those in files that 'list --show-keys', 'show' and 'certificate list'
    have printed. Nothing is registered and nothing changed. The exit code is 10 if something keeps
    the device out.
    """
    from dpsctl.admission.judging import explain as judged

    device = shown_by(registration_id, id_scope, evidence, run)
    known = known_of(device, records, connection, sources, run)
    found = judged(device, known, datetime.now(UTC))
    code = KEPT_OUT if found.is_kept_out else 0
    return Outcome(found.as_dict(), code, renderings=_renderings(found))


def _renderings(found: Explanation) -> dict[str, Any]:
    from dpsctl.admission.rendering import markdown_lines, text_lines

    def text(paper: Paper) -> list[str]:
        return text_lines(found, paper.width, colour=paper.colour)

    return {"text": text, "markdown": lambda _: markdown_lines(found)}

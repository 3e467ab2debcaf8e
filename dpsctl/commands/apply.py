"""`apply`: make a service as manifests say, and take nothing away that was not allowed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dpsctl.commands.manifests import collections_of, fleet_of, plan_for
from dpsctl.errors import SomeFailed
from dpsctl.frame.verbs import verb
from dpsctl.options.manifest import (
    Allow,
    Backup,
    DeleteFirst,
    Full,
    Manifests,
    Parallel,
    Prune,
    Yes,
)
from dpsctl.run import Outcome, Paper, Run
from dpsctl.service.dps import DpsService

if TYPE_CHECKING:
    from dpsctl.manifests.carrying_out import CarryingOut
    from dpsctl.manifests.plan import Plan

Json = dict[str, Any]
_INTERRUPTED = 130
_FEW = 20  # so many changes are told of one by one as they are made
COLUMNS = {
    "Kind": "kind",
    "Id": "id",
    "Action": "action",
    "Outcome": "outcome",
    "Code": "errorCode",
    "Message": "message",
}


@verb(
    writes=True,
    default_output="text",
    is_report=True,
    columns=COLUMNS,
    examples=[
        "dpsctl apply -f fleet --yes",
        "dpsctl apply -f fleet --yes --allow delete,keys --backup before.yaml -o jsonl",
    ],
)
def apply(  # noqa: PLR0913 - each is one thing a user may say
    service: DpsService,
    run: Run,
    manifests: Manifests,
    *,
    yes: Yes = False,
    allow: Allow = None,
    prune: Prune = False,
    backup: Backup = None,
    delete_first: DeleteFirst = False,
    full: Full = False,
    parallel: Parallel = 8,
) -> Outcome:
    """Make a service as manifests say.

    Only what differs is written, and a record that somebody else has changed meanwhile is not
    written over. At a terminal the plan is shown and asked about. Elsewhere --yes is needed, and
    --allow for each class of changes that take something away from devices. Run it again after a
    failure or an interrupt: it goes on where it was.
    """
    from dpsctl.commands.consent import ask_for_leave, classes_in
    from dpsctl.manifests.backup import keys_only_here, write_backup
    from dpsctl.manifests.carrying_out import CarryingOut
    from dpsctl.manifests.reading import Reading
    from dpsctl.manifests.writing import Writer

    allowed = classes_in(allow or [])
    fleet = fleet_of(manifests, service, run)
    service.keep_pace()
    collections = collections_of(service)
    plan = plan_for(fleet, Reading(collections, parallel, prune=prune), run)
    work = CarryingOut(plan, Writer(collections), run, parallel, deletes_first=delete_first)
    if service.groups.dry_run:
        return Outcome(work.requests(), 0)
    if not yes or set(plan.risks()) - allowed:
        ask_for_leave(plan, allowed, run, is_answered=yes)
    if backup is not None:
        write_backup(plan, collections, backup, parallel)
    elif lost := keys_only_here(plan):
        run.warn(f"the keys of {len(lost):,} records are nowhere else; --backup FILE keeps them")
    return _outcome(work, plan, run, full=full, is_shown=yes)


def _outcome(work: CarryingOut, plan: Plan, run: Run, *, full: bool, is_shown: bool) -> Outcome:
    from dpsctl.manifests.outcomes import GOOD, summary
    from dpsctl.manifests.rendering import Look, plan_lines

    def rows() -> Iterator[Json]:
        for fate in work.fates():
            yield fate.view()

    def lines(paper: Paper) -> Iterator[str]:
        if is_shown and plan.changes:
            yield from plan_lines(plan, Look(paper.width, paper.colour, full=full))
        is_long = len(plan.changes) > _FEW and not full
        for fate in work.fates():
            if fate.message or not (fate.ending in GOOD and is_long):
                yield fate.line()
        yield summary(work.endings, plan.as_wanted, work.seconds)

    return Outcome(rows(), lambda: _exit_code(work, run), renderings={"text": lines})


def _exit_code(work: CarryingOut, run: Run) -> int:
    """Say how it ended. Raises what kept everybody out, if nothing had been written by then."""
    from dpsctl.manifests.outcomes import has_failed

    if work.is_interrupted:
        run.tell("dpsctl: interrupted")
        run.tell("hint: Run it again: it goes on where it was.")
        return _INTERRUPTED
    if work.failure and not work.has_written:
        raise work.failure
    if work.failure:
        run.tell(f"dpsctl: {work.failure.message}")
    return SomeFailed.exit_code if has_failed(work.endings) else 0


command = apply

"""`apply`: make a service as manifests say, and take nothing away that was not allowed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dpsctl.commands.manifests import (
    Asked,
    Planned,
    asked_of,
    fenced,
    planned,
    warn_of_limits,
)
from dpsctl.errors import UsageError
from dpsctl.frame.verbs import verb
from dpsctl.options.connection import Display
from dpsctl.options.manifest import (
    Allow,
    Backup,
    DeleteFirst,
    Full,
    Manifests,
    Prune,
    SavedPlan,
)
from dpsctl.options.records import Parallel
from dpsctl.output.columns import Column
from dpsctl.run import Outcome, Paper, Run
from dpsctl.service.dps import DpsService

if TYPE_CHECKING:
    from dpsctl.manifests.carrying_out import CarryingOut
    from dpsctl.manifests.plan import Plan

Json = dict[str, Any]
AGAIN = "Run it again: it goes on where it was."
_FEW = 20  # so many changes are told of one by one as they are made
COLUMNS = {
    "Kind": "kind",
    "Id": "id",
    "Action": "action",
    "Outcome": "outcome",
    "Code": "errorCode",
    "Message": Column("message", "head"),
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
    display: Display,
    *,
    saved: SavedPlan = None,
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
    from dpsctl.manifests.carrying_out import CarryingOut
    from dpsctl.manifests.writing import Writer

    allowed = classes_in(allow or [])
    document, asked = _asked(saved, manifests, run, prune=prune)
    found = planned(asked, service, run, parallel)
    plan, collections = found.plan, found.collections
    _check_saved(document, found)
    warn_of_limits(plan, run, deletes_first=delete_first)
    writer = Writer(collections, is_exact=document is not None)
    work = CarryingOut(plan, writer, run, parallel, deletes_first=delete_first)
    if service.groups.dry_run:
        return Outcome(work.requests(), 0)
    if not display.yes or set(plan.risks()) - allowed:
        ask_for_leave(plan, allowed, run, is_answered=display.yes)
    _keep(plan, collections, backup, parallel, run)
    return _outcome(work, plan, run, full=full, is_shown=display.yes)


def _check_saved(document: Json | None, found: Planned) -> None:
    """Hold a saved plan, if there is one, against the one made now. Raises StalePlan."""
    from dpsctl.manifests.plan_file import check_fresh

    if document is not None:
        check_fresh(document, found.plan, found.where, found.fleet.sources)


def _keep(plan: Plan, collections: Any, backup: str | None, parallel: int, run: Run) -> None:
    """Write what is about to be lost into the file *backup*, or warn of keys that will be."""
    from dpsctl.manifests.backup import keys_only_here, write_backup

    if backup is not None:
        write_backup(plan, collections, backup, parallel)
    elif lost := keys_only_here(plan):
        run.warn(f"the keys of {len(lost):,} records are nowhere else; --backup FILE keeps them")


def _asked(
    saved: str | None, manifests: Manifests, run: Run, *, prune: bool
) -> tuple[Json | None, Asked]:
    """Read what is asked for: by a saved plan, which is returned too, or by the options."""
    if saved is None:
        return None, asked_of(manifests, run, prune=prune)
    from dpsctl.manifests.plan_file import read_plan
    from dpsctl.text.values import decode_text, read_file

    if manifests.paths or manifests.variables or manifests.variables_file or prune:
        raise UsageError(
            "--plan says itself which manifests are read, with which values",
            "Leave --file, --vars, --var and --prune out.",
        )
    source = f"--plan {saved}"
    document = read_plan(decode_text(read_file(saved, "--plan", run.stdin), source), source)
    kept = {name: document[name] for name in ("paths", "root", "variables", "prune")}
    return document, Asked(**kept, commands_allowed=manifests.allow_commands)


def _outcome(work: CarryingOut, plan: Plan, run: Run, *, full: bool, is_shown: bool) -> Outcome:
    from dpsctl.effort import GOOD
    from dpsctl.manifests.rendering import Look, plan_lines
    from dpsctl.output.progress import progress

    def rows() -> Iterator[Json]:
        for fate in work.fates():
            yield fate.view()

    def lines(paper: Paper) -> Iterator[str]:
        if is_shown and plan.changes:
            yield from plan_lines(plan, Look(paper.width, paper.colour, full=full))
        is_long = len(plan.changes) > _FEW and not full
        with progress(run, "applying", len(plan.changes), is_shown=is_long) as advance:
            for number, fate in enumerate(work.fates(), 1):
                if fate.message or not (fate.ending in GOOD and is_long):
                    yield fate.line()
                advance(number, f"{number:,}")
        yield work.effort.summary(plan.as_wanted)

    return Outcome(
        rows(),
        lambda: work.effort.exit_code(AGAIN),
        renderings={
            "text": lines,
            "markdown": lambda _: fenced(lines(Paper()), "text"),
        },
    )


command = apply

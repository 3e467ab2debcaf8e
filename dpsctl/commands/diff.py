"""`diff`: what would have to change for a service to be as manifests say."""

from __future__ import annotations

from dpsctl.commands.manifests import collections_of, fleet_of, plan_for
from dpsctl.frame.verbs import verb
from dpsctl.options.manifest import (
    ExitCode,
    Full,
    Manifests,
    Parallel,
    Prune,
    SkipKeys,
    Unmanaged,
)
from dpsctl.run import Outcome, Paper, Run
from dpsctl.service.dps import DpsService

DIFFERENCES = 10


@verb(
    default_output="text",
    is_report=True,
    examples=[
        "dpsctl diff -f fleet",
        "dpsctl diff -f fleet --exit-code -o markdown",
    ],
)
def diff(  # noqa: PLR0913 - each is one thing a user may say
    service: DpsService,
    run: Run,
    manifests: Manifests,
    *,
    prune: Prune = False,
    exit_code: ExitCode = False,
    full: Full = False,
    unmanaged: Unmanaged = False,
    skip_keys: SkipKeys = False,
    parallel: Parallel = 8,
) -> Outcome:
    """Show how a service differs from manifests.

    Nothing is changed. A manifest holds records as 'show' prints them; a field that is not written
    is not compared, null means that it must be absent. What devices would lose is listed as risks,
    for which 'apply' needs --allow.
    """
    from dpsctl.manifests.markdown import markdown_lines
    from dpsctl.manifests.reading import Reading
    from dpsctl.manifests.rendering import Look, plan_lines
    from dpsctl.manifests.views import plan_view

    fleet = fleet_of(manifests, service, run)
    reading = Reading(collections_of(service), parallel, prune=prune, skip_keys=skip_keys)
    plan = plan_for(fleet, reading, run)

    def look(paper: Paper) -> Look:
        return Look(paper.width, paper.colour, full=full, unmanaged=unmanaged)

    return Outcome(
        plan_view(plan),
        DIFFERENCES if exit_code and plan.changes else 0,
        renderings={
            "text": lambda paper: plan_lines(plan, look(paper)),
            "markdown": lambda paper: markdown_lines(plan, look(paper)),
        },
    )


command = diff

"""`diff`: what would have to change for a service to be as manifests say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dpsctl.commands.manifests import Asked, Planned, asked_of, planned, warn_of_limits
from dpsctl.errors import UsageError
from dpsctl.frame.verbs import verb
from dpsctl.options.manifest import (
    ExitCode,
    Full,
    Manifests,
    Prune,
    Save,
    SkipKeys,
    Unmanaged,
)
from dpsctl.options.records import Parallel
from dpsctl.run import Outcome, Paper, Run
from dpsctl.service.dps import DpsService

if TYPE_CHECKING:
    from dpsctl.manifests.plan import Plan

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
    save: Save = None,
    parallel: Parallel = 8,
) -> Outcome:
    """Show how a service differs from manifests.

    Nothing is changed. A manifest holds records as 'show' prints them; a field that is not written
    is not compared, null means that it must be absent. What devices would lose is listed as risks,
    for which 'apply' needs --allow.
    """
    from dpsctl.manifests.views import plan_view

    asked = asked_of(manifests, run, prune=prune)
    found = planned(asked, service, run, parallel, skip_keys=skip_keys)
    plan = found.plan
    warn_of_limits(plan, run)
    view = plan_view(plan) if save is None else _saved(save, found, asked)
    code = DIFFERENCES if exit_code and plan.changes else 0
    return Outcome(view, code, renderings=_renderings(plan, full=full, unmanaged=unmanaged))


def _renderings(plan: Plan, *, full: bool, unmanaged: bool) -> dict[str, Any]:
    from dpsctl.manifests.markdown import markdown_lines
    from dpsctl.manifests.rendering import Look, plan_lines

    def look(paper: Paper) -> Look:
        return Look(paper.width, paper.colour, full=full, unmanaged=unmanaged)

    return {
        "text": lambda paper: plan_lines(plan, look(paper)),
        "markdown": lambda paper: markdown_lines(plan, look(paper)),
    }


def _saved(path: str, found: Planned, asked: Asked) -> dict[str, Any]:
    """Save the plan, and return what is in the file. Raises UsageError if there is one."""
    import json

    from dpsctl.machine.private_files import private_file
    from dpsctl.manifests.plan_file import plan_document

    if "-" in asked.paths:
        raise UsageError(
            "--save: a plan of standard input cannot be made again", "Put the manifest in a file."
        )
    if secrets := found.fleet.secret_variables:
        raise UsageError(
            f"--save: {secrets[0]} comes from $var, and a plan holds no secret",
            "Take it from {$env: NAME} or {$file: PATH}.",
        )
    document = plan_document(found.plan, asked.as_json(), found.where, found.fleet.sources)
    with private_file(path, "--save") as file:
        file.write(json.dumps(document, indent=2, sort_keys=True) + "\n")
    return document


command = diff

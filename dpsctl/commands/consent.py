"""Leave to write many records, or to take something away: by an option, or at the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from dpsctl.errors import UsageError
from dpsctl.run import Run

if TYPE_CHECKING:
    from dpsctl.manifests.plan import Plan
    from dpsctl.manifests.risks import Risk


def classes_in(texts: list[str]) -> set[Risk]:
    """Read what `--allow` is given. Raises UsageError for a class that is none."""
    from dpsctl.manifests.risks import Risk

    known = {risk.value: risk for risk in Risk}
    names = [name.strip() for text in texts for name in text.split(",")]
    for name in names:
        if name not in known:
            raise UsageError(f"--allow {name}: no such class", f"There are {', '.join(known)}.")
    return {known[name] for name in names}


def ask_for_leave(plan: Plan, allowed: set[Risk], run: Run, *, is_answered: bool) -> None:
    """Show the plan, and ask at the terminal whether it may be carried out.

    Raises UsageError where nobody can be asked, or *is_answered* by `--yes` already and a class is
    not *allowed*, and KeyboardInterrupt if the answer is no.
    """
    from dpsctl.manifests.rendering import Look, plan_lines
    from dpsctl.manifests.risks import Risk

    if not plan.feasible:
        return
    for line in plan_lines(plan, Look()) if not run.in_json else ():
        run.tell(line)
    missing = [risk for risk in plan.risks() if risk not in allowed]
    if is_answered:
        raise _not_allowed(plan, missing)
    if not can_ask(run):
        classes = f" and --allow {','.join(risk.value for risk in missing)}" if missing else ""
        raise UsageError(
            f"{len(plan.feasible):,} changes need --yes{classes}; nothing was sent",
            "There is no terminal to ask at. 'dpsctl diff' shows the changes.",
        )
    wanted = str(len(plan.risks()[Risk.many])) if Risk.many in missing else "yes"
    ask_for(wanted, "make these changes", run)


def can_ask(run: Run) -> bool:
    """Tell whether somebody is at a terminal to be asked."""
    return bool(sys.stdin and sys.stdin.isatty() and run.stderr.isatty())


def ask_for(wanted: str, aim: str, run: Run) -> None:
    """Ask for a word at the terminal. Raises KeyboardInterrupt if another one is typed."""
    run.tell(f"Type {wanted} to {aim}:")
    if run.stdin.stream("--yes").readline().decode(errors="replace").strip() != wanted:
        run.tell("dpsctl: nothing was sent")
        raise KeyboardInterrupt


def _not_allowed(plan: Plan, missing: list[Risk]) -> UsageError:
    count = len({change.key for risk in missing for change in plan.risks()[risk]})
    what = "1 change needs" if count == 1 else f"{count:,} changes need"
    classes = ",".join(risk.value for risk in missing)
    return UsageError(
        f"{what} --allow {classes}; nothing was sent",
        "The lines that begin with 'risk' say what would be lost.",
    )

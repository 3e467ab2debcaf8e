"""A plan as Markdown, for the comment on a pull request: what is lost comes first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dpsctl.manifests.plan import Action, Change, Plan
from dpsctl.manifests.rendering import (
    SIGNS,
    Look,
    group_lines,
    grouped,
    other_counts,
    risk_lines,
    summary_line,
)
from dpsctl.text.controls import spelled_out

# A comment on GitHub holds 65,535 characters.
_MOST = 60_000
_MOST_IDS = 20_000
_COUNTED = {
    Action.create: "to create",
    Action.update: "to update",
    Action.replace: "to replace",
    Action.rename: "to rename",
    Action.delete: "to delete",
}


def markdown_lines(plan: Plan, look: Look) -> Iterator[str]:
    """Yield the lines of *plan*: counts, risks, every object that loses something, then all.

    What does not fit is counted, but never before all that loses something has been named.
    """
    head = [*_summary(plan), *_risks(plan)]
    yield from head
    left = _MOST - sum(len(line) + 1 for line in head)
    groups = list(grouped(plan.changes, full=look.full))
    for number, changes in enumerate(groups):
        lines = list(_details(changes))
        left -= sum(len(line) + 1 for line in lines)
        if left < 0:
            more = sum(len(each) for each in groups[number:])
            yield f"... and {more:,} more objects; `dpsctl diff` shows all."
            return
        yield from lines


def _summary(plan: Plan) -> Iterator[str]:
    yield "### dpsctl plan"
    yield ""
    if not plan.changes:
        yield f"Nothing to do: {summary_line(plan)}."
        return
    counts = plan.counts()
    shown = {name: counts[action] for action, name in _COUNTED.items() if counts[action]}
    shown |= other_counts(plan)
    yield f"| {' | '.join(shown)} |"
    yield f"|{' --- |' * len(shown)}"
    yield f"| {' | '.join(f'{count:,}' for count in shown.values())} |"
    yield ""


def _risks(plan: Plan) -> Iterator[str]:
    risks = plan.risks()
    if not risks:
        return
    yield f"**Needs `--allow {','.join(risk.value for risk in risks)}`**"
    yield ""
    yield from (f"- {_plain(line)}" for line in risk_lines(plan))
    yield ""
    for risk, changes in risks.items():
        if len(changes) > 3:
            yield f"`{risk.value}`: {_ids(changes)}"
            yield ""


def _ids(changes: Sequence[Change]) -> str:
    """Name all that lose something; beyond any reader's patience their number."""
    shown: list[str] = []
    length = 0
    for change in changes:
        name = change.old_id or change.record_id
        length += len(name) + 2
        if length > _MOST_IDS:
            shown.append(f"and {len(changes) - len(shown):,} more")
            break
        shown.append(name)
    return ", ".join(shown)


def _details(changes: list[Change]) -> Iterator[str]:
    """Yield an object, or several alike, folded; what changes is shown as a diff."""
    lines = list(group_lines(changes, Look()))
    title = " ".join(lines[0].split())
    if len(lines) == 1:
        yield f"- {_plain(title)}"
        yield ""  # or the next object would belong to this item
        return
    yield f"<details><summary>{_html(title)}</summary>"
    yield ""
    yield "```diff"
    sign = SIGNS[changes[0].action][0]
    yield from (_marked(line.removeprefix("    "), sign) for line in lines[1:])
    yield "```"
    yield ""
    yield "</details>"
    yield ""


def _marked(line: str, sign: str) -> str:
    """Put the sign of a diff in front of a line; of a longer value the lines have their own."""
    text = line.replace("```", "'''")
    is_of_value = text.startswith("  ") and text[2:3] in ("+", "-", " ")
    if is_of_value:
        return text[2:]
    return f"{'!' if sign == '~' else sign} {text}"


def _html(text: str) -> str:
    """Take what HTML would make of *text* away; in a summary Markdown makes nothing of it."""
    for letter, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(letter, entity)
    return spelled_out(text)


def _plain(text: str) -> str:
    """Take what Markdown or HTML would make of *text* away: at its start, - is one more list."""
    escaped = "".join(f"\\{one}" if one in "\\`*_[]|#@" else one for one in _html(text))
    return f"\\{escaped}" if escaped.startswith(("-", "+")) else escaped

"""A plan for people to read: a line for each object, and below it what changes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dpsctl.manifests.fields import Json
from dpsctl.manifests.plan import Action, Change, Plan
from dpsctl.manifests.risks import Risk
from dpsctl.manifests.views import field_view, risk_view
from dpsctl.text.controls import spelled_out
from dpsctl.text.documents import dump

SIGNS = {
    Action.create: "+",
    Action.update: "~",
    Action.replace: "-/+",
    Action.rename: ">",
    Action.delete: "-",
}
_COLOURS = {
    Action.create: 32,
    Action.update: 33,
    Action.replace: 35,
    Action.rename: 36,
    Action.delete: 31,
}
_RISK_COLOUR = 31
_WIDTH = 100
_SMALL = 60  # a value that is longer is shown as a diff of its lines
_FEW = 3  # so many alike are shown one by one, and so many ids are named


@dataclass(frozen=True)
class Look:
    """How a plan is shown: *full* shows every object, *unmanaged* the fields in no file."""

    width: int | None = None
    colour: bool = False
    full: bool = False
    unmanaged: bool = False


def plan_lines(plan: Plan, look: Look) -> Iterator[str]:
    """Yield the lines of a plan, risks and summary last."""
    for changes in grouped(plan.changes, full=look.full):
        yield from group_lines(changes, look)
    yield from (_painted(line, _RISK_COLOUR, look) for line in risk_lines(plan))
    if look.unmanaged:
        for kind, record_id, path in plan.unmanaged:
            yield f"unmanaged {kind.name} {record_id}: {'.'.join(path)}"
    elif plan.unmanaged:
        count = len(plan.unmanaged)
        what = "1 field on the service is" if count == 1 else f"{count:,} fields on the service are"
        yield f"{what} in no file (diff --unmanaged shows which)"
    yield summary_line(plan)


def grouped(changes: Sequence[Change], *, full: bool) -> Iterator[list[Change]]:
    """Yield changes that are alike together: those of rows of one file, and deletions."""
    groups: dict[Any, list[Change]] = {}
    for change in changes:
        groups.setdefault(_likeness(change), []).append(change)
    for alike in groups.values():
        if len(alike) <= _FEW or full:
            yield from ([change] for change in alike)
        else:
            yield alike


def risk_lines(plan: Plan) -> Iterator[str]:
    """Say for each class what it takes away, and from whom."""
    for risk, changes in plan.risks().items():
        if risk is Risk.many:
            covered = len(plan.changes) + plan.as_wanted
            yield f"risk many: {len(changes):,} of {covered:,} objects lose something"
        elif len(changes) > _FEW:
            yield f"risk {risk.value}: {len(changes):,} objects"
        else:
            for change in changes:
                told = risk_view(risk, change)
                name = change.old_id or change.record_id
                yield f"risk {risk.value}: {name}" + (f": {told}" if told else "")


def summary_line(plan: Plan) -> str:
    """Count everything in one line."""
    counts = plan.counts()
    parts = [f"{action.value} {counts[action]:,}" for action in Action if counts[action]]
    parts += [f"{name} {count:,}" for name, count in other_counts(plan).items()]
    return ", ".join(parts) or "nothing is wanted"


def other_counts(plan: Plan) -> dict[str, int]:
    """Count what is not changed, but for what there is none of."""
    counts = {
        "blocked": len(plan.changes) - len(plan.feasible),
        "as wanted": plan.as_wanted,
        "protected": plan.protected,
        "not ours": plan.not_ours,
    }
    return {name: count for name, count in counts.items() if count}


def ids_of(changes: Sequence[Change]) -> str:
    """Name the first ids and the last one."""
    ids = [change.record_id for change in changes]
    return ", ".join(ids if len(ids) <= _FEW else [*ids[:2], "...", ids[-1]])


def field_lines(view: Json, *, is_new: bool) -> Iterator[str]:
    """Yield the lines that show how a field changes: `old → new`, or a diff of long values.

    Of a record that *is_new* there is nothing old to show.
    """
    before, after = view.get("from"), view.get("to")
    texts = [_shown(view, name) for name in ("from", "to")]
    if view.get("secret") or max(map(len, texts)) <= _SMALL:
        yield f"{view['path']}: {texts[1] if is_new else ' → '.join(texts)}"
        return
    yield f"{view['path']}:"
    yield from (f"  {line}" for line in _difference(before, after))


def _likeness(change: Change) -> Any:
    source = change.wanted.rows if change.wanted else ""
    if change.blocked or source is None or change.old_id:
        return change.key
    paths = tuple(field.path for field in change.fields)
    return change.action, change.kind.name, source, paths, change.risks


def group_lines(changes: list[Change], look: Look) -> Iterator[str]:
    """Yield the line of an object, or of several alike, and below it what changes."""
    first = changes[0]
    count = f"{len(changes):,} " if len(changes) > 1 else ""
    old = f"{first.old_id} → " if first.old_id else ""
    head = f"{SIGNS[first.action]} {count}{first.kind.name} {old}{ids_of(changes)}"
    place = _place(first, is_one=len(changes) == 1)
    yield _painted(_beside(head, place, look.width or _WIDTH), _COLOURS[first.action], look)
    if first.blocked:
        yield spelled_out(f"    blocked: {first.blocked}")
    is_new = first.action is Action.create
    for field in first.fields:
        view = field_view(first, field)
        if len(changes) > 1:
            yield f"    {view['path']}"
            continue
        yield from (spelled_out(f"    {line}") for line in field_lines(view, is_new=is_new))


def _place(change: Change, *, is_one: bool) -> str:
    if change.wanted is None:
        return "(in no file)"
    return change.place if is_one else change.place.rpartition(":")[0]


def _beside(left: str, right: str, width: int) -> str:
    gap = max(2, width - len(left) - len(right))
    return spelled_out(f"{left}{' ' * gap}{right}")


def _painted(line: str, colour: int, look: Look) -> str:
    return f"\x1b[{colour}m{line}\x1b[0m" if look.colour else line


def _shown(view: Json, name: str) -> str:
    """Return a value in short; a secret is stars and the part it plays."""
    if name not in view:
        return "none"
    value = view[name]
    if view.get("secret"):
        is_old = str(value).startswith("old")
        return f"*** the {value}" if is_old and name == "to" else _starred(str(value), name)
    if isinstance(value, dict) and "sha256Thumbprint" in value:
        subject, ends = value.get("subjectName", ""), str(value.get("notAfterUtc", ""))[:10]
        until = f", ends {ends}" if ends else ""
        return f"{subject} (..{str(value['sha256Thumbprint'])[-8:]}{until})".strip()
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _starred(role: str, name: str) -> str:
    if "://" in role:
        return role
    return "***" if name == "from" else f"*** {role.replace(' (', ', from ').removesuffix(')')}"


def _difference(before: Any, after: Any) -> Iterator[str]:
    from difflib import unified_diff

    old, new = (dump(value).splitlines() if value is not None else [] for value in (before, after))
    lines = list(unified_diff(old, new, lineterm="", n=1))[2:]  # the first two name files
    yield from (line for line in lines if not line.startswith("@@"))

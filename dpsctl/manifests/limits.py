"""What a service has room for: so many groups of one type of attestation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dpsctl.manifests.fields import GROUP
from dpsctl.manifests.plan import Action, Plan
from dpsctl.manifests.risks import type_of

MOST_GROUPS = 100  # docs/service.md#c


def crowds(plan: Plan, *, deletes_first: bool) -> Iterator[str]:
    """Say of which type there would be too many groups at once, as far as they were counted."""
    come: Counter[str] = Counter()
    go: Counter[str] = Counter()
    for change in plan.feasible:
        if change.kind is not GROUP or change.action is Action.update:
            continue
        if change.action is Action.delete:
            go[type_of(change.actual or {})] += 1
        else:
            come[type_of(change.body())] += 1
    for name in sorted(come):
        count = plan.groups[name] + come[name]
        least = count - go[name]
        if (least if deletes_first else count) > MOST_GROUPS:
            way = " (--delete-first makes room)" if least <= MOST_GROUPS else ""
            yield f"there will be {count} groups by {name}, and a service takes {MOST_GROUPS}{way}"

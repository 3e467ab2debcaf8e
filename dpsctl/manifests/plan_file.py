"""A plan that is kept until somebody has approved it: made again then, and the two must agree.

Nothing is carried out of the file itself: it tells which manifests to read, and what the plan was.
Values stand in it as keyed digests, so no secret is in it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from binascii import hexlify, unhexlify
from collections.abc import Mapping
from typing import Any

from dpsctl.errors import StalePlan, UsageError
from dpsctl.manifests.changes import MISSING
from dpsctl.manifests.fields import Json
from dpsctl.manifests.plan import Change, Plan
from dpsctl.manifests.views import VERSION, plan_view
from dpsctl.text.json_text import NotJsonError, read_json

_MOST_SHOWN = 20
_SALT_BYTES = 16
_ASKED = ("paths", "root", "variables", "prune")


def plan_document(plan: Plan, asked: Json, where: Json, sources: Mapping[str, str]) -> Json:
    """Return what is saved of *plan*, which answers what was *asked* of a service.

    *where* names that service; *sources* are the digests of the files that were read.
    """
    salt = os.urandom(_SALT_BYTES)
    digests = _digests(plan, salt)
    return {
        **plan_view(plan),
        **where,
        **{name: asked[name] for name in _ASKED},
        "manifests": [{"path": path, "sha256": sources[path]} for path in sorted(sources)],
        "salt": hexlify(salt).decode(),
        "digests": digests,
        "fingerprint": f"sha256:{_fingerprint(digests)}",
    }


def read_plan(text: str, source: str) -> Json:
    """Read a saved plan. Raises UsageError, which starts with *source*."""
    try:
        document = read_json(text)
    except NotJsonError as error:
        raise UsageError(f"{source}: is no saved plan: {error.problem}", _HINT) from None
    if not isinstance(document, dict) or document.get("dpsctlPlan") != VERSION:
        raise UsageError(f"{source}: is no saved plan of version {VERSION}", _HINT)
    wanted = {*_ASKED, "salt", "digests", "fingerprint", "service", "apiVersion", "manifests"}
    if missing := sorted(wanted - set(document)):
        raise UsageError(f"{source}: the plan lacks {missing[0]}: was it saved?", _HINT)
    if document["fingerprint"] != f"sha256:{_fingerprint(document['digests'])}":
        raise UsageError(f"{source}: the plan was changed after it had been saved", _HINT)
    return document


def check_fresh(document: Json, plan: Plan, where: Json, sources: Mapping[str, str]) -> None:
    """Raise StalePlan, naming what differs, unless *plan* is the one that was saved.

    Objects that neither plan touches may have moved.
    """
    for name, value in where.items():
        if document[name] != value:
            told = f"the plan is for {name} {document[name]}, not {value}"
            raise StalePlan(told, "Nothing was sent.")
    differences = _differences(document, plan)
    if not differences:
        return
    saved = {one["path"]: one["sha256"] for one in document["manifests"]}
    changed = [path for path in {**saved, **sources} if saved.get(path) != sources.get(path)]
    differences = [*(f"{path}: changed" for path in sorted(changed)), *differences]
    shown = differences[:_MOST_SHOWN]
    if len(differences) > len(shown):
        shown.append(f"... and {len(differences) - len(shown)} more")
    raise StalePlan(
        "the plan is stale; nothing was sent\n" + "\n".join(shown),
        "'dpsctl diff --save FILE' makes a new one.",
    )


_HINT = "'dpsctl diff -f PATH --save FILE' saves one."


def _differences(document: Json, plan: Plan) -> list[str]:
    now = _digests(plan, unhexlify(document["salt"]))
    then: Mapping[str, str] = document["digests"]
    etags = {_name(change): change.etag for change in plan.changes}
    before = {f"{one['kind']} {one['id']}": one.get("etag") for one in document["changes"]}
    found = []
    for name in sorted({*now, *then}):
        if name not in then:
            found.append(f"{name}: differs now, and did not when this was planned")
        elif name not in now:
            found.append(f"{name}: is as wanted now")
        elif now[name] != then[name]:
            moved = etags.get(name) != before.get(name)
            what = "changed on the service since" if moved else "is to be changed in another way"
            found.append(f"{name}: {what}")
    return found


def _digests(plan: Plan, salt: bytes) -> dict[str, str]:
    """Return a digest of every change: what is done, to which version, from and to which values."""
    return {_name(change): _digest(_content(change), salt) for change in plan.changes}


def _name(change: Change) -> str:
    return f"{change.kind.name} {change.record_id}"


def _content(change: Change) -> Json:
    fields = [[list(one.path), _plain(one.before), _plain(one.after)] for one in change.fields]
    return {
        "action": change.action.value,
        "etag": change.etag,
        "from": change.old_id,
        "blocked": change.blocked,
        "risks": sorted(risk.value for risk in change.risks),
        "fields": sorted(fields, key=lambda field: field[0]),
    }


def _plain(value: Any) -> Any:
    return {"absent": True} if value is MISSING else {"value": value}


def _digest(content: Any, salt: bytes) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hmac.new(salt, text.encode(), hashlib.sha256).hexdigest()


def _fingerprint(digests: Mapping[str, str]) -> str:
    text = json.dumps(digests, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()

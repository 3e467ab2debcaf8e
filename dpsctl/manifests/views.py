"""A plan as data: what each change does, secrets by the part they play and never by their text."""

from __future__ import annotations

from typing import Any

from dpsctl.manifests.changes import MISSING, FieldChange
from dpsctl.manifests.fields import (
    KEY_FIELDS,
    Json,
    Path,
    certificate_paths,
    key_bytes,
    secret_paths,
    thumbprint_of,
)
from dpsctl.manifests.plan import Action, Change, Plan
from dpsctl.manifests.risks import Risk, lost_keys, lost_trust
from dpsctl.text.paths import show_path

VERSION = 1
_WEBHOOK = "webhookUrl"
_PLACES = {"primaryKey": "primary", "secondaryKey": "secondary"}


def plan_view(plan: Plan) -> Json:
    """Return a plan as JSON; within a version members are only added."""
    counts = plan.counts()
    summary: Json = {action.value: counts[action] for action in Action}
    summary |= {
        "blocked": len(plan.changes) - len(plan.feasible),
        "asWanted": plan.as_wanted,
        "notOurs": plan.not_ours,
        "protected": plan.protected,
        "unmanaged": len(plan.unmanaged),
        "risks": {risk.value: len(changes) for risk, changes in plan.risks().items()},
    }
    return {
        "dpsctlPlan": VERSION,
        "summary": summary,
        "changes": [change_view(change) for change in plan.changes],
    }


def change_view(change: Change) -> Json:
    """Return one change as JSON."""
    view: Json = {
        "action": change.action.value,
        "kind": change.kind.name,
        "id": change.record_id,
        "etag": change.etag,
        "at": change.place or None,
        "from": change.old_id,
        "risks": [risk.value for risk in Risk if risk in change.risks],
        "blocked": change.blocked,
    }
    shown = {name: value for name, value in view.items() if value is not None}
    return {**shown, "fields": [field_view(change, field) for field in change.fields]}


def field_view(change: Change, field: FieldChange) -> Json:
    """Return the change of one field; `from` and `to` are left out where the field is absent."""
    view: Json = {"path": show_path(field.path)}
    before, after = field.before, field.after
    if field.path in secret_paths(change.kind):
        view["secret"] = True
        before = MISSING if before is MISSING else _old_role(field.path, before)
        after = MISSING if after is MISSING else _new_role(change, field)
    elif field.path in certificate_paths(change.kind):
        before, after = _certificate(before), _certificate(after)
    else:
        before, after = _masked(change, field.path, before), _masked(change, field.path, after)
    if before is not MISSING:
        view["from"] = before
    if after is not MISSING:
        view["to"] = after
    return view


def risk_view(risk: Risk, change: Change) -> str:
    """Say what is lost with *change*, after the record's id; nothing if the class says it all."""
    if change.action is Action.delete or change.actual is None:
        return "was disabled" if risk is Risk.unblock else ""
    after = change.body()
    if risk is Risk.keys:
        names = [_PLACES.get(name, name) for name in lost_keys(change.actual, after)]
        go, them = ("goes", "it") if len(names) == 1 else ("go", "them")
        return f"the old {' and the old '.join(names)} {go}; devices that use {them} are refused"
    if risk is Risk.certificates:
        lost = [_short(one) for one in lost_trust(change.kind, change.actual, after)]
        return f"{' and '.join(lost)} {'is' if len(lost) == 1 else 'are'} trusted no more"
    return ""


def _short(trusted: str) -> str:
    return f"..{trusted[-8:]}" if len(trusted) == 64 else trusted


def _old_role(path: Path, before: Any) -> str:
    if path[-1] == _WEBHOOK:
        return _without_query(before)
    return f"old {_PLACES.get(path[-1], 'key')}"


def _new_role(change: Change, field: FieldChange) -> str:
    origin = change.wanted.origins.get(field.path, "") if change.wanted else ""
    told = f"new ({origin})" if origin else "new"
    if field.path[-1] == _WEBHOOK:
        return f"{_without_query(field.after)} {told}" if origin else _without_query(field.after)
    old = ((change.actual or {}).get("attestation") or {}).get("symmetricKey") or {}
    for name in KEY_FIELDS:
        if old.get(name) and key_bytes(old[name]) == key_bytes(field.after):
            return f"old {_PLACES[name]}"
    return told


def _without_query(url: Any) -> str:
    """Return an address without what lets in: the query, and a password before the host."""
    text, question, _ = str(url).partition("?")
    scheme, slashes, rest = text.partition("://")
    host = rest.rpartition("@")[2] if "@" in rest.split("/")[0] else rest
    return f"{scheme}{slashes}{host}{question and '?***'}"


def _certificate(slot: Any) -> Any:
    """Describe a slot's certificate by what tells it apart."""
    if not isinstance(slot, dict) or not slot:
        return slot
    info = slot.get("info") or {}
    if slot.get("certificate"):
        from dpsctl.certificates.describing import certificate_info
        from dpsctl.certificates.reading import read_certificates

        found = read_certificates(str(slot["certificate"]).encode(), "certificate")
        info = certificate_info(found.certificates[0])
    told = {name: info.get(name) for name in ("subjectName", "notAfterUtc")}
    return {
        **{name: value for name, value in told.items() if value},
        "sha256Thumbprint": thumbprint_of(slot),
    }


def _masked(change: Change, path: Path, value: Any) -> Any:
    """Return a value without the secrets that a whole frame holds."""
    if not isinstance(value, dict):
        return value
    below = [secret for secret in secret_paths(change.kind) if secret[: len(path)] == path]
    for secret in below:
        value = _replaced(value, secret[len(path) :])
    return value


def _replaced(value: Any, path: Path) -> Any:
    if not isinstance(value, dict) or path[0] not in value:
        return value
    inner = "***" if len(path) == 1 else _replaced(value[path[0]], path[1:])
    return {**value, path[0]: inner}

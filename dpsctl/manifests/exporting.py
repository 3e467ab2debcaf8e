"""Records of a service as manifests: what can be compared and written again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dpsctl.manifests.fields import (
    GROUP,
    TWIN_MARKS,
    Json,
    Kind,
    Path,
    certificate_paths,
    field_at,
    secret_paths,
    thumbprint_of,
)
from dpsctl.manifests.fleet import id_of
from dpsctl.text.documents import dump

_TWINS: tuple[Path, ...] = (("initialTwin", "tags"), ("initialTwin", "properties", "desired"))
_SEPARATOR = "---\n"


@dataclass(frozen=True)
class Exporter:
    """Says how records are written: with *keys*, and certificates by the *files* that hold them.

    *files* are paths by thumbprint; *unknown* gathers the certificates that are in none of them.
    """

    keys: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    def record(self, kind: Kind, record: Json) -> Json:
        """Return *record* as a manifest has it: nothing of the service's own.

        Of what `create` fills in, the absence is written where it means something else.
        """
        kept = {
            name: value
            for name, value in record.items()
            if value is not None and not field_at(kind.fields, name).is_read_only
        }
        kept.setdefault("reprovisionPolicy", None)
        for path in _TWINS:
            kept = _changed(kept, path, _without_marks)
        kept = {name: _literal(value) for name, value in kept.items()}
        for path in certificate_paths(kind):
            kept = _changed(kept, path, lambda slot: self._slot(kind, record, slot))
        if not self.keys:
            for path in secret_paths(kind):
                kept = _without(kept, path)
        return kept

    def document(self, kind: Kind, record: Json) -> str:
        """Return *record* as a YAML document, with what is known of its certificates above it."""
        comments = [*_comments(kind, record), *self._left_out(record)]
        return "".join([*comments, dump(self.record(kind, record))])

    def text(self, records: Iterable[tuple[Kind, Json]]) -> str:
        """Return all *records* as one file, in an order of their own."""
        return _SEPARATOR.join(self.document(kind, record) for kind, record in in_order(records))

    def _left_out(self, record: Json) -> Iterator[str]:
        """Tell of the one secret that a record that is made of the file would lack."""
        if not self.keys and (record.get("customAllocationDefinition") or {}).get("webhookUrl"):
            yield "# webhookUrl: left out, as keys are, for it may hold one (--show-keys)\n"

    def _slot(self, kind: Kind, record: Json, slot: Any) -> Any:
        thumbprint = thumbprint_of(slot)
        if not thumbprint:
            return slot
        if thumbprint in self.files:
            return {"certificate": {"$file": self.files[thumbprint]}}
        if self.files:
            self.unknown.append(f"{kind.name} {id_of(kind, record)}: ..{thumbprint[-8:]}")
        return {"info": {"sha256Thumbprint": thumbprint}}


def in_order(records: Iterable[tuple[Kind, Json]]) -> list[tuple[Kind, Json]]:
    """Put groups first, and then ids in the order of their letters."""
    return sorted(records, key=lambda one: (one[0] is not GROUP, id_of(*one).casefold()))


def _comments(kind: Kind, record: Json) -> Iterator[str]:
    for path in sorted(certificate_paths(kind)):
        slot: Any = record
        for name in path:
            slot = slot.get(name) if isinstance(slot, dict) else None
        info = (slot or {}).get("info") or {}
        if info.get("subjectName"):
            ends = str(info.get("notAfterUtc") or "")[:10]
            subject = str(info["subjectName"]).encode("unicode_escape").decode()
            yield f"# {path[-1]}: {subject}" + (f", ends {ends}\n" if ends else "\n")


def _changed(value: Any, path: Path, change: Any) -> Any:
    """Return *value* with *change* made at *path*, if there is something."""
    if not path:
        return change(value)
    if not isinstance(value, dict) or value.get(path[0]) is None:
        return value
    return {**value, path[0]: _changed(value[path[0]], path[1:], change)}


def _without(value: Any, path: Path) -> Any:
    return _changed(
        value,
        path[:-1],
        lambda part: (
            {name: inner for name, inner in part.items() if name != path[-1]}
            if isinstance(part, dict)
            else part
        ),
    )


def _without_marks(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: part for name, part in value.items() if name not in TWIN_MARKS}


def _literal(value: Any) -> Any:
    """Write data that a manifest would take for references as what it is."""
    if isinstance(value, list):
        return [_literal(item) for item in value]
    if not isinstance(value, dict):
        return value
    if any(name.startswith("$") for name in value) or list(value) == [""]:
        return {"$literal": value}
    return {name: _literal(part) for name, part in value.items()}

"""What a record must become: the wanted one beside the actual one, and the body that is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from dpsctl.manifests.fields import KEY_FIELDS, Field, Json, Kind, Path, field_at, is_written
from dpsctl.payloads.comparison import is_same


class Absent(Enum):
    """The value of a field that is not there."""

    MISSING = "missing"


MISSING = Absent.MISSING
_AZ_DEFAULTS: Json = {
    "capabilities": {"iotEdge": False},
    "reprovisionPolicy": {"updateHubAssignment": True, "migrateDeviceData": True},
}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that is not as it should be; MISSING stands for one that is absent."""

    path: Path
    before: Any
    after: Any


def field_changes(kind: Kind, wanted: Json, actual: Json, *, exact: bool) -> list[FieldChange]:
    """Return what must change in *actual* for it to be as *wanted*.

    Only what is written in *wanted* is looked at, null meaning absent; with *exact* what is not
    written is meant to be absent too, but for the id, the attestation's type, keys, and the address
    of a webhook of which something else is written.
    """
    whole = _with_removals(kind, wanted, actual)
    found = _frame_changes(kind.fields, whole, _comparable(wanted, actual), (), exact=exact)
    return sorted(found, key=lambda change: change.path)


def merged(kind: Kind, wanted: Json, actual: Json, *, exact: bool) -> Json:
    """Return *actual* made as *wanted*: what is not written in it stays, byte for byte."""
    whole = _with_removals(kind, wanted, actual)
    return _merged_frame(kind.fields, whole, _comparable(wanted, actual), exact=exact)


def new_record(kind: Kind, wanted: Json, *, exact: bool = False) -> Json:
    """Return the body that makes *wanted*, with az's defaults where it says nothing.

    With *exact* nothing is added: what is not written is meant to be absent.
    """
    body = merged(kind, wanted, {}, exact=False)
    for name, default in _AZ_DEFAULTS.items():
        if name not in wanted and not exact:
            body[name] = dict(default)
    return body


def unmanaged_fields(kind: Kind, wanted: Json, actual: Json) -> Iterator[Path]:
    """Name the fields of *actual* that are not written, but for those that `create` fills in."""
    filled_in = _filled_in(kind)
    rest = {
        name: value
        for name, value in actual.items()
        if (name not in wanted or field_at(kind.fields, name).members is not None)
        and not field_at(kind.fields, name).is_read_only
        and value != filled_in.get(name)
    }
    written = {name: wanted[name] for name in rest if name in wanted}
    for change in field_changes(kind, written, rest, exact=True):
        if change.after is MISSING and not is_written(wanted, change.path):
            yield change.path


@cache
def _filled_in(kind: Kind) -> Json:
    return new_record(kind, {})


def changes_type(wanted: Json, actual: Json) -> bool:
    """Tell whether devices would have to prove who they are in another way."""
    asked = (wanted.get("attestation") or {}).get("type")
    return asked is not None and asked != (actual.get("attestation") or {}).get("type")


def states_keys(wanted: Json) -> bool:
    """Tell whether *wanted* names a symmetric key, so that the actual ones must be read."""
    return bool(_written_keys(wanted))


def states_all_keys(wanted: Json) -> bool:
    """Tell whether *wanted* names both keys, so that the actual ones need not be kept."""
    return len(_written_keys(wanted)) == len(KEY_FIELDS)


def is_by_key(record: Json) -> bool:
    """Tell whether devices prove who they are by symmetric keys."""
    return (record.get("attestation") or {}).get("type") == "symmetricKey"


def has_keys(record: Json) -> bool:
    """Tell whether *record* shows both of its symmetric keys."""
    return len(_written_keys(record)) == len(KEY_FIELDS)


def _written_keys(record: Json) -> list[str]:
    keys = (record.get("attestation") or {}).get("symmetricKey") or {}
    return [name for name in KEY_FIELDS if keys.get(name) is not None]


def _comparable(wanted: Json, actual: Json) -> Json:
    """Return *actual* without an attestation that gives way to one of another type."""
    if not changes_type(wanted, actual):
        return actual
    kind_only = {"type": (actual.get("attestation") or {}).get("type")}
    return {**actual, "attestation": kind_only}


def _with_removals(kind: Kind, wanted: Json, actual: Json) -> Json:
    """Add to *wanted* what follows from it: CA names take the place of certificates, and so on."""
    attestation = wanted.get("attestation")
    x509 = attestation.get("x509") if isinstance(attestation, dict) else None
    if not isinstance(attestation, dict) or not isinstance(x509, dict):
        return wanted
    held = (actual.get("attestation") or {}).get("x509") or {}
    ways = (kind.certificates, "caReferences")
    for way, other in (ways, ways[::-1]):
        if any((x509.get(way) or {}).values()) and other not in x509 and held.get(other):
            x509 = {**x509, other: None}
            return {**wanted, "attestation": {**attestation, "x509": x509}}
    return wanted


def _frame_changes(
    fields: Mapping[str, Field], wanted: Json | None, actual: Json, above: Path, *, exact: bool
) -> Iterator[FieldChange]:
    """Yield the changes of a frame's members; it is None in *wanted* if it is not written."""
    written = wanted or {}
    for name in _compared(fields, wanted, actual, exact=exact):
        field, before = field_at(fields, name), actual.get(name)
        after = written.get(name)
        if field.members is not None and (isinstance(after, dict) or name not in written):
            inner = _object(before)
            yield from _frame_changes(field.members, after, inner, (*above, name), exact=exact)
        elif not _is_equal(field, after, before):
            yield FieldChange((*above, name), _or_missing(before), _or_missing(after))


def _compared(
    fields: Mapping[str, Field], wanted: Json | None, actual: Json, *, exact: bool
) -> Iterator[str]:
    """Name what is to be compared: the written fields, with *exact* all that may be absent."""
    written = wanted or {}
    for name in written:
        if not field_at(fields, name).is_read_only:
            yield name
    if exact:
        for name in actual:
            field = field_at(fields, name)
            # What an export leaves out of a frame is not meant to go.
            is_kept = field.is_kept or (field.is_secret and wanted is not None)
            if name not in written and not field.is_read_only and not is_kept:
                yield name


def _is_equal(field: Field, wanted: Any, actual: Any) -> bool:
    """Compare two values; a frame that is to be absent by each of its members."""
    if field.members is None or not (isinstance(actual, dict) or actual is None):
        return is_same(field.meaning(wanted), field.meaning(actual))
    return wanted is None and all(
        _is_equal(field_at(field.members, name), None, value)
        for name, value in (actual or {}).items()
    )


def _merged_frame(
    fields: Mapping[str, Field], wanted: Json | None, actual: Json, *, exact: bool
) -> Json:
    result = {
        name: value for name, value in actual.items() if not field_at(fields, name).is_read_only
    }
    for name in _compared(fields, wanted, actual, exact=exact):
        value = _merged_value(field_at(fields, name), name, wanted or {}, actual, exact=exact)
        if value is MISSING:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def _merged_value(field: Field, name: str, wanted: Json, actual: Json, *, exact: bool) -> Any:
    after, before = wanted.get(name), actual.get(name)
    if field.members is not None and (isinstance(after, dict) or name not in wanted):
        inner = _merged_frame(field.members, after, _object(before), exact=exact)
        return inner or MISSING
    if after is None:
        return MISSING
    return before if _is_equal(field, after, before) and before is not None else after


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _or_missing(value: Any) -> Any:
    return MISSING if value is None else value

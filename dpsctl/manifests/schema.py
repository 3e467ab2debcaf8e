"""The JSON Schema of manifests, made from the same table that they are checked by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dpsctl.manifests.fields import (
    KINDS,
    REGISTRY_NAMES,
    Field,
    Json,
    Kind,
    Path,
    cannot_be_absent,
    certificate_paths,
)
from dpsctl.manifests.rows import TYPES

_BASE64 = "[A-Za-z0-9+/]"
# 16 to 64 bytes: groups of four letters, the last one filled up.
_KEY = (
    f"^(?:(?:{_BASE64}{{4}}){{6,21}}|(?:{_BASE64}{{4}}){{5,21}}{_BASE64}{{2}}=="
    f"|(?:{_BASE64}{{4}}){{5,20}}{_BASE64}{{3}}=)$"
)
_ANY_KEY = f"^(?:{_BASE64}{{4}})*(?:{_BASE64}{{4}}|{_BASE64}{{3}}=|{_BASE64}{{2}}==)$"
_ID = r"^[A-Za-z0-9\-._:]{0,127}[A-Za-z0-9\-]$"
_NULL = {"type": "null"}
_EMPTY = {"maxProperties": 0}
_TEXT = {"type": "string"}
_DESCRIBED = {
    "$each": "a file of rows, CSV or JSON lines: a record is made of each",
    "$exact": "true: what is not written is to be absent, but for keys",
    "$formerly": "the id that this record had before; its keys move along",
}


def schema_of(kind: Kind | None = None) -> Json:
    """Return the schema of a manifest's documents, or of the records of one *kind*."""
    kinds = [kind] if kind else list(KINDS.values())
    records = [{"$ref": f"#/definitions/{one.name}"} for one in kinds]
    shapes = records if kind else [*records, {"$ref": "#/definitions/Fleet"}]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"dpsctl manifest: {kind.name}" if kind else "dpsctl manifest",
        "anyOf": [*shapes, {"type": "array", "items": {"anyOf": shapes}}],
        "definitions": {
            **{one.name: _record(one) for one in kinds},
            **({} if kind else {"Fleet": _fleet()}),
            "reference": {
                "anyOf": [_reference(name) for name in ("$var", "$format")]
                + [_column(), _reference("$literal", {})]
            },
            "secret": {"anyOf": [_reference("$env"), _file(), _command()]},
        },
    }


def _record(kind: Kind) -> Json:
    ours: Json = {name: {"description": told} for name, told in _DESCRIBED.items()}
    ours["$exact"]["type"] = "boolean"
    ours["$each"]["type"] = "string"
    ours["$formerly"]["anyOf"] = [_TEXT, _NULL, {"$ref": "#/definitions/reference"}]
    return {
        "description": f"{kind.name}: what is not written stays as it is; null is to be absent",
        **_object(kind, kind.fields, (), ours),
        "required": [kind.id_field],
        "allOf": [*_registry_rules(), *_hub_rules()],
    }


def _object(kind: Kind, fields: Mapping[str, Field], above: Path, more: Json) -> Json:
    properties = {name: _field(kind, field, (*above, name)) for name, field in fields.items()}
    return {"type": "object", "properties": {**properties, **more}}


def _field(kind: Kind, field: Field, path: Path) -> Json:
    described: Json = {"description": field.about}
    if field.is_read_only:
        return {**described, "doNotSuggest": True}  # a pasted record may have it
    shapes: list[Json] = [_plain(kind, field, path), {"$ref": "#/definitions/reference"}]
    if field.is_secret:
        shapes.append({"$ref": "#/definitions/secret"})
    if not cannot_be_absent(field):
        shapes.append(_NULL)
    return {**described, "anyOf": shapes}


def _plain(kind: Kind, field: Field, path: Path) -> Json:
    if path in certificate_paths(kind):
        return _slot()
    if field.members is not None:
        rules: dict[Path, Json] = {
            ("attestation",): {"allOf": _attestation_rules(kind)},
            ("attestation", "x509", kind.certificates): {"additionalProperties": False},
            ("attestation", "x509"): {"allOf": _x509_rules(kind)},
        }
        return {**_object(kind, field.members, path, {}), **rules.get(path, {})}
    if path == ("iotHubs",):
        item = {"anyOf": [{**_TEXT, "minLength": 1}, {"$ref": "#/definitions/reference"}]}
        return {"type": "array", "items": item}
    if field.choices:
        return {"enum": list(field.choices)}
    pattern = _pattern(kind, field, path)
    return {"type": field.type, "pattern": pattern} if pattern else {"type": field.type}


def _pattern(kind: Kind, field: Field, path: Path) -> str | None:
    if path == (kind.id_field,):
        return _ID
    if not (field.is_secret and field.is_kept):
        return None
    return _ANY_KEY if path[-1] == "endorsementKey" else _KEY


def _slot() -> Json:
    text = {"anyOf": [_TEXT, _NULL, _file(), {"$ref": "#/definitions/reference"}]}
    info = {
        "type": ["object", "null"],
        "properties": {"sha256Thumbprint": {"type": ["string", "null"]}},
    }
    properties = {"certificate": text, "info": {"description": "its sha256Thumbprint", **info}}
    shapes = [_EMPTY, {"required": ["certificate"]}, {"required": ["info"]}]
    return {"type": "object", "properties": properties, "anyOf": shapes}


def _attestation_rules(kind: Kind) -> list[Json]:
    """Ask for the type beside what proves it, and for nothing that belongs to another type."""
    absent = {"anyOf": [_NULL, _EMPTY]}
    filled = {"type": "object", "minProperties": 1}
    rules: list[Json] = []
    for name in kind.attestations:
        has_part = {"required": [name], "properties": {name: filled}}
        rules.append({"if": has_part, "then": {"required": ["type"]}})
        others = {other: absent for other in kind.attestations if other != name}
        is_type = {"required": ["type"], "properties": {"type": {"const": name}}}
        rules.append({"if": is_type, "then": {"properties": others}})
    return rules


def _x509_rules(kind: Kind) -> list[Json]:
    def filled(name: str) -> Json:
        nothing: Json = {"enum": [None, "", {}, [], False, 0]}
        empty = {"additionalProperties": nothing}  # whatever the slot is called
        return {"required": [name], "properties": {name: {"type": "object", "not": empty}}}

    return [{"not": {"allOf": [filled(kind.certificates), filled("caReferences")]}}]


def _registry_rules() -> list[Json]:
    given = {name: {"type": ["string", "object"]} for name in REGISTRY_NAMES}
    whole = {"required": list(REGISTRY_NAMES), "properties": given}
    return [
        {"if": {"required": [name], "properties": {name: given[name]}}, "then": whole}
        for name in REGISTRY_NAMES
    ]


def _hub_rules() -> list[Json]:
    def policy(value: Any) -> Json:
        return {
            "required": ["allocationPolicy", "iotHubs"],
            "properties": {"allocationPolicy": {"const": value}},
        }

    one = {"anyOf": [{"type": "array", "minItems": 1, "maxItems": 1}, {"type": "object"}]}
    none = {"anyOf": [_NULL, {"maxItems": 0}]}
    return [
        {"if": policy("static"), "then": {"properties": {"iotHubs": one}}},
        {"if": policy(None), "then": {"properties": {"iotHubs": none}}},
    ]


def _fleet() -> Json:
    globs = {"type": ["array", "string"], "items": {**_TEXT, "minLength": 1}}
    by_kind = {"type": "object", "additionalProperties": False}
    number = {"type": "number", "minimum": 0}
    text = {"anyOf": [_TEXT, {"$ref": "#/definitions/reference"}]}
    properties = {
        "$fleet": {"const": 1, "description": "the version of the format"},
        "service": {**text, "description": "the only service that these manifests are for"},
        "owns": {
            **by_kind,
            "description": "globs of the ids that are this fleet's; --prune deletes among them",
            "properties": dict.fromkeys(KINDS, globs),
        },
        "protect": {**globs, "description": "globs of ids from which nothing is taken away"},
        "limits": {
            "type": "object",
            "description": "more objects that lose something need --allow many",
            "additionalProperties": False,
            "properties": {"percent": number, "objects": number},
        },
        "defaults": {
            **by_kind,
            "description": "fields under each record of a kind; a record's null beats them",
            "properties": {name: {"type": "object"} for name in KINDS},
        },
        "exact": {"type": "boolean", "description": _DESCRIBED["$exact"]},
    }
    return {
        "type": "object",
        "properties": properties,
        "required": ["$fleet"],
        "additionalProperties": False,
    }


def _reference(name: str, value: Json | None = None) -> Json:
    content = _TEXT if value is None else value
    return {
        "type": "object",
        "properties": {name: content},
        "required": [name],
        "additionalProperties": False,
    }


def _file() -> Json:
    inner = {"anyOf": [_TEXT, {"$ref": "#/definitions/reference"}]}
    return _reference("$file", inner)


def _command() -> Json:
    return _reference("$command", {"type": "array", "items": _TEXT, "minItems": 1})


def _column() -> Json:
    column = _reference("$column")
    return {**column, "properties": {**column["properties"], "as": {"enum": list(TYPES)}}}

"""Rows of a file as drafts of enrollments: a value is named as its flag, or as in the REST body."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from dpsctl.errors import UsageError
from dpsctl.options.checks import refuse_controls
from dpsctl.options.enrollment import Settings
from dpsctl.options.individual import (
    AttestationTypeOption,
    Device,
    EnrollmentId,
    IndividualAttestation,
)
from dpsctl.options.kinds import Words, kind_of
from dpsctl.options.records import Edits
from dpsctl.payloads.individual import Draft
from dpsctl.text.json_text import NotJsonError, read_json
from dpsctl.text.paths import Path, parse_assignment, parse_path, show_path

_GROUPS = {
    "attestation": IndividualAttestation,
    "device": Device,
    "settings": Settings,
    "edits": Edits,
}
_KEYS, _TPM = ("attestation", "symmetricKey"), ("attestation", "tpm")
_X509, _TWIN = ("attestation", "x509"), ("initialTwin",)
# Fields of the body that have a flag: its value is checked and completed as the flag's is.
_FLAG_OF: dict[Path, str] = {
    ("registrationId",): "enrollment-id",
    ("deviceId",): "device-id",
    ("optionalDeviceInformation",): "device-information",
    ("attestation", "type"): "attestation-type",
    (*_KEYS, "primaryKey"): "primary-key",
    (*_KEYS, "secondaryKey"): "secondary-key",
    (*_TPM, "endorsementKey"): "endorsement-key",
    (*_X509, "caReferences", "primary"): "root-ca-name",
    (*_X509, "caReferences", "secondary"): "secondary-root-ca-name",
    ("allocationPolicy",): "allocation-policy",
    ("iotHubs",): "iot-hubs",
    ("customAllocationDefinition", "webhookUrl"): "webhook-url",
    ("customAllocationDefinition", "apiVersion"): "api-version",
    ("capabilities", "iotEdge"): "edge-enabled",
    ("provisioningStatus",): "provisioning-status",
    ("namespaceName",): "adr-namespace",
    ("certificateAuthorityName",): "adr-ca-name",
    ("certificatePolicyName",): "adr-cert-policy-name",
    (*_TWIN, "tags"): "initial-twin-tags",
    (*_TWIN, "properties", "desired"): "initial-twin-properties",
}
_CLIENT = (*_X509, "clientCertificates")
_CERTIFICATES: dict[Path, str] = {
    (*_CLIENT, slot, "certificate"): slot for slot in ("primary", "secondary")
}
_OTHER_FIELDS = {"iotHubHostName", "reprovisionPolicy"}
_BODY_FIELDS = {path[0] for path in _FLAG_OF} | _OTHER_FIELDS
# What the service writes itself: a line of `list -o jsonl` may be given back with it.
_READ_ONLY = {"etag", "registrationState", "createdDateTimeUtc", "lastUpdatedDateTimeUtc"}

_JSON_FOLLOWS = ":="


class _Flag(NamedTuple):
    """Where a flag's value goes in a draft, and the option that says what it may be."""

    group: str | None
    field: str
    hint: Any
    option: Any


def check_columns(names: list[str], source: str) -> None:
    """Raise UsageError, which starts with *source*, unless a row may have these columns."""
    plain = [name.removesuffix(_JSON_FOLLOWS) for name in names]
    for name in plain:
        if plain.count(name) > 1:
            raise UsageError(f"{source}: the column '{name}' is there twice")
        try:
            _check_name(name)
        except UsageError as error:
            raise UsageError(f"{source}: {error.message}", error.hint) from None


def draft_of(values: Mapping[str, Any], defaults: Draft) -> Draft:
    """Read a row's *values* over the *defaults*, which the command line gave. Raises UsageError."""
    row = _Row()
    for named, given in values.items():
        name, value = _named_value(named, given)
        if value is None:
            continue
        _check_name(name)
        if name in _flags():
            row.take_flag(name, value)
        elif name not in _READ_ONLY:
            row.take_field(parse_path(name, "column"), value)
    return row.over(defaults)


def _named_value(name: str, value: Any) -> tuple[str, Any]:
    """Read the JSON that a name announces, as `PATH:=JSON` does on the command line."""
    if not (name.endswith(_JSON_FOLLOWS) and isinstance(value, str)):
        return name, value
    try:
        return name.removesuffix(_JSON_FOLLOWS), read_json(value)
    except NotJsonError as error:
        raise UsageError(f"column '{name}': {error.problem}") from None


def _check_name(name: str) -> None:
    if name in _flags() or name in _READ_ONLY:
        return
    if not name or parse_path(name, f"column '{name}'")[0] not in _BODY_FIELDS:
        raise UsageError(
            f"'{name}' is neither a flag nor a field of an enrollment",
            "Name it as the flag without dashes (device-id), or as in the REST body (deviceId, "
            "initialTwin.tags.site); ':=' after it says that JSON follows.",
        )


class _Row:
    """What has been read of a row: flags' values by group, certificates, and other fields."""

    def __init__(self) -> None:
        self.groups: dict[str | None, dict[str, Any]] = {}
        self.certificates: dict[str, str] = {}
        self.others: list[str] = []

    def take_flag(self, name: str, value: Any) -> None:
        flag = _flags()[name]
        self.groups.setdefault(flag.group, {})[flag.field] = _converted(name, flag, value)

    def take_field(self, path: Path, value: Any) -> None:
        """Take a field of the body, and in an object every field in it."""
        if value is None:
            return
        if path in _FLAG_OF:
            self.take_flag(_FLAG_OF[path], value)
        elif path in _CERTIFICATES:
            self.certificates[_CERTIFICATES[path]] = str(value)
        elif isinstance(value, dict) and value:
            for name, item in value.items():
                self.take_field((*path, name), item)
        elif path[: len(_CLIENT)] != _CLIENT or "info" not in path:
            self.others.append(f"{show_path(path)}:={json.dumps(value)}")

    def over(self, defaults: Draft) -> Draft:
        groups = {
            name: replace(getattr(defaults, name), **self.groups.get(name, {})) for name in _GROUPS
        }
        edits, own = groups["edits"], {parse_assignment(text)[0] for text in self.others}
        kept = [text for text in edits.set_values or [] if parse_assignment(text)[0] not in own]
        groups["edits"] = replace(edits, set_values=[*kept, *self.others])
        return replace(
            defaults, **self.groups.get(None, {}), **groups, certificates=self.certificates
        )


@cache
def _flags() -> dict[str, _Flag]:
    """Name every flag that may be a column, without its dashes."""
    found = {
        name: flag for group, options in _GROUPS.items() for name, flag in _flags_of(group, options)
    }
    for field, hint in (("record_id", EnrollmentId), ("attestation_type", AttestationTypeOption)):
        found |= dict(_named(None, field, hint))
    return found


def _flags_of(group: str, options: Any) -> Iterator[tuple[str, _Flag]]:
    hints = get_type_hints(options, include_extras=True)
    for item in fields(options):
        yield from _named(group, item.name, hints[item.name])


def _named(group: str | None, field: str, annotated: Any) -> Iterator[tuple[str, _Flag]]:
    hint, option = get_args(annotated)[:2]
    # In an annotation, Typer keeps an option's first name where it else has the default.
    for name in (option.default, *option.param_decls):
        if name.startswith("--"):
            yield name.removeprefix("--"), _Flag(group, field, hint, option)


def _converted(name: str, flag: _Flag, value: Any) -> Any:
    """Turn a JSON value, or a cell's text, into what the command line would have made of it."""
    kinds = [kind for kind in (get_args(flag.hint) or (flag.hint,)) if kind is not type(None)]
    kind = kinds[0]
    if get_origin(kind) is list:
        read = value if isinstance(value, list) else [value]
        return [_text(name, item) for item in read]
    if issubclass(kind, StrEnum):
        return _word(name, kind, value)
    if issubclass(kind, Words):
        return Words([json.dumps(value) if isinstance(value, dict) else _text(name, value)])
    text = _text(name, value)
    refuse_controls(f"--{name}", text, kind_of(flag.option))
    return flag.option.callback(text) if flag.option.callback else text


def _word(name: str, kind: type[StrEnum], value: Any) -> StrEnum:
    text = str(value).lower() if isinstance(value, bool) else _text(name, value)
    for word in kind:
        if word.value.lower() == text.lower():
            return word
    raise UsageError(f"--{name}: {text!r} is none of {', '.join(kind)}")


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise UsageError(f"--{name}: {json.dumps(value)[:60]} is no text")
    return value

"""Records of a service as dpsctl has printed them, of every kind, sorted out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from dpsctl.admission.known import Known
from dpsctl.errors import UsageError
from dpsctl.run import Run

Json = dict[str, Any]
_FLAG = "--from"
_HINT = (
    "It takes what 'enrollment-group list', 'enrollment list' (with --show-keys), 'registration "
    "list', 'show' and 'certificate list' print, -o json or jsonl."
)
# What `emulator run --seed` takes is taken here too.
_SEED = {"enrollmentGroups": "groups", "enrollments": "enrollments", "registrations": "states"}


def read_printed(paths: Sequence[str], run: Run) -> Known:
    """Read the files *paths*. Raises UsageError, with file and line, for what is no record."""
    found: dict[str, list[Json]] = defaultdict(list)
    for path in paths:
        for place, value in _values(path, run):
            _sort(value, place, found)
    services = found["services"]
    properties = services[-1]["properties"] if services else {}
    hubs = properties.get("iotHubs")
    return Known(
        groups=found.get("groups"),
        enrollments=found.get("enrollments"),
        registrations=[*found["states"], *_states_in(found["enrollments"])],
        id_scope=properties.get("idScope"),
        hubs=[str(hub.get("name")) for hub in hubs] if isinstance(hubs, list) else None,
        authorities=found.get("authorities"),
    )


def _values(path: str, run: Run) -> Iterator[tuple[str, Any]]:
    from dpsctl.text.json_lines import records_in
    from dpsctl.text.values import decode_text, read_file

    name = "standard input" if path == "-" else path
    text = decode_text(read_file(path, _FLAG, run.stdin), f"{_FLAG} {path}")
    for line, value in records_in(text, name):
        yield f"{name}:{line}", value


def _sort(value: Any, place: str, found: dict[str, list[Json]]) -> None:
    if not isinstance(value, dict):
        raise UsageError(f"{_FLAG} {place}: is no record", _HINT)
    inner = value.get("properties")
    if isinstance(value.get("value"), list):  # Resource Manager puts a list into an object
        found["authorities"] += ()
        for each in value["value"]:
            _sort(each, place, found)
    elif set(value) & set(_SEED) and "attestation" not in value:
        for name in set(value) & set(_SEED):
            found[_SEED[name]] += value[name] or ()
    elif isinstance(value.get("attestation"), dict):
        found["groups" if "enrollmentGroupId" in value else "enrollments"].append(value)
    elif isinstance(inner, dict) and "idScope" in inner:
        found["services"].append(value)
    elif isinstance(inner, dict) and "thumbprint" in inner:
        found["authorities"].append(value)
    elif "registrationId" in value and "status" in value:
        found["states"].append(value)
    else:
        raise UsageError(f"{_FLAG} {place}: is no record that is known here", _HINT)


def _states_in(enrollments: Sequence[Json]) -> Iterator[Json]:
    """Take the registrations that individual enrollments are shown with."""
    for one in enrollments:
        state = one.get("registrationState")
        if isinstance(state, dict):
            yield {"registrationId": one.get("registrationId"), **state}

"""Records of a service as dpsctl has printed them, of every kind, sorted out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from dpsctl.admission.known import Known, hides_keys, keys_of
from dpsctl.errors import UsageError
from dpsctl.keys import KeyFormatError, decode_key
from dpsctl.run import Run
from dpsctl.service.shape import CERTIFICATE, ENROLLMENT, REGISTRATION, SERVICE, misfit

Json = dict[str, Any]
_Placed = list[tuple[str, Json]]  # each record with its file and line
_FLAG = "--from"
_HINT = (
    "It takes what 'enrollment-group list', 'enrollment list' (with --show-keys), 'registration "
    "list', 'show' and 'certificate list' print, -o json or jsonl."
)
# What `emulator run --seed` takes is taken here too.
_SEED = {"enrollmentGroups": "groups", "enrollments": "enrollments", "registrations": "states"}
_SHAPES = {
    "groups": ENROLLMENT,
    "enrollments": ENROLLMENT,
    "states": REGISTRATION,
    "services": SERVICE,
    "authorities": CERTIFICATE,
}


def read_printed(paths: Sequence[str], run: Run) -> Known:
    """Read the files *paths*. Raises UsageError, with file and line, for what is no record."""
    found: dict[str, _Placed] = defaultdict(list)
    for path in paths:
        for place, value in _values(path, run):
            _sort(value, place, found)
    lists = {
        kind: [record for _, record in placed] if kind == "states" else _one_each(placed)
        for kind, placed in found.items()
    }
    return Known(
        groups=lists.get("groups"),
        enrollments=lists.get("enrollments"),
        registrations=[*lists.get("states", ()), *_states_in(lists.get("enrollments", ()))],
        authorities=lists.get("authorities"),
        **_of_service(found["services"]),
    )


def _of_service(services: _Placed) -> dict[str, Any]:
    """Return what the one service that was printed tells of itself."""
    if not services:
        return {}
    (_, first), *others = services
    for place, other in others:
        if other["properties"]["idScope"] != first["properties"]["idScope"]:
            raise UsageError(f"{_FLAG} {place}: is another service", "Give one, by 'show'.")
    hubs = first["properties"].get("iotHubs")
    names = [str(hub.get("name")) for hub in hubs] if isinstance(hubs, list) else None
    return {"id_scope": first["properties"]["idScope"], "hubs": names}


def _values(path: str, run: Run) -> Iterator[tuple[str, Any]]:
    from dpsctl.text.json_lines import records_in
    from dpsctl.text.values import decode_text, read_file

    name = "standard input" if path == "-" else path
    text = decode_text(read_file(path, _FLAG, run.stdin), f"{_FLAG} {path}")
    for line, value in records_in(text, name):
        yield f"{name}:{line}", value


def _sort(value: Any, place: str, found: dict[str, _Placed]) -> None:
    if not isinstance(value, dict):
        raise UsageError(f"{_FLAG} {place}: is no record", _HINT)
    if isinstance(value.get("value"), list):  # Resource Manager puts a list into an object
        found["authorities"] += ()
        for number, each in enumerate(value["value"]):
            _sort(each, f"{place}: value[{number}]", found)
    elif set(value) & set(_SEED) and "attestation" not in value:
        for name in set(value) & set(_SEED):
            for at, each in _of_seed(value[name], f"{place}: {name}"):
                _keep(_SEED[name], each, at, found)
            found[_SEED[name]] += ()
    else:
        _keep(_kind_of(value, place), value, place, found)


def _of_seed(records: Any, place: str) -> Iterator[tuple[str, Json]]:
    if not isinstance(records, list | None):
        raise UsageError(f"{_FLAG} {place} is no list", _HINT)
    for number, each in enumerate(records or ()):
        if not isinstance(each, dict):
            raise UsageError(f"{_FLAG} {place}[{number}]: is no record", _HINT)
        yield f"{place}[{number}]", each


def _kind_of(value: Json, place: str) -> str:
    inner = value.get("properties")
    if isinstance(value.get("attestation"), dict):
        return "groups" if "enrollmentGroupId" in value else "enrollments"
    if isinstance(inner, dict) and "idScope" in inner:
        return "services"
    if isinstance(inner, dict) and "thumbprint" in inner:
        return "authorities"
    if "registrationId" in value and "status" in value:
        return "states"
    raise UsageError(f"{_FLAG} {place}: is no record that is known here", _HINT)


def _keep(kind: str, record: Json, place: str, found: dict[str, _Placed]) -> None:
    if problem := misfit(record, _SHAPES[kind]) or _key_problem(record):
        raise UsageError(f"{_FLAG} {place}: {problem}", _HINT)
    found[kind].append((place, record))


def _key_problem(record: Json) -> str | None:
    for name, key in keys_of(record):
        try:
            decode_key(key)
        except KeyFormatError as error:
            return f"of its {name}, {error}"
    return None


def _one_each(placed: _Placed) -> list[Json]:
    """Keep each record once, with its keys if they are shown anywhere.

    Of two states of one record nobody can say which the service has: they raise UsageError.
    """
    kept: dict[str, tuple[str, Json]] = {}
    for place, record in placed:
        name = str(_id_of(record))
        first, before = kept.setdefault(name.lower(), (place, record))
        if not _is_same_state(before, record):
            message = f"{_FLAG} {place}: '{name}' is also at {first}, and there it is another"
            raise UsageError(message, "Give the one that the service has now.")
        if hides_keys(before):
            kept[name.lower()] = (place, record)
    return [record for _, record in kept.values()]


def _id_of(record: Json) -> Any:
    names = ("enrollmentGroupId", "registrationId", "name", "id")
    return next((record[name] for name in names if name in record), None)


def _is_same_state(one: Json, other: Json) -> bool:
    etag = one.get("etag")
    return one == other or (etag is not None and etag == other.get("etag"))


def _states_in(enrollments: Sequence[Json]) -> Iterator[Json]:
    """Take the registrations that individual enrollments are shown with."""
    for one in enrollments:
        state = one.get("registrationState")
        if isinstance(state, dict):
            yield {"registrationId": one.get("registrationId"), **state}

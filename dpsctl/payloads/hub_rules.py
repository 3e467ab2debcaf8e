"""What an IoT hub takes of an enrollment: the device's id, the hub's name, the first twin.

The provisioning service stores what no hub takes, and each registration fails then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import ascii_letters, digits
from typing import Any

from dpsctl.frozen import frozen
from dpsctl.text.paths import Path

Json = dict[str, Any]
# What one of the two lists has is taken here (docs/service.md#c1).
_IN_DEVICE_ID = frozenset(ascii_letters + digits + "-:.+%_#*?!(),=@;$'")
_DEVICE_ID_RULE = "hubs take letters A to Z, digits and - : . + % _ # * ? ! ( ) , = @ ; $ '"
_LONGEST_DEVICE_ID = 128
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
# The limits of a twin (docs/service.md#c1).
_DEEPEST = 10
_LONGEST_NAME = 1024
_LONGEST_TEXT = 4096
_INTEGERS = range(-(2**52), 2**52)
_NUMBER_SIZE = 8
_BOOLEAN_SIZE = 4
_PARTS = (
    (("initialTwin", "tags"), 8 * 1024),
    (("initialTwin", "properties", "desired"), 32 * 1024),
)


@frozen
class Problem:
    """What is wrong, and at which field; a warning keeps nobody from going on."""

    path: Path
    says: str
    is_warning: bool = False


def hub_problems(record: Json) -> Iterator[Problem]:
    """Yield what hubs would not take of a *record*, or of some of its fields."""
    device_id, hubs = record.get("deviceId"), record.get("iotHubs")
    if isinstance(device_id, str) and (problem := _device_id_problem(device_id)):
        yield Problem(("deviceId",), problem)
    for hub in hubs if isinstance(hubs, list) else ():
        yield from _host_problems(("iotHubs",), hub)
    yield from _host_problems(("iotHubHostName",), record.get("iotHubHostName"))
    for path, limit in _PARTS:
        part: Any = record
        for name in path:
            part = part.get(name) if isinstance(part, dict) else None
        if isinstance(part, dict):
            yield from _part_problems(path, part, limit)


def _device_id_problem(device_id: str) -> str | None:
    if len(device_id) > _LONGEST_DEVICE_ID:
        return f"a device id of {len(device_id)} characters, and hubs take {_LONGEST_DEVICE_ID}"
    strange = next((letter for letter in device_id if letter not in _IN_DEVICE_ID), None)
    return f"{strange!r} cannot be in a device id: {_DEVICE_ID_RULE}" if strange else None


def _host_problems(path: Path, hub: Any) -> Iterator[Problem]:
    if not isinstance(hub, str):
        return
    if not _HOST.fullmatch(hub):
        # It may be a connection string, so it is not repeated.
        yield Problem(path, "a hub is its host name, such as my-hub.azure-devices.net")
    elif "." not in hub:
        says = f"'{hub}' is no host name; a hub's is such as {hub}.azure-devices.net"
        yield Problem(path, says, is_warning=True)


def _part_problems(path: Path, part: Json, limit: int) -> Iterator[Problem]:
    if _is_whole_twin(path[-1], part):
        what = "its tags hold" if path[-1] == "tags" else "its properties.desired holds"
        says = f"a whole twin is in it, where only what {what} belongs"
        yield Problem(path, says, is_warning=True)
    for place, problem in _value_problems(part, path, 0):
        yield Problem(place, problem, is_warning=True)
    if (size := _size_of(part)) > limit:
        says = f"{size} bytes, and a hub takes {limit} at most"
        yield Problem(path, says, is_warning=True)


def _is_whole_twin(name: str, part: Json) -> bool:
    """Tell a twin as the portal shows it, or a part of one, that was given for one of its parts."""
    properties = part.get("properties")
    has_desired = isinstance(properties, dict) and isinstance(properties.get("desired"), dict)
    has_tags = isinstance(part.get("tags"), dict)
    if has_tags and has_desired:
        return True
    (only,) = part if len(part) == 1 else ("",)
    return (only == "properties" and has_desired) or (only == name and isinstance(part[only], dict))


def _value_problems(value: Any, path: Path, depth: int) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        if depth > _DEEPEST:
            yield path, f"nested {depth} levels deep, and a hub takes {_DEEPEST}"
            return
        for name, inner in value.items():
            place = (*path, name)
            if problem := _name_problem(name):
                yield place, problem
            yield from _value_problems(inner, place, depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _value_problems(item, (*path, str(index)), depth)
    elif isinstance(value, str):
        if len(value.encode("utf-8", "replace")) > _LONGEST_TEXT:
            yield path, f"a hub takes texts of {_LONGEST_TEXT} bytes at most"
    elif isinstance(value, int) and value not in _INTEGERS:
        yield path, f"a hub's integers are from {_INTEGERS[0]} to {_INTEGERS[-1]}"


def _name_problem(name: str) -> str | None:
    for letter in name:
        if letter in ".$ " or letter < " " or "\x7f" <= letter <= "\x9f":
            return f"a hub takes no {letter!r} in a name"
    if len(name.encode("utf-8", "replace")) > _LONGEST_NAME:
        return f"a hub takes names of {_LONGEST_NAME} bytes at most"
    return None


def _size_of(value: Any) -> int:
    """Count as hubs do: names and texts as UTF-8, eight bytes a number, four a boolean."""
    if isinstance(value, dict):
        return sum(_size_of(name) + _size_of(inner) for name, inner in value.items())
    if isinstance(value, list):
        return sum(_size_of(item) for item in value)
    if isinstance(value, str):
        return len(value.encode("utf-8", "replace"))
    if value is None or isinstance(value, bool):
        return _BOOLEAN_SIZE
    return _NUMBER_SIZE

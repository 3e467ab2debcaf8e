"""Lists of IoT Central: filtered, ordered, and cut into pages that link to the next one."""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from dpsctl.emulator.answers import Answer, Json
from dpsctl.emulator.call import Call
from dpsctl.emulator.central.answers import bad_request
from dpsctl.emulator.central.conditions import Condition, Language, always, parse_condition
from dpsctl.emulator.central.tokens import is_preview

_DEFAULT_SIZE = 25
_LARGEST_SIZE = 100
_TOKEN = "$skiptoken"  # noqa: S105 - a parameter's name
_PREVIEW_ONLY = ("filter", "orderby", "maxpagesize")
_CHUNK = 500
_NUMBER = re.compile(r"[0-9]{1,3}")


@dataclass(frozen=True)
class Listed:
    """Say what is listed: the *kind* in the store, and how it can be filtered (None: not)."""

    kind: str
    language: Language | None
    shown: Callable[[Call, Json], Json]
    parameters: tuple[str, ...] = _PREVIEW_ONLY


def list_answer(listed: Listed, call: Call, within: Condition = always) -> Answer:
    """Answer with the page that *call* asks for, of those records that are *within*.

    Raises Refusal (400) for parameters that the version does not have, or that make no sense.
    """
    _check_parameters(listed, call)
    condition = _condition(listed, call)
    size = _size(call)
    key = _order(call)
    after = _read_token(call)
    found = [
        (key(record), record)
        for record in _records(listed, call)
        if within(record) and condition(record)
    ]
    is_descending = call.request.args.get("orderby", "").lower().endswith(" desc")
    found.sort(key=lambda item: item[0], reverse=is_descending)
    if after is not None:
        found = [item for item in found if (item[0] < after if is_descending else item[0] > after)]
    body: Json = {"value": [record for _, record in found[:size]]}
    if len(found) > size:
        body["nextLink"] = _next_link(call, found[size - 1][0])
    return Answer(body=body)


def _records(listed: Listed, call: Call) -> Iterator[Json]:
    last: int | None = 0
    while last is not None:
        records, last = call.store.page(listed.kind, _CHUNK, last)
        yield from (listed.shown(call, record) for record in records)


def _check_parameters(listed: Listed, call: Call) -> None:
    for name in call.request.args:
        if name not in {"api-version", _TOKEN, *listed.parameters}:
            raise bad_request(f"The query parameter {name} is not known here")
        if name in _PREVIEW_ONLY and not is_preview(call):
            raise bad_request(f"The query parameter {name} needs a preview api-version")


def _condition(listed: Listed, call: Call) -> Condition:
    text = call.request.args.get("filter")
    if text is None or listed.language is None:
        return always
    return parse_condition(text, listed.language)


def _size(call: Call) -> int:
    text = call.request.args.get("maxpagesize", str(_DEFAULT_SIZE))
    if not (_NUMBER.fullmatch(text) and 1 <= int(text) <= _LARGEST_SIZE):
        raise bad_request(f"maxpagesize must be a number from 1 to {_LARGEST_SIZE}")
    return int(text)


def _order(call: Call) -> Callable[[Json], list[str]]:
    """Return what records are sorted by: unless displayName is asked for, their ids."""
    text = call.request.args.get("orderby")
    if text is None:
        return lambda record: [record["id"].lower()]
    words = text.split()
    directions = [word.lower() for word in words[1:]]
    if not words or words[0].lower() != "displayname" or directions not in ([], ["asc"], ["desc"]):
        raise bad_request("orderby must be displayName, or displayName desc")
    return lambda record: [record["displayName"], record["id"].lower()]


def _next_link(call: Call, last: list[str]) -> str:
    asked = {name: value for name, value in call.request.args.items() if name != _TOKEN}
    token = binascii.b2a_base64(json.dumps([_question(call), last]).encode(), newline=False)
    query = urlencode({**asked, _TOKEN: token.decode()}, quote_via=quote, safe="$")
    return f"{call.request.host_url.rstrip('/')}{quote(call.request.path)}?{query}"


def _read_token(call: Call) -> list[str] | None:
    """Return the sort key of the last record before this page. Raises Refusal if it is none."""
    text = call.request.args.get(_TOKEN)
    if text is None:
        return None
    try:
        question, last = json.loads(binascii.a2b_base64(text, strict_mode=True))
    except (ValueError, TypeError, RecursionError):
        question, last = None, None
    is_key = isinstance(last, list) and all(isinstance(part, str) for part in last)
    if question != _question(call) or not is_key:
        raise bad_request("The $skiptoken does not belong to this list")
    keys: list[str] = last
    return keys


def _question(call: Call) -> list[Any]:
    arguments = call.request.args
    return [call.request.path, arguments.get("filter"), arguments.get("orderby")]

"""Change one value in a YAML text, and leave every other character of it as somebody wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import yaml

from dpsctl.errors import UsageError
from dpsctl.text.documents import dump, read_document

# What stands for itself in YAML of any style, unless some YAML has another meaning for it.
_PLAIN = re.compile(r"[A-Za-z0-9](?:[\w./@ -]*[\w./@-])?", re.ASCII)


def edited(text: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    """Return *text*, which says *before*, so that it says *after*: texts, and mappings of them.

    Raises UsageError where that takes more than changing what stands there, as with an anchor.
    """
    try:
        changed = _edited(text, before, after, ())
        is_done = (read_document(changed, "") or {}) == after
    except (UsageError, yaml.YAMLError):
        is_done = False
    if not is_done:
        raise UsageError(
            "That cannot be changed without rewriting what stands around it",
            "Change it with an editor.",
        )
    return changed


def _edited(
    text: str, before: dict[str, Any], after: dict[str, Any], above: tuple[str, ...]
) -> str:
    for key, value in after.items():
        there = before.get(key)
        if isinstance(value, dict) and value and isinstance(there or {}, dict):
            text = _edited(text, there or {}, value, (*above, key))
        elif key not in before or there != value:
            text = _with_value(text, (*above, key), value)
    for key in before.keys() - after.keys():
        text = _without(text, (*above, key))
    return text


def _with_value(text: str, keys: Sequence[str], value: Any) -> str:
    """Put *value* where *keys* lead to, through mappings that are made as needed."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        return _line_ended(text) + _entry(keys, value, 0, _line_end(text)) + _line_end(text)
    for depth, key in enumerate(keys):
        member = _member(node, key)
        if member is None:
            return _inserted(text, node, keys[depth:], value)
        node = member[1]
    return _replaced(text, node, _spelled(value))


def _without(text: str, keys: Sequence[str]) -> str:
    """Take the value away that *keys* lead to."""
    member: Any = (None, yaml.compose(text, Loader=yaml.SafeLoader))
    for key in keys:
        node = member[1]
        member = _member(node, key)
        if member is None:  # an alias brings it here
            return text
    members = node.value
    if len(members) == 1:
        return _replaced(text, node, "{}")
    place = members.index(member)
    if not node.flow_style:
        start = text.rfind("\n", 0, member[0].start_mark.index) + 1
        return text[:start] + text[_next_line(text, _end(member[1])) :]
    if place:
        return text[: _end(members[place - 1][1])] + text[_end(member[1]) :]
    return text[: member[0].start_mark.index] + text[members[1][0].start_mark.index :]


def _member(node: Any, key: str) -> tuple[Any, Any] | None:
    members = node.value if isinstance(node, yaml.MappingNode) else []
    return next((member for member in members if member[0].value == key), None)


def _replaced(text: str, node: Any, spelled: str) -> str:
    start = node.start_mark.index
    gap = " " if text[start - 1 : start] == ":" else ""  # nothing at all stood there
    end = "\n" if text[_end(node) - 1 : _end(node)] == "\n" else ""  # a block of lines did
    return f"{text[:start]}{gap}{spelled}{end}{text[_end(node) :]}"


def _inserted(text: str, node: Any, keys: Sequence[str], value: Any) -> str:
    """Put an entry behind the last of a mapping, or in the place of what holds nothing."""
    if not isinstance(node, yaml.MappingNode) or not node.value:
        return _replaced(text, node, "{" + _flow_entry(keys, value) + "}")
    last = _end(node.value[-1][1])
    if node.flow_style:
        return f"{text[:last]}, {_flow_entry(keys, value)}{text[last:]}"
    column = node.start_mark.column
    end = _line_end(text)
    at = _next_line(text, last)
    entry = " " * column + _entry(keys, value, column, end) + end
    return _line_ended(text[:at]) + entry + text[at:]


def _end(node: Any) -> int:
    """Return where a node ends; a block would reach to what follows it, over all comments."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    end: int = node.end_mark.index
    return end


def _next_line(text: str, place: int) -> int:
    if text[place - 1 : place] == "\n":
        return place
    end = text.find("\n", place)
    return len(text) if end < 0 else end + 1


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _line_ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + _line_end(text)


def _entry(keys: Sequence[str], value: Any, column: int, end: str) -> str:
    """Write *keys* below each other, each two columns further in, and the value behind the last."""
    lines = [" " * (column + 2 * depth) + f"{_spelled(key)}:" for depth, key in enumerate(keys)]
    return f"{end.join(lines).lstrip(' ')} {_spelled(value)}"


def _flow_entry(keys: Sequence[str], value: Any) -> str:
    first, *rest = map(_spelled, keys)
    inside = "".join(f"{{{key}: " for key in rest)
    return f"{first}: {inside}{_spelled(value)}{'}' * len(rest)}"


def _spelled(value: Any) -> str:
    """Write a text as it is where YAML reads the same, else as JSON with YAML's escapes."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and dump(value) == f"{value}\n":
        return value
    text = json.dumps(value, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in text)

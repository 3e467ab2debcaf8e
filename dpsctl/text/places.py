"""Where in a YAML text a key stands: asked for only when there is something to say about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from dpsctl.text.marks import Mark, Record


def place_of(text: str, keys: Iterable[str]) -> str | None:
    """Return `line:column` of what *keys* lead to, or of the last one that is there.

    The key of an item is its index. *text* is what `read_document` has taken; None if libyaml
    cannot read it, as some JSON.
    """
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        node: Any = yaml.compose(text.removeprefix("\ufeff"), Loader=loader)
    except yaml.YAMLError:
        return None
    mark = _followed(node, keys)
    return f"{mark.line + 1}:{mark.column + 1}"


def mark_in(text: str, record: Record, keys: Iterable[str]) -> Mark:
    """Return the mark of what *keys* lead to in a *record* of *text*; only that part is read.

    It is the record's own if YAML cannot read the part by itself (an alias of an anchor before it).
    """
    text = text.removeprefix("\ufeff")
    loader: Any = yaml.SafeLoader(" " * record.mark.column + text[record.mark.index : record.end])
    try:
        for _ in range(2):  # the beginnings of the stream and of its document
            loader.get_event()
        node: Any = loader.compose_node(None, None)  # what follows may be cut in the middle
    except yaml.YAMLError:
        return record.mark
    finally:
        loader.dispose()
    mark = _followed(node, keys)
    line = record.mark.line + mark.line
    return Mark(line, mark.column, record.mark.index + mark.index - record.mark.column)


def _followed(node: Any, keys: Iterable[str]) -> Any:
    mark = node.start_mark
    for key in keys:
        found = _found(node, key)
        if found is None:
            break
        mark, node = found
    return mark


def _found(node: Any, key: str) -> tuple[Any, Any] | None:
    """Return the mark of *key* in *node* and the node it leads to."""
    if isinstance(node, yaml.SequenceNode) and key.isdecimal():
        items = node.value[int(key) : int(key) + 1]
        return (items[0].start_mark, items[0]) if items else None
    members = node.value if isinstance(node, yaml.MappingNode) else []
    return next(((name.start_mark, value) for name, value in members if name.value == key), None)

"""Paths into a JSON body: `iotHubs.0`, `initialTwin.tags.site=eu`, `tags.rack:=7`."""

from __future__ import annotations

from typing import Any

from dpsctl.errors import UsageError
from dpsctl.text.json_text import MAX_DEPTH, NotJsonError, check_value, read_json, where

Path = tuple[str, ...]

_SEPARATORS = ".=:\\"
# JSON and sentences are full of these; in a path they are a mistake, unless a backslash says not.
_STRANGE = "{}\"'"


def parse_path(text: str, option: str = "--remove") -> Path:
    """Cut *text* at its dots; a backslash keeps a dot in a name. Raises UsageError."""
    names, _ = _scan(text, option, stop_at_equals=False)
    return _checked(names, text, option)


def parse_assignment(text: str, option: str = "--set") -> tuple[Path, Any]:
    """Read `PATH=TEXT` or `PATH:=JSON`. Raises UsageError."""
    names, end = _scan(text, option, stop_at_equals=True)
    if end == len(text):
        raise UsageError(
            f"{option}: {text!r} has no value", "Write KEY=TEXT, or KEY:=JSON for anything else."
        )
    path = _checked(names, text[:end], option)
    is_json = text.startswith(":=", end)
    raw = text[end + 1 + is_json :]
    try:
        value = read_json(raw) if is_json else raw
        check_value(value)
    except NotJsonError as problem:
        place = "" if problem.index is None else f" at {where(raw, problem.index)}"
        raise UsageError(
            f"{option}: {show_path(path)}: {problem.problem}{place} of {raw!r}",
            f"After := comes JSON; for a text write {show_path(path)}=TEXT." if is_json else None,
        ) from None
    return path, value


def show_path(path: Path) -> str:
    """Write *path* as it is typed."""
    return ".".join(_escape(name) for name in path)


def set_path(body: dict[str, Any], path: Path, value: Any, option: str = "--set") -> dict[str, Any]:
    """Return *body* with *value* at *path*; *body* itself stays as it is.

    Objects on the way are made, null counts as absent, an index equal to a list's length appends.
    Raises UsageError where *path* leads through something else.
    """
    changed: dict[str, Any] = _set(body, path, 0, value, option)
    return changed


def remove_path(body: dict[str, Any], path: Path, option: str = "--remove") -> dict[str, Any]:
    """Return *body* without what is at *path*; raises UsageError if there is nothing."""
    changed: dict[str, Any] = _remove(body, path, 0, option)
    return changed


def _scan(text: str, option: str, *, stop_at_equals: bool) -> tuple[list[str], int]:
    """Return the names in *text* and where they end. Raises UsageError for what is no path."""
    names, index = [""], 0
    while index < len(text):
        character = text[index]
        if character == "\\" and _is_special(text[index + 1 : index + 2]):
            index += 1
            names[-1] += text[index]
        elif stop_at_equals and (character == "=" or text.startswith(":=", index)):
            break
        elif character == ".":
            names.append("")
        elif _is_strange(character):
            raise UsageError(
                f"{option}: {character!r} is in no path",
                "Write PATH=TEXT or PATH:=JSON. A path has no braces, quotes, blanks or line "
                "breaks; a backslash before one keeps it.",
            )
        else:
            names[-1] += character
        index += 1
    return names, index


def _checked(names: list[str], text: str, option: str) -> Path:
    if "" in names:
        raise UsageError(
            f"{option}: an empty name in the path {text!r}",
            r"Write names with dots between them; \. is a dot inside a name.",
        )
    if len(names) > MAX_DEPTH:
        raise UsageError(f"{option}: the path is more than {MAX_DEPTH} names long")
    try:
        check_value(names)
    except NotJsonError as problem:
        raise UsageError(f"{option}: the path {text!r}: {problem.problem}") from None
    return tuple(names)


def _escape(name: str) -> str:
    return "".join(f"\\{char}" if _is_special(char) else char for char in name)


def _is_special(character: str) -> bool:
    return bool(character) and (character in _SEPARATORS or _is_strange(character))


def _is_strange(character: str) -> bool:
    return character in _STRANGE or character.isspace()


def _set(container: Any, path: Path, done: int, value: Any, option: str) -> Any:
    if done == len(path):
        return value
    name = path[done]
    if isinstance(container, list):
        index = _position(container, path, done, option, len(container))
        below = container[index] if index < len(container) else None
        return [
            *container[:index],
            _set(below, path, done + 1, value, option),
            *container[index + 1 :],
        ]
    if container is None and _is_index(name):
        raise UsageError(
            f"{option}: {show_path(path[:done])} is not there, so {name} may mean a list or a key",
            f"Give it whole: {show_path(path[:done])}:=JSON.",
        )
    if not isinstance(container, dict | None):
        raise _is_no_container(path, done, option)
    below = (container or {}).get(name)
    return {**(container or {}), name: _set(below, path, done + 1, value, option)}


def _remove(container: Any, path: Path, done: int, option: str) -> Any:
    name, is_last = path[done], done == len(path) - 1
    if isinstance(container, list):
        index = _position(container, path, done, option, len(container) - 1)
        below = [] if is_last else [_remove(container[index], path, done + 1, option)]
        return [*container[:index], *below, *container[index + 1 :]]
    if not isinstance(container, dict | None):
        raise _is_no_container(path, done, option)
    if container is None or name not in container:
        raise UsageError(
            f"{option}: there is no {show_path(path[: done + 1])}", "See `show` for what there is."
        )
    if is_last:
        return {key: value for key, value in container.items() if key != name}
    return {**container, name: _remove(container[name], path, done + 1, option)}


def _position(items: list[Any], path: Path, done: int, option: str, last: int) -> int:
    """Return the index in *items* that *path* names, at most *last*."""
    name = path[done]
    if _is_index(name) and int(name) <= last:
        return int(name)
    raise UsageError(
        f"{option}: {show_path(path[:done])} is a list of {len(items)}, it has no {name!r}",
        f"Write a number from 0 to {last}." if last >= 0 else None,
    )


def _is_index(name: str) -> bool:
    return name.isascii() and name.isdecimal() and len(name) <= len("999999")


def _is_no_container(path: Path, done: int, option: str) -> UsageError:
    return UsageError(
        f"{option}: {show_path(path[:done])} is neither an object nor a list, "
        f"so there is no {show_path(path[: done + 1])}"
    )

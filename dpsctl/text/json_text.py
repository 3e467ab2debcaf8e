"""JSON typed by people: strictly as RFC 8259 has it, or as a Python dictionary."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

MAX_DEPTH = 100
TOO_LONG = "has more digits than a number can keep"


class NotJsonError(ValueError):
    """Say what is wrong; *index* is the place in the text, from 0, or None if it is not known."""

    def __init__(self, problem: str, index: int | None = None, *, is_syntax: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.index = index
        self.is_syntax = is_syntax


class _RefusedError(ValueError):
    """Raised inside the decoder for a *token* that Python would read and JSON has not."""

    def __init__(self, problem: str, token: str | None = None) -> None:
        super().__init__(problem)
        self.token = token


class RoundedNumber(float):
    """A decimal that lost digits as it was read: 17 fit. *text* is how it was written."""

    text: str


def read_decimal(text: str) -> float:
    """Read a JSON number that is no integer; a RoundedNumber if that is not all of it."""
    number = float(text)
    if is_exact(text, number):
        return number
    rounded = RoundedNumber(number)
    rounded.text = text
    return rounded


def is_exact(text: str, number: float) -> bool:
    """Tell whether *number*, written again, says what *text* says."""
    if repr(number) == text or not math.isfinite(number):
        return True
    from decimal import Decimal, InvalidOperation

    try:
        return Decimal(text) == Decimal(repr(number))
    except InvalidOperation:  # an exponent of more than 18 digits
        return False


def rounded_numbers(value: Any) -> Iterator[RoundedNumber]:
    """Find the decimals in a JSON *value* that would lose digits if it were written."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, RoundedNumber):
            yield item


def read_json(text: str) -> Any:
    """Read one JSON value; big integers stay exact.

    Raises NotJsonError for what RFC 8259 lacks (NaN), for a key given twice and what cannot be sent
    as it stands (1e400, more digits than a float has, half a surrogate pair, more than MAX_DEPTH
    levels).
    """
    import json

    hooks: dict[str, Any] = {
        "object_pairs_hook": _unique_keys,
        "parse_constant": _refuse_constant,
        "parse_float": _finite,
    }
    try:
        value = json.loads(text, **hooks)
    except json.JSONDecodeError as error:
        raise NotJsonError(error.msg, error.pos, is_syntax=True) from None
    except _RefusedError as error:
        raise NotJsonError(str(error), _find(error.token, text)) from None
    except ValueError:
        raise NotJsonError("a number has too many digits") from None
    except RecursionError:
        raise NotJsonError(f"nested more than {MAX_DEPTH} levels deep") from None
    check_value(value)
    return value


def read_python_dict(text: str) -> Any:
    """Read a Python literal, as az does for its own examples (`{'a': True}`); evaluate nothing.

    Raises NotJsonError for anything but a literal, and for one that JSON cannot hold.
    """
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # '\d' warns, but is what the user typed
            tree = ast.parse(text.strip(), mode="eval")
        _check_literals(tree, text)
        value = ast.literal_eval(tree)
    except SyntaxError as error:
        index = _line_start(text, error.lineno or 1) + max(error.offset or 1, 1) - 1
        raise NotJsonError(error.msg, index, is_syntax=True) from None
    except NotJsonError:
        raise
    except (ValueError, TypeError, MemoryError, RecursionError):
        raise NotJsonError("neither JSON nor a Python literal", is_syntax=True) from None
    check_value(value)
    return value


def check_value(value: Any) -> None:
    """Raise NotJsonError unless *value* can be written as JSON and sent as UTF-8."""
    level, depth = [value], 0
    while level:
        if depth > MAX_DEPTH:
            raise NotJsonError(f"nested more than {MAX_DEPTH} levels deep")
        level, depth = [child for item in level for child in _children(item)], depth + 1


def where(text: str, index: int) -> str:
    """Name the place of *index* in *text* as people count: from 1, lines only if there are some."""
    column = index - (text.rfind("\n", 0, index) + 1) + 1
    if "\n" not in text.strip():
        return f"column {column}"
    line = text.count("\n", 0, index) + 1
    return f"line {line} column {column}"


def _children(item: Any) -> list[Any]:
    """Return what is inside *item*, once *item* itself is known to be JSON."""
    if isinstance(item, dict):
        for key in item:
            if not isinstance(key, str):
                raise NotJsonError(f"the key {key!r} is not text")
        return [*item, *item.values()]
    if isinstance(item, list):
        return item
    if isinstance(item, str):
        _check_unicode(item)
    elif isinstance(item, float) and not math.isfinite(item):
        raise NotJsonError(f"{item} is no number that JSON can hold")
    elif item is not None and not isinstance(item, (int, float)):
        raise NotJsonError(f"{type(item).__name__} is no JSON type")
    return []


def _check_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotJsonError(f"{text[error.start]!r} is half a character, no valid Unicode") from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, value in pairs:
        if key in members:
            raise _RefusedError(f"the key {key!r} is given twice")
        members[key] = value
    return members


def _refuse_constant(token: str) -> Any:
    raise _RefusedError(f"{token} is not JSON", token)


def _finite(token: str) -> float:
    number = float(token)
    if not math.isfinite(number):
        raise _RefusedError(f"{token} is too big a number", token)
    if not is_exact(token, number):
        raise _RefusedError(f"{token} {TOO_LONG}", token)
    return number


def _find(token: str | None, text: str) -> int | None:
    """Return where *token* stands in *text* outside of strings."""
    import re

    if token is None:
        return None
    found = re.finditer(rf'"(?:\\.|[^"\\])*"|({re.escape(token)})', text)
    return next((match.start() for match in found if match[1]), None)


def _check_literals(tree: Any, text: str) -> None:
    """Point at the first thing in *tree* that is not a literal, or a key that comes twice."""
    import ast

    signs = (ast.UnaryOp, ast.USub, ast.UAdd)
    allowed = (ast.Expression, ast.Dict, ast.List, ast.Constant, ast.Load, *signs)
    for node in ast.walk(tree):
        if not isinstance(node, allowed):
            index = _node_index(text, node)
            problem = "only text, numbers, True, False, None, lists and objects can be read"
            raise NotJsonError(problem, index, is_syntax=True)
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            written = ast.get_source_segment(text.strip(), node) or ""
            if not is_exact(written, node.value):
                raise NotJsonError(f"{written} {TOO_LONG}", _node_index(text, node))
        if isinstance(node, ast.Dict):
            _unique_constants([key for key in node.keys if isinstance(key, ast.Constant)], text)


def _unique_constants(keys: list[Any], text: str) -> None:
    seen = set()
    for key in keys:
        if key.value in seen:
            raise NotJsonError(f"the key {key.value!r} is given twice", _node_index(text, key))
        seen.add(key.value)


def _node_index(text: str, node: Any) -> int:
    """Return where *node* stands in *text*: ast counts lines from 1 and UTF-8 bytes from 0."""
    start = _line_start(text, getattr(node, "lineno", 1))
    line = text[start:].split("\n", 1)[0]
    return start + len(line.encode()[: getattr(node, "col_offset", 0)].decode(errors="ignore"))


def _line_start(text: str, line: int) -> int:
    """Return where *line* begins in *text*, whose leading space the parser never saw."""
    stripped = text.lstrip()
    before = stripped.split("\n")[: line - 1]
    return len(text) - len(stripped) + sum(len(part) + 1 for part in before)

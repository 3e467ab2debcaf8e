"""`--query`: a JMESPath expression, judged before any request is made."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from dpsctl.errors import DpsctlError, UsageError
from dpsctl.frozen import frozen

_KEYS = frozenset({"symmetricKey", "primaryKey", "secondaryKey"})
_IN_A_QUERY = frozenset("[]{}|*")


@frozen
class CompiledQuery:
    """An expression that can be read; *is_per_item* if pages may be searched one by one.

    One that *names_keys* asks for symmetric keys.
    """

    text: str
    expression: Any
    is_per_item: bool
    names_keys: bool

    flag: str = "--query"

    def search(self, data: Any) -> Any:
        """Return what the expression picks; objects it builds are OrderedDict, in its own order.

        Raises DpsctlError if the data does not fit (`length` of a number).
        """
        from jmespath import Options
        from jmespath.exceptions import JMESPathError

        try:
            return self.expression.search(data, options=Options(dict_cls=OrderedDict))
        except JMESPathError as error:
            raise DpsctlError(
                f"{self.flag}: {error}", f"See the data without {self.flag} first: {self.text}"
            ) from None

    def search_each(self, items: Iterator[Any]) -> Iterator[Any]:
        """Yield what `search` would pick from all *items*, without keeping them if possible."""
        if not self.is_per_item:
            yield from as_items(self.search(list(items)))
            return
        for item in items:
            yield from self.search([item])


def compile_query(text: str, flag: str = "--query") -> CompiledQuery:
    """Read the expression *text*, the value of *flag*.

    Raises UsageError for bad grammar, and for functions JMESPath lacks or gets too few values for:
    the library itself would notice those only after a write.
    """
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        expression = jmespath.compile(text)
    except JMESPathError as error:
        raise _unreadable(text, error, flag) from None
    except (ValueError, RecursionError):
        raise UsageError(f"{flag}: nested too deep or a number too long: {text[:60]!r}") from None
    tree: Any = expression.parsed
    if _is_quoted_text(tree):
        raise UsageError(
            f"{flag}: the whole of {text!r} is a quoted text",
            f'The shell has kept the quotes (cmd.exe does): write {flag} "[].name" there.',
        )
    _check_functions(tree, flag)
    return CompiledQuery(text, expression, _is_per_item(tree), _names_keys(tree), flag)


def as_items(data: Any) -> list[Any]:
    """Return the elements of a list, one of anything else, none of nothing."""
    if data is None:
        return []
    return data if isinstance(data, list) else [data]


def _unreadable(text: str, error: Exception, flag: str) -> UsageError:
    column = (getattr(error, "lex_position", None) or 0) + 1
    token = getattr(error, "token_value", None)
    problem = f"unexpected {token!r}" if token and column <= len(text) else "it ends too early"
    return UsageError(
        f"{flag}: cannot read {text!r}: {problem} at column {column}",
        "It is JMESPath, as with az; see https://jmespath.org.",
    )


def _is_quoted_text(node: Any) -> bool:
    """Tell an expression that is all quotes: a text, or a field whose name looks like a query."""
    kind, value = node["type"], node.get("value")
    if kind == "literal":
        return isinstance(value, str)
    return kind == "field" and not _IN_A_QUERY.isdisjoint(value)


def _check_functions(node: Any, flag: str) -> None:
    from jmespath.functions import Functions

    if node["type"] == "function_expression":
        known = Functions.FUNCTION_TABLE.get(node["value"])
        if known is None:
            raise UsageError(f"{flag}: JMESPath has no function {node['value']!r}")
        signature, given = known["signature"], len(node["children"])
        has_more = bool(signature) and signature[-1].get("variadic")
        if given < len(signature) or (given > len(signature) and not has_more):
            wanted = f"at least {len(signature)}" if has_more else f"{len(signature)}"
            raise UsageError(
                f"{flag}: {node['value']}() was given {given} arguments and takes {wanted}"
            )
    for child in node["children"]:
        if isinstance(child, dict):
            _check_functions(child, flag)


def _names_keys(node: Any) -> bool:
    if node["type"] == "field" and node["value"] in _KEYS:
        return True
    return any(_names_keys(child) for child in node["children"] if isinstance(child, dict))


def _is_per_item(node: Any) -> bool:
    """Tell whether the whole list's answer is the answers of its items, one after another."""
    while node["type"] in {"projection", "filter_projection", "flatten"}:
        node = node["children"][0]
    return node["type"] in {"identity", "current"}

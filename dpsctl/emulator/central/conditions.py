"""Conditions on records: the OData filters of lists, and the queries of device groups.

Both are comparisons joined by `and` and `or`, of which `and` binds closer; neither nests. They are
parsed by the grammar below, and what it does not know is refused with the place where it stands.

    filter     = alternative *( "or" alternative )
    alternative = comparison *( "and" comparison )
    comparison = field operator literal
               | "contains" "(" field "," string ")"
               | "indexof" "(" field "," string ")" operator integer
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dpsctl.emulator.answers import Json, Refusal
from dpsctl.emulator.central.answers import bad_request

Condition = Callable[[Json], bool]
Comparison = Callable[[Any, Any], bool]

_TOKEN = re.compile(
    r"""\s*(?: (?P<single>'(?:[^']|'')*') | (?P<double>"(?:[^"\\]|\\.)*")
          | (?P<word>[\w$@.:;-]+) | (?P<sign><>|!=|<=|>=|[=<>(),*]) | (?P<end>$) )""",
    re.VERBOSE,
)
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_EQUALITY = (operator.eq, operator.ne)
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True)
class Language:
    """Say how conditions are written: *fields* by the name they are called by, in any case.

    A field is the name it has in a record, and the type it is compared with.
    """

    operators: Mapping[str, Comparison]
    fields: Mapping[str, tuple[str, type]]
    quotes: str
    has_functions: bool = False


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    place: int


def always(_: Json) -> bool:
    """Hold for every record."""
    return True


def parse_condition(text: str, language: Language) -> Condition:
    """Return the condition that *text* writes. Raises Refusal (400) saying what it cannot be."""
    parser = _Parser(text, language)
    condition = parser.alternatives()
    parser.expect_end()
    return condition


def parse_query(text: str, language: Language) -> Condition:
    """Return the condition of `SELECT * FROM devices [WHERE condition]`. Raises Refusal (400)."""
    parser = _Parser(text, language)
    for word in ("select", "*", "from", "devices"):
        parser.expect(word)
    condition = always if not parser.skips("where") else parser.alternatives()
    parser.expect_end()
    return condition


class _Parser:
    """Read one condition, a token at a time."""

    def __init__(self, text: str, language: Language) -> None:
        self.language = language
        self.fields = {name.lower(): field for name, field in language.fields.items()}
        self.tokens = list(_tokens(text))
        self.at = 0

    def alternatives(self) -> Condition:
        found = [self.conjunction()]
        while self.skips("or"):
            found.append(self.conjunction())
        return lambda record: any(condition(record) for condition in found)

    def conjunction(self) -> Condition:
        found = [self.comparison()]
        while self.skips("and"):
            found.append(self.comparison())
        return lambda record: all(condition(record) for condition in found)

    def comparison(self) -> Condition:
        if self.language.has_functions and self.skips("contains"):
            text, part = self.arguments()
            return lambda record: _holds(operator.contains, record.get(text), part)
        if self.language.has_functions and self.skips("indexof"):
            text, part = self.arguments()
            compare, place = self.comparator(int), self.integer()
            return lambda record: _holds(compare, _places(record.get(text), part), place)
        name, kind = self.field()
        compare, wanted = self.comparator(kind), self.literal(kind)
        return lambda record: _holds(compare, record.get(name), wanted)

    def arguments(self) -> tuple[str, str]:
        self.expect("(")
        place = self.tokens[self.at]
        name, kind = self.field()
        if kind is not str:
            raise _wrong(place, "a field that holds text")
        self.expect(",")
        part = self.literal(str)
        self.expect(")")
        return name, part

    def comparator(self, kind: type) -> Comparison:
        token = self.take()
        compare = self.language.operators.get(token.text.lower())
        if compare is None:
            raise _wrong(token, f"one of {' '.join(self.language.operators)}")
        if kind is bool and compare not in _EQUALITY:
            raise _wrong(token, "a comparison for equality, for true and false have no order")
        return compare

    def integer(self) -> int:
        token = self.take()
        if not _INTEGER.fullmatch(token.text):
            raise _wrong(token, "a whole number")
        return int(token.text)

    def field(self) -> tuple[str, type]:
        token = self.take()
        found = self.fields.get(token.text.lower())
        if token.kind != "word" or found is None:
            raise _wrong(token, f"one of the fields {', '.join(self.language.fields)}")
        return found

    def literal(self, kind: type) -> Any:
        token = self.take()
        if kind is bool:
            if token.text.lower() not in _BOOLEANS or token.kind != "word":
                raise _wrong(token, "true or false")
            return _BOOLEANS[token.text.lower()]
        if token.kind not in {"single", "double"} or token.text[0] not in self.language.quotes:
            raise _wrong(token, f"text in {' or '.join(self.language.quotes)}")
        return _unquoted(token.text)

    def take(self) -> _Token:
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def skips(self, word: str) -> bool:
        token = self.tokens[self.at]
        found = token.kind in {"word", "sign"} and token.text.lower() == word
        self.at += found
        return found

    def expect(self, word: str) -> None:
        if not self.skips(word):
            raise _wrong(self.tokens[self.at], word.upper() if word.isalpha() else word)

    def expect_end(self) -> None:
        if self.tokens[self.at].kind != "end":
            raise _wrong(self.tokens[self.at], "and, or, or the end")


def _tokens(text: str) -> Iterable[_Token]:
    at = 0
    while True:
        found = _TOKEN.match(text, at)
        if found is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise _wrong(_Token("odd", text[at], at), "a field, an operator or a value")
        kind = str(found.lastgroup)
        yield _Token(kind, found[kind], found.start(kind))
        if kind == "end":
            return
        at = found.end()


def _unquoted(text: str) -> str:
    inner = text[1:-1]
    return inner.replace("''", "'") if text[0] == "'" else re.sub(r"\\(.)", r"\1", inner)


def _holds(compare: Comparison, value: Any, wanted: Any) -> bool:
    """Compare a record's *value*; of a list, one member must fit, and for `ne` all of them."""
    if compare is operator.ne:
        return not _holds(operator.eq, value, wanted)
    values = value if isinstance(value, list) else [value]
    return any(compare(one, wanted) for one in values if isinstance(one, type(wanted)))


def _places(value: Any, part: str) -> list[int]:
    """Return where *part* begins in *value*, or in each member of a list; -1: nowhere."""
    values = value if isinstance(value, list) else [value]
    return [one.find(part) for one in values if isinstance(one, str)]


def _wrong(token: _Token, wanted: str) -> Refusal:
    found = f"found {token.text!r}" if token.text else "it ends there"
    return bad_request(
        f"The filter is not valid at character {token.place + 1}: expected {wanted}, {found}"
    )

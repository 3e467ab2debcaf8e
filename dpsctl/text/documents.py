"""YAML in and out: values stay what was typed, and no reader of any YAML version misreads ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from dpsctl.errors import UsageError
from dpsctl.text.controls import spelled_out
from dpsctl.text.json_text import MAX_DEPTH, TOO_LONG, NotJsonError, is_exact
from dpsctl.text.marks import Mark, Record, json_records

MAX_CHARACTERS = 32 * 1024 * 1024
MAX_ALIASED = 100_000

CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# YAML 1.2's core schema, but for leading zeros: `0123` is an id that somebody typed.
INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
OTHER_BASE = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|NaN|[-+]?Infinity")
FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# What PyYAML, which knows YAML 1.1 only, would leave without quotes: 1.2's numbers, 1.1's y and n
# (which Go and Ruby read as booleans), and the words this reader refuses.
AMBIGUOUS = re.compile(
    r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|[yYnN]"
    r"|[-+]?(?:Infinity|NaN))\Z"
)


def read_document(text: str, source: str) -> Any:
    """Read the one YAML or JSON document in *text*; None if it is empty.

    *source* is the file's name for messages. Raises UsageError with `source:line:column`.
    """
    found = list(_records(text.removeprefix("\ufeff"), source, is_list_opened=False))
    if len(found) > 1:
        raise _error(source, found[1].mark, "a second document begins", "Keep one in a file.")
    return found[0].value if found else None


def read_records(text: str, source: str) -> Iterator[Record]:
    """Yield every document of *text*, of a list at its top every item, with where it stands.

    Empty documents are left out; for the rest it reads as `read_document` does.
    """
    text = text.removeprefix("\ufeff")
    for record in _records(text, source, is_list_opened=True):
        if record.value is not None:
            yield record


def dump(data: Any, *, ascii_only: bool = False) -> str:
    """Write *data* as YAML: sorted keys, block style, texts of several lines as they are.

    What nobody would see, or what a terminal would obey, is spelled out, in double quotes.
    """
    options: dict[str, Any] = {
        "default_flow_style": False,
        "allow_unicode": not ascii_only,
        "width": 2**31 - 1,  # a folded line is harder to compare and to search
    }
    try:
        text = _write(data, _dumper(getattr(yaml, "CSafeDumper", None)), options)
    except UnicodeEncodeError:  # half a surrogate pair, which libyaml cannot hold
        text = _write(data, _dumper(None), options)
    text = spelled_out(text, keep="\t\n")
    return text.removesuffix("...\n") if not isinstance(data, dict | list) else text


def _write(data: Any, dumper: Any, options: dict[str, Any]) -> str:
    return str(yaml.dump(data, Dumper=dumper, **options))


def _dumper(fast: Any) -> Any:
    """Make the class that writes our YAML out of libyaml's (*fast*) or the slower own one."""
    dumper: Any = type("Dumper", (fast or yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})
    dumper.add_implicit_resolver("tag:yaml.org,2002:float", AMBIGUOUS, None)
    dumper.add_representer(str, _represent_text)
    dumper.add_multi_representer(dict, yaml.SafeDumper.represent_dict)  # OrderedDict, of a query
    dumper.add_multi_representer(list, yaml.SafeDumper.represent_list)
    return dumper


def _represent_text(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text and not text[0].isspace() else None
    if spelled_out(text, keep="\t\n") != text:
        style = '"'  # where escapes mean what they say
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _records(text: str, source: str, *, is_list_opened: bool) -> Iterator[Record]:
    if len(text) > MAX_CHARACTERS:
        raise UsageError(f"{source}: larger than {MAX_CHARACTERS} characters", "Split the file.")
    if text.lstrip()[:1] in ("{", "["):
        try:
            found = list(json_records(text, is_list_opened=is_list_opened))
        except NotJsonError:
            pass  # YAML's flow style; if it is bad JSON, the YAML reader knows the place
        else:
            yield from found  # libyaml refuses some of JSON's escapes
            return
    if bad := FORBIDDEN.search(text):
        raise _error(source, Mark.of(text, bad.start()), f"{bad[0]!r} is no text", "Remove it.")
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        reader = _Reader(yaml.parse(text, Loader=loader), source)
        yield from reader.records(is_list_opened=is_list_opened)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = str(getattr(error, "problem", None) or error)
        if "nesting depth" in problem:  # libyaml 0.2.6 reads ahead, to a limit of its own
            raise _too_deep(source, mark) from None
        raise _error(source, mark, problem, _advice(problem)) from None


class _Reader:
    """Values out of PyYAML's events, whose own constructor knows YAML 1.1 only."""

    def __init__(self, events: Iterator[Any], source: str) -> None:
        self._events = events
        self._source = source
        self._anchors: dict[str, Any] = {}
        self._aliased = 0

    def records(self, *, is_list_opened: bool) -> Iterator[Record]:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors = {}
                first = next(self._events)
                if is_list_opened and isinstance(first, yaml.SequenceStartEvent):
                    yield from self._items(first)
                else:
                    value = self._value(first, 0)
                    yield Record(value, _mark(first), next(self._events).start_mark.index)

    def _items(self, sequence: Any) -> Iterator[Record]:
        if sequence.anchor or sequence.tag:
            self._refuse(sequence, "a list of records has no tag or anchor", "Leave it out.")
        event = next(self._events)
        while not isinstance(event, yaml.SequenceEndEvent):
            value = self._value(event, 1)
            following = next(self._events)
            yield Record(value, _mark(event), following.start_mark.index)
            event = following

    def _value(self, event: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise _too_deep(self._source, event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            self._refuse(event, f"the tag {event.tag} has no meaning here", "Leave it out.")
        value = self._content(event, depth)
        if event.anchor:
            self._anchors[event.anchor] = value
        return value

    def _content(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(depth)
        return self._scalar(event)

    def _sequence(self, depth: int) -> list[Any]:
        items = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            value_event = next(self._events)
            value = self._value(value_event, depth + 1)
            if key == "<<" and event.implicit[0]:
                merged = {**self._merge(value_event, value), **merged}
            elif key in members:
                self._refuse(event, f"the key {key!r} is given twice", "Keep one of the two.")
            else:
                members[key] = value
        return {**merged, **members}

    def _key(self, event: Any) -> str:
        """Return the key as it was typed: JSON's keys are texts."""
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, "a key must be a text", "Quote it, or put a name before the colon.")
        if event.implicit[0] and not event.value:
            self._refuse(event, "a key is missing before the colon", 'Write "" for an empty one.')
        if event.anchor:
            self._anchors[event.anchor] = str(event.value)
        return str(event.value)

    def _merge(self, event: Any, value: Any) -> dict[str, Any]:
        """Return what `<<` adds: of several mappings the first one wins."""
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            self._refuse(event, "<< takes a mapping or a list of them", 'Quote "<<" for a key.')
        return {key: part for source in reversed(sources) for key, part in source.items()}

    def _alias(self, event: Any, depth: int) -> Any:
        if event.anchor not in self._anchors:
            self._refuse(event, f"there is no anchor &{event.anchor} before this", "Define it.")
        return self._copy(self._anchors[event.anchor], event, depth)

    def _copy(self, value: Any, event: Any, depth: int) -> Any:
        """Return *value* again, counting what aliases add: a few lines can mean terabytes."""
        self._aliased += 1
        if self._aliased > MAX_ALIASED or depth > MAX_DEPTH:
            self._refuse(event, "the aliases expand to too much", "Write the values out.")
        if isinstance(value, dict):
            return {key: self._copy(part, event, depth + 1) for key, part in value.items()}
        if isinstance(value, list):
            return [self._copy(part, event, depth + 1) for part in value]
        return value

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.tag or not event.implicit[0]:
            return text
        if text in CONSTANTS:
            return CONSTANTS[text]
        if NO_NUMBER.fullmatch(text):
            self._refuse(event, f"{text} is no number that JSON can hold", "Quote it for a text.")
        try:
            number = _number(text)
        except (ValueError, OverflowError):
            self._refuse(event, f"{text[:40]} is too big a number", "Quote it to make it a text.")
        if isinstance(number, float) and not is_exact(text, number):
            self._refuse(event, f"{text} {TOO_LONG}", "Shorten it, or quote it for a text.")
        return number

    def _refuse(self, event: Any, problem: str, advice: str) -> NoReturn:
        raise _error(self._source, event.start_mark, problem, advice)


def _mark(event: Any) -> Mark:
    mark = event.start_mark
    return Mark(mark.line, mark.column, mark.index)


def _number(text: str) -> Any:
    """Return the number that *text* is, or *text*. Raises ValueError or OverflowError if huge."""
    if INTEGER.fullmatch(text):
        return int(text)
    if OTHER_BASE.fullmatch(text):
        return int(text, 0)
    if not FLOAT.fullmatch(text):
        return text
    number = float(text)
    int(number)  # OverflowError for infinity
    return number


def _advice(problem: str) -> str:
    if "start any token" in problem:
        return "Indent with spaces, not tabs; quote a value that begins with @, % or `."
    if "mapping values" in problem:
        return "Quote a value that has ': ' in it, or check the indentation."
    if "escape" in problem:
        return "Double the backslash, or use single quotes."
    return "Check this line's indentation, quotes and brackets, and the line before it."


def _too_deep(source: str, mark: Any) -> UsageError:
    return _error(source, mark, f"nested more than {MAX_DEPTH} levels deep", "Flatten it.")


def _error(source: str, mark: Any, problem: str, advice: str) -> UsageError:
    place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
    return UsageError(f"{source}:{place}: {problem}", advice)

"""A page of help that belongs to no single command, and how it looks on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Entry = tuple[str, str]
# Numbers share a line with their meaning, names stand above it.
_DEEP = 6
_INDENT = 2


@dataclass(frozen=True)
class Section:
    """A part of a topic: paragraphs, then terms and what they mean, then lines to type."""

    title: str
    text: str
    entries: tuple[Entry, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Topic:
    """A page: an introduction, terms and what they mean, sections."""

    name: str
    summary: str
    introduction: str
    entries: tuple[Entry, ...] = ()
    sections: tuple[Section, ...] = ()


def as_text(topic: Topic, width: int) -> str:
    """Write a topic for a terminal of *width* columns; examples are whole, as people copy them."""
    lines = [*_filled(f"dpsctl {topic.name}: {topic.summary}", width), ""]
    lines += _paragraphs(topic.introduction, width)
    if topic.entries:
        lines += ["", *_entries(topic.entries, width)]
    for section in topic.sections:
        lines += ["", *_filled(f"{section.title}:", width), *_section(section, width)]
    return "\n".join(lines)


def _section(section: Section, width: int) -> Iterator[str]:
    parts = (
        [*_paragraphs(section.text, width, _INDENT)],
        [*_entries(section.entries, width, _INDENT)],
        [f"{'':{2 * _INDENT}}{example}" for example in section.examples],
    )
    for number, lines in enumerate(filter(None, parts)):
        if number:
            yield ""
        yield from lines


def _paragraphs(text: str, width: int, indent: int = 0) -> Iterator[str]:
    for number, paragraph in enumerate(text.strip().split("\n\n")):
        if number:
            yield ""
        yield from _filled(" ".join(paragraph.split()), width, indent)


def _entries(entries: tuple[Entry, ...], width: int, indent: int = 0) -> Iterator[str]:
    for term, meaning in entries:
        first = f"{'':{indent}}{term}".ljust(_DEEP)
        if len(first) > _DEEP or not first.endswith(" "):
            yield from _filled(term, width, indent)
            first = " " * _DEEP
        yield from _filled(meaning, width, _DEEP, first)


def _filled(text: str, width: int, indent: int = 0, first: str | None = None) -> list[str]:
    import textwrap

    return textwrap.wrap(
        text,
        width,
        initial_indent=" " * indent if first is None else first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )

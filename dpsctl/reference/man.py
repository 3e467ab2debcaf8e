"""Man pages in mdoc(7), one a command and one a topic."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby

from dpsctl import PROJECT_URL, RELEASE_DATE
from dpsctl.frame.descriptions import OptionPage
from dpsctl.reference.topics import EXIT_CODES, Section, Topic, topics
from dpsctl.reference.tree import CommandPage

# Words that mdoc would read as macros, were they to stand alone at a place where it looks.
_MACRO_LENGTHS = (2, 3)
_LINE = 76
_LONGEST_WORD = 16
# Characters that troff would set as typographic ones, which no shell understands.
_PLAIN = str.maketrans(
    {"\\": "\\e", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti", "-": "\\-"}
)
_PROJECT = (".Pp", f'.Lk {PROJECT_URL} "dpsctl, the project"')
_LIST = ".Bl -tag -width Ds"


def man_pages(pages: Iterable[CommandPage]) -> dict[str, str]:
    """Return every page by its file name."""
    listed = list(pages)
    made = {f"{page.name}.1": _command(page, listed) for page in listed}
    made |= {f"dpsctl-{topic.name}.7": _topic(topic) for topic in topics(listed).values()}
    return made


def _command(page: CommandPage, pages: list[CommandPage]) -> str:
    lines = [
        *_head(page.name, "1", _as_clause(page.summary)),
        ".Sh SYNOPSIS",
        *_synopsis(page),
        ".Sh DESCRIPTION",
        *_paragraphs(f"{page.summary}\n\n{page.description}"),
        *_terms("COMMANDS", page.members),
        *_terms("ARGUMENTS", _arguments(page)),
        *_options(page),
        *_terms("EXIT STATUS", EXIT_CODES.entries),
        *_examples(page),
        *_see_also(page, pages),
    ]
    return "\n".join(lines) + "\n"


def _topic(topic: Topic) -> str:
    lines = [
        *_head(f"dpsctl-{topic.name}", "7", topic.summary),
        ".Sh DESCRIPTION",
        *_paragraphs(topic.introduction),
        *(_list(topic.entries) if topic.entries else ()),
        *(line for section in topic.sections for line in _section(section)),
        ".Sh SEE ALSO",
        _reference("dpsctl", 1),
        *_PROJECT,
    ]
    return "\n".join(lines) + "\n"


def _section(section: Section) -> Iterator[str]:
    yield f".Ss {_word(section.title)}"
    if section.text:
        yield from _paragraphs(section.text)
    if section.entries:
        yield from _list(section.entries)
    yield from _literal(section.examples)


def _head(name: str, section: str, summary: str) -> list[str]:
    released = date.fromisoformat(RELEASE_DATE)
    return [
        f".Dd {released:%B} {released.day}, {released.year}",
        f".Dt DPSCTL {section}",  # the whole name would be cut on a terminal of 80 columns
        ".Os",
        ".Sh NAME",
        f".Nm {_escaped(name)}",
        f".Nd {_escaped(summary)}",
    ]


def _synopsis(page: CommandPage) -> Iterator[str]:
    yield f".Nm {_escaped(' '.join(page.path))}"
    for option in page.options:
        if option.required:
            yield f".{_spelled(option, option.name)}"
    yield ".Op Ar options"
    if page.members:
        yield ".Ar command ..."
    for argument in page.arguments:
        yield f".Ar {_word(argument.name)}" if argument.required else f".Op Ar {argument.name}"


def _arguments(page: CommandPage) -> Iterator[tuple[str, str]]:
    for argument in page.arguments:
        listed = ", ".join(argument.choices)
        yield argument.name, argument.help + (f" Accepted values: {listed}." if listed else "")


def _terms(title: str, entries: Iterable[tuple[str, str]]) -> list[str]:
    listed = list(entries)
    return [f".Sh {title}", *_list(listed)] if listed else []


def _list(entries: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield _LIST
    for term, meaning in entries:
        yield f".It {_word(term)}"
        yield _text(meaning)
    yield ".El"


def _options(page: CommandPage) -> Iterator[str]:
    yield ".Sh OPTIONS"
    for heading, options in groupby(page.options, key=lambda option: option.heading):
        if heading != "Options":
            yield f".Ss {heading}"
        yield _LIST
        for option in options:
            yield f".It {' , '.join(_spelled(option, name) for name in option.names)}"
            yield _text(option.help)
            yield from _facts(option)
        yield ".El"


def _spelled(option: OptionPage, name: str) -> str:
    """Spell an option behind `Fl`, which writes the first hyphen itself."""
    value = option.value or ("value" if option.choices else "")
    return f"Fl {_escaped(name[1:])}" + (f" Ar {_word(value)}" if value else "")


def _facts(option: OptionPage) -> Iterator[str]:
    if option.choices:
        yield _text(f"Accepted values: {', '.join(option.choices)}.")
    if option.limits:
        yield _text(f"Accepted values: {option.limits}.")
    if option.default:
        yield _text(f"Default: {option.default}.")
    if option.envvars:
        yield f"Environment:\n.Ev {' , '.join(option.envvars)} ."
    if option.required:
        yield "Required."


def _examples(page: CommandPage) -> Iterator[str]:
    if page.examples:
        yield ".Sh EXAMPLES"
        yield from _literal(page.examples)


def _literal(examples: Iterable[str]) -> Iterator[str]:
    if examples:
        yield ".Bd -literal"
        yield from (_escaped(example) for example in examples)
        yield ".Ed"


def _see_also(page: CommandPage, pages: list[CommandPage]) -> list[str]:
    """Name the neighbours: what is above, what is below, and the topics."""
    near = {"-".join(page.path[:-1])} | {"-".join((*page.path, name)) for name, _ in page.members}
    known = {other.name for other in pages}
    named = [_reference(name, 1) for name in sorted(near & known)]
    connects = any(option.heading == "Connection" for option in page.options)
    common = ["environment", "exit-codes", "output"]
    named += [_reference(f"dpsctl-{name}", 7) for name in ["auth"] * connects + common]
    return [".Sh SEE ALSO", *(f"{name} ," for name in named[:-1]), named[-1], *_PROJECT]


def _reference(name: str, section: int) -> str:
    """Name another page plainly: `Xr` is a lint finding until that page is installed."""
    return f".Sy {_escaped(name)} Ns ({section})"


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.strip().split("\n\n")):
        if number:
            yield ".Pp"
        yield _text(" ".join(paragraph.split()))


def _as_clause(summary: str) -> str:
    clause = summary.rstrip(".")
    return clause[:1].lower() + clause[1:]


def _word(text: str) -> str:
    """Keep a word whole: mdoc would take it for a macro, or cut it at a blank."""
    escaped = _escaped(text)
    if " " in escaped:
        return f'"{escaped}"'
    return f"\\&{escaped}" if len(text) in _MACRO_LENGTHS else escaped


def _text(text: str) -> str:
    """Write sentences one a line, as mdoc wants them."""
    words = " ".join(_whole(word) for word in text.translate(_PLAIN).split())
    sentences = words.replace(". ", ".\n").split("\n")
    lines = [
        line
        for sentence in sentences
        for line in textwrap.wrap(sentence, _LINE, break_on_hyphens=False)
    ]
    return "\n".join(_guarded(line) for line in lines)


def _whole(word: str) -> str:
    """Keep a name from being hyphenated: what is copied has to be right."""
    is_name = "\\-" in word or len(word) > _LONGEST_WORD
    return f"\\%{word}" if is_name else word


def _escaped(text: str) -> str:
    return _guarded(text.translate(_PLAIN))


def _guarded(line: str) -> str:
    """Keep a dot at the start of a line from making it a request."""
    return f"\\&{line}" if line.startswith(".") else line

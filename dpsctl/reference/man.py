"""Man pages in mdoc(7), one a command and one a topic."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby

from dpsctl.reference.topics import Topic, topics
from dpsctl.reference.tree import CommandPage, OptionPage

# The day the version was released: pages made from the same tree are the same to the byte.
_DATE = "November 22, 2026"
# Words that mdoc would read as macros, were they to stand alone at a place where it looks.
_MACRO_LENGTHS = (2, 3)
_LINE = 76


def man_pages(pages: Iterable[CommandPage]) -> dict[str, str]:
    """Return every page by its file name."""
    listed = list(pages)
    made = {f"{page.name}.1": _command(page, listed) for page in listed}
    made |= {f"dpsctl-{topic.name}.7": _topic(topic) for topic in topics(listed).values()}
    return made


def _command(page: CommandPage, pages: list[CommandPage]) -> str:
    lines = [*_head(page.name, "1", _as_clause(page.summary)), ".Sh SYNOPSIS", *_synopsis(page)]
    lines += [".Sh DESCRIPTION", *_paragraphs(f"{page.summary}\n\n{page.description}")]
    if page.members:
        lines += [".Sh COMMANDS", ".Bl -tag -width Ds"]
        for name, summary in page.members:
            lines += [f".It {_word(name)}", _text(summary)]
        lines.append(".El")
    lines += [*_options(page), ".Sh EXIT STATUS", ".Bl -tag -width Ds"]
    lines += [
        ".It 0",
        "Done.",
        ".It \\&>0",
        "Failed; see",
        f"{_reference('dpsctl-exit-codes', 7)} .",
    ]
    lines += [".El", *_examples(page)]
    return "\n".join([*lines, *_see_also(page, pages)]) + "\n"


def _topic(topic: Topic) -> str:
    lines = _head(f"dpsctl-{topic.name}", "7", topic.summary)
    lines += [".Sh DESCRIPTION", _text(topic.introduction), ".Bl -tag -width Ds"]
    for term, meaning in topic.entries:
        lines += [f".It {_word(term)}", _text(meaning)]
    return "\n".join([*lines, ".El", ".Sh SEE ALSO", _reference("dpsctl", 1)]) + "\n"


def _head(name: str, section: str, summary: str) -> list[str]:
    title = name.upper()
    return [
        f".Dd {_DATE}",
        f".Dt {title} {section}",
        ".Os",
        ".Sh NAME",
        f".Nm {name}",
        f".Nd {_text(summary)}",
    ]


def _synopsis(page: CommandPage) -> list[str]:
    lines = [f".Nm {' '.join(page.path)}"]
    lines += [
        f".Fl {_flag(option.names[-1])} Ar {_word(option.value)}"
        for option in page.options
        if option.required
    ]
    lines.append(".Op Ar options")
    if page.members:
        lines.append(".Ar command ...")
    lines += [f".Ar {_word(argument)}" for argument in page.arguments]
    return lines


def _options(page: CommandPage) -> Iterator[str]:
    yield ".Sh OPTIONS"
    ordered = sorted(page.options, key=lambda option: _rank(option.heading))
    for heading, options in groupby(ordered, key=lambda option: option.heading):
        yield f".Ss {heading}"
        yield ".Bl -tag -width Ds"
        for option in options:
            yield f".It {' , '.join(_spelled(option, name) for name in option.names)}"
            yield _text(option.help)
            yield from _facts(option)
        yield ".El"


def _rank(heading: str) -> int:
    last = ("Connection", "Output")
    return 1 + last.index(heading) if heading in last else 0


def _spelled(option: OptionPage, name: str) -> str:
    value = "" if not option.value else f" Ar {_word(_placeholder(option))}"
    return f"Fl {_flag(name)}{value}"


def _placeholder(option: OptionPage) -> str:
    return "value" if option.choices and not option.may_stand_alone else option.value


def _facts(option: OptionPage) -> Iterator[str]:
    if option.choices:
        yield _text(f"Accepted values: {', '.join(option.choices)}.")
    if option.default:
        yield _text(f"Default: {option.default}.")
    if option.envvar:
        yield f"Environment variable:\n.Ev {option.envvar} ."
    if option.required:
        yield "Required."


def _examples(page: CommandPage) -> Iterator[str]:
    if page.examples:
        yield ".Sh EXAMPLES"
        yield ".Bd -literal"
        yield from (_escaped(example) for example in page.examples)
        yield ".Ed"


def _see_also(page: CommandPage, pages: list[CommandPage]) -> list[str]:
    """Name the neighbours: what is above, what is below, and the topics."""
    near = {"-".join(page.path[:-1])} | {"-".join((*page.path, name)) for name, _ in page.members}
    known = {other.name for other in pages}
    named = [_reference(name, 1) for name in sorted(near & known)]
    named += [_reference("dpsctl-environment", 7), _reference("dpsctl-exit-codes", 7)]
    return [".Sh SEE ALSO", *(f"{name} ," for name in named[:-1]), named[-1]]


def _reference(name: str, section: int) -> str:
    """Name another page plainly: `Xr` is a lint finding until that page is installed."""
    return f".Sy {name} Ns ({section})"


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.strip().split("\n\n")):
        if number:
            yield ".Pp"
        yield _text(" ".join(paragraph.split()))


def _as_clause(summary: str) -> str:
    clause = summary.rstrip(".")
    return clause[:1].lower() + clause[1:]


def _flag(name: str) -> str:
    """Spell an option behind `Fl`, which writes the first hyphen itself."""
    return name[1:].replace("-", "\\-")


def _word(text: str) -> str:
    """Keep a word whole: mdoc would take it for a macro, or cut it at a blank."""
    escaped = _escaped(text)
    if " " in escaped or len(text) in _MACRO_LENGTHS:
        return f'"{escaped}"' if " " in escaped else f"\\&{escaped}"
    return escaped


def _text(text: str) -> str:
    """Write sentences one a line, as mdoc wants them."""
    sentences = text.replace(". ", ".\n").split("\n")
    lines = [line for sentence in sentences for line in textwrap.wrap(sentence, _LINE)]
    return "\n".join(_escaped(line) for line in lines)


def _escaped(text: str) -> str:
    safe = text.replace("\\", "\\e")
    return f"\\&{safe}" if safe.startswith((".", "'")) else safe

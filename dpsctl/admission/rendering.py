"""An explanation for people: the verdict in one sentence, and below it what was found."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from dpsctl.admission.findings import Explanation, Finding, Verdict, weight_of
from dpsctl.text.controls import spelled_out

_WIDTH = 100
_LABELS = {"problem": "also", "unknown": "unknown", "fact": "note"}
_COLOURS = {"also": 31, "unknown": 33, "do": 36}
_COLUMN = 10
_GREEN, _RED, _YELLOW = 32, 31, 33


def text_lines(found: Explanation, width: int | None, *, colour: bool) -> list[str]:
    """Write it for a terminal of *width* columns, or for a pipe."""
    painter = _painter if colour else _plain
    shade = {Verdict.registers: _GREEN, Verdict.undecided: _YELLOW}.get(found.verdict, _RED)
    wide = min(width or _WIDTH, _WIDTH)
    lines = [painter(line, shade) for line in textwrap.wrap(spelled_out(found.summary), wide)]
    for label, text in _notes(found):
        wrapped = textwrap.wrap(
            spelled_out(text),
            wide,
            initial_indent=f"  {label:{_COLUMN}}",
            subsequent_indent=" " * (2 + _COLUMN),
            break_long_words=False,
            break_on_hyphens=False,
        )
        painted = painter(label, _COLOURS.get(label, 0)) if label else ""
        lines += [wrapped[0].replace(label, painted, 1) if label else wrapped[0], *wrapped[1:]]
    return lines


def markdown_lines(found: Explanation) -> list[str]:
    """Write it for a page."""
    items = [f"- {label}: {text}" if label else f"  {text}" for label, text in _notes(found)]
    return [f"**{spelled_out(found.summary)}**", "", *map(spelled_out, items)]


def _notes(found: Explanation) -> Iterator[tuple[str, str]]:
    """Yield label and text: what to do about the cause, then all else."""
    if found.cause and found.cause.hint:
        yield "do", found.cause.hint
    for finding in found.findings:
        if finding is not found.cause:
            yield _LABELS[weight_of(finding)], _sentence(finding)


def _sentence(finding: Finding) -> str:
    said = f"{finding.message[:1].upper()}{finding.message[1:]}."
    return f"{said} {finding.hint}" if finding.hint else said


def _painter(text: str, colour: int) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if colour and text else text


def _plain(text: str, _: int) -> str:
    return text

"""Failures among results that nobody sees: `-o none` still says what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dpsctl.options.connection import Display
from dpsctl.options.words import OutputFormat
from dpsctl.run import Run

Json = dict[str, Any]


def with_failures_told(
    results: Iterator[Json], source: str, display: Display, run: Run
) -> Iterator[Json]:
    """Pass on the results of a file's rows; where they are not shown, tell of those that failed."""
    if (display.output or run.output) != OutputFormat.none:
        yield from results
        return
    from dpsctl.fleet.refusals import Refusals

    refusals = Refusals(source, run.report)
    for result in results:
        message = result.get("message")
        if result.get("status") == "failed" and message:
            is_placed = message.startswith(f"{source}:")
            refusals.add(message if is_placed else f"{source}:{result['line']}: {message}")
        yield result
    refusals.close()

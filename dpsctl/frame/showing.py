"""How a verb's result is shown: in which form, what of it, and whether with its keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dpsctl.errors import UsageError
from dpsctl.frozen import frozen
from dpsctl.options.connection import Display
from dpsctl.options.words import ReportFormat
from dpsctl.output.columns import Column
from dpsctl.run import Outcome, Run

if TYPE_CHECKING:
    from dpsctl.output.formats import Style
    from dpsctl.output.query import CompiledQuery

_KEY_COLUMNS = {
    "Primary key": Column("attestation.symmetricKey.primaryKey", "whole"),
    "Secondary key": Column("attestation.symmetricKey.secondaryKey", "whole"),
}


@frozen
class View:
    """What a command line asks to see of a verb's result.

    *columns* and *default_format* are the verb's, which may be a report; the result *holds_keys*
    that are hidden unless *keys* are asked for.
    """

    display: Display
    query: CompiledQuery | None
    columns: Mapping[str, str] | None
    default_format: str
    is_report: bool
    holds_keys: bool
    keys: bool

    def format(self, run: Run, *, is_for_people: bool = False) -> ReportFormat:
        """Choose the form of the result: what a query picks is data. Raises UsageError."""
        is_table = is_for_people and run.stdout.isatty()
        default = "table" if is_table else self.default_format
        if self.query and (is_table or self.is_report):
            default = "json"
        chosen = ReportFormat(self.display.output or run.output or default)
        if self.query and chosen in (ReportFormat.markdown, ReportFormat.text):
            raise UsageError(
                f"-o {chosen}: --query picks data", "Choose json, yaml or another form."
            )
        return chosen

    @property
    def titles(self) -> Mapping[str, str] | None:
        """The titles of a table and their JMESPath, those of the keys at the end."""
        columns = self.columns
        return {**columns, **_KEY_COLUMNS} if columns is not None and self.keys else columns


def show_result(result: Any, view: View, run: Run) -> int:
    """Print what a command returned, of it what the query picks; return the exit code."""
    from dpsctl.output.formats import show

    data, style = seen(result, view, run)
    if data is not None:
        show(data, style, run.stdout)
    code = result.exit_code if isinstance(result, Outcome) else 0
    return code() if callable(code) else code


def seen(result: Any, view: View, run: Run) -> tuple[Any, Style]:
    """Return what of a command's result may be seen, and how it is shown."""
    from dpsctl.output import formats as output

    outcome = result if isinstance(result, Outcome) else Outcome(result, 0)
    result = outcome.data
    if view.holds_keys and not view.keys:
        from dpsctl.output.hidden_keys import without_keys

        result = without_keys(result)
    colour = output.wants_colour(view.display.color or "auto", run.environ, run.stdout)
    style = output.Style(
        format=view.format(run, is_for_people=outcome.is_for_people),
        query=view.query,
        colour=colour,
        columns=outcome.columns or view.titles,
        rows=outcome.rows,
        width=_width_of(run.stdout),
        renderings=outcome.renderings,
        # What reads from a pipe may write on the same terminal.
        make_room=run.waiting.clear if run.stdout.isatty() else run.waiting.close,
    )
    return result, style


def compiled(query: str | None) -> CompiledQuery | None:
    """Read `--query` before anything is sent. Raises UsageError."""
    if query is None:
        return None
    from dpsctl.output.query import compile_query

    return compile_query(query)


def _width_of(stream: Any) -> int | None:
    """Measure the terminal; None if *stream* is none, where nothing may be cut."""
    if not stream.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns

"""What commands that write many records share: they show which, ask, and tell how it went."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dpsctl.commands.consent import ask_for, can_ask
from dpsctl.errors import UsageError
from dpsctl.frozen import frozen
from dpsctl.options.connection import Display
from dpsctl.options.selection import Selection
from dpsctl.output.columns import Column
from dpsctl.run import Outcome, Run
from dpsctl.service.dps import DpsService

if TYPE_CHECKING:
    from dpsctl.effort import Effort
    from dpsctl.selection.choosing import Chosen, Kind
    from dpsctl.selection.writing import Write

Json = dict[str, Any]
_FEW = 20  # so many are shown, and agreed to with a yes
_AGAIN = "Run it again: it goes on where it was."
_GONE = "Run it again with --if-exists: what is gone already is passed over."


@frozen
class Task:
    """What is to be done to many records: a *verb* such as `delete`; *read* lists all there are.

    *again* is what to do after an interrupt, where running it again does not just go on.
    """

    verb: str
    kind: Kind
    service: DpsService
    read: Callable[[], Iterable[Json]]
    display: Display
    again: str | None = None

    @property
    def is_dry(self) -> bool:
        """Whether writes are shown, and not sent."""
        return self.service.groups.dry_run


def write_many(
    task: Task, ids: Sequence[str] | None, selection: Selection, write: Write, run: Run
) -> Outcome:
    """Write to each of the records that are meant, once that is agreed to."""
    from dpsctl.selection.choosing import chosen

    task.service.keep_pace()
    meant = chosen(ids, selection, task.kind, task.read, run)
    if not task.is_dry:
        _agree(task, meant, run)
    return results_of(task, meant, write, selection.parallel, run)


def results_of(
    task: Task, meant: Sequence[Chosen], write: Write, parallel: int, run: Run
) -> Outcome:
    """Write to each of the records, and tell what became of it."""
    from dpsctl.effort import Effort
    from dpsctl.selection.writing import Writing

    effort = Effort(run)
    results = Writing(write, task.kind, effort, parallel).results(meant)
    is_by_id = task.verb == "delete" and any(one.record is None for one in meant)
    hint = task.again or (_GONE if is_by_id else _AGAIN)
    return Outcome(results, lambda: _exit_code(effort, hint, task, run), result_columns(task.kind))


def result_columns(kind: Kind) -> dict[str, str]:
    """Return the columns of a table of what became of each record."""
    return {
        kind.name.capitalize(): kind.id_field,
        "Status": "status",
        "Code": "errorCode",
        "Message": Column("message", "head"),
    }


def refuse_etag(etag: str | None) -> None:
    """Refuse `--etag` for many records. Raises UsageError."""
    if etag is not None:
        raise UsageError(
            "--etag is that of one record", "Leave it out, or name one record by its id."
        )


def _agree(task: Task, chosen: Sequence[Chosen], run: Run) -> None:
    """Ask whether all may be written. Raises UsageError where nobody can be asked."""
    count = len(chosen)
    if not count or task.display.yes:
        return
    if can_ask(run):
        run.tell(f"{task.verb} {_counted(count, task.kind)}:")
        for line in _shown(chosen):
            run.tell(f"  {line}")
        ask_for("yes" if count <= _FEW else str(count), f"{task.verb} them", run)
    elif count > 1:
        raise UsageError(
            f"{_counted(count, task.kind)} are chosen, and to {task.verb} more than one needs "
            "--yes; nothing was sent",
            "--dry-run shows what would be sent.",
        )


def _counted(count: int, kind: Kind) -> str:
    return f"{count:,} {kind.name if count == 1 else kind.plural}"


def _shown(chosen: Sequence[Chosen]) -> Iterator[str]:
    yield from (one.record_id for one in chosen[:_FEW])
    if len(chosen) > _FEW:
        yield f"and {len(chosen) - _FEW:,} more"


def _exit_code(effort: Effort, hint: str, task: Task, run: Run) -> int:
    if not task.is_dry:
        nothing = f"no {task.kind.plural} are chosen"
        run.note(effort.summary() if effort.endings else nothing)
    return effort.exit_code(hint)

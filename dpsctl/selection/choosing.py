"""Which records are meant: those that are named, or those of which something is true."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dpsctl import keys
from dpsctl.errors import UsageError
from dpsctl.fleet.id_rules import IdRule
from dpsctl.options.durations import seconds_in
from dpsctl.options.selection import RegistrationSelection, Selection
from dpsctl.output.query import compile_query
from dpsctl.run import Run
from dpsctl.text.times import moment_of

Json = dict[str, Any]
Test = Callable[[Json], bool]
_FALSE: tuple[Any, ...] = (None, "", [], {})  # and false itself: so says JMESPath
_FAILED = "failed"
_NARROWING = frozenset({"--where", "--older-than", "--failed"})


@dataclass(frozen=True)
class Kind:
    """A kind of records: the field and the flag that name one, and what people call it."""

    id_field: str
    flag: str
    name: str
    plural: str


GROUPS = Kind("enrollmentGroupId", "--enrollment-id", "group", "groups")
ENROLLMENTS = Kind("registrationId", "--enrollment-id", "enrollment", "enrollments")
REGISTRATIONS = Kind("registrationId", "--registration-id", "registration", "registrations")


@dataclass(frozen=True)
class Chosen:
    """A record that is meant; *record* is what was read of it, None where its id was given."""

    record_id: str
    record: Json | None = None


def one_id(ids: Sequence[str] | None, selection: Selection) -> str | None:
    """Return the id of the one record that is named by itself, if that is all that was said."""
    ways = (selection.ids_from, selection.id_field, *_tests_asked(selection))
    return ids[0] if ids is not None and len(ids) == 1 and not any(ways) else None


def chosen(
    ids: Sequence[str] | None,
    selection: Selection,
    kind: Kind,
    read: Callable[[], Iterable[Json]],
    run: Run,
) -> list[Chosen]:
    """Return the records that are meant: named, each once, or described, among those *read*.

    Raises UsageError for a selection that names and describes, or does neither, and for a record
    that cannot be judged.
    """
    if is_named(ids, selection, kind):
        return [Chosen(text) for text in _named(ids, selection, kind, run)]
    found = matching(read(), selection, kind)
    return [Chosen(str(record.get(kind.id_field)), record) for record in found]


def matching(records: Iterable[Json], selection: Selection, kind: Kind) -> Iterator[Json]:
    """Return those of *records* of which all is true that *selection* asks.

    Raises UsageError, at once for a `--where` that cannot be read, or for a record that cannot be
    judged.
    """
    tests = list(_tests(selection, kind))
    return (record for record in records if all(test(record) for test in tests))


def is_named(ids: Sequence[str] | None, selection: Selection, kind: Kind) -> bool:
    """Tell whether records are named, not described. Raises UsageError if it is both or neither."""
    asked = _tests_asked(selection)
    names = [kind.flag] if ids else []
    names += ["--ids-from"] if selection.ids_from is not None else []
    if names and asked:
        raise UsageError(
            f"{names[0]} and {asked[0]} exclude each other",
            f"Name {kind.plural}, or describe them.",
        )
    if not names and not asked:
        raise UsageError(
            f"{kind.flag} is missing",
            f"Name {kind.plural}, or choose them: --ids-from FILE, --where JMESPATH, --all.",
        )
    if selection.id_field is not None and selection.ids_from is None:
        raise UsageError("--id-field needs --ids-from", "It names a column of that file.")
    return bool(names)


def is_narrowed(selection: Selection) -> bool:
    """Tell whether some records may be left out."""
    return not _NARROWING.isdisjoint(_tests_asked(selection))


def _tests_asked(selection: Selection) -> list[str]:
    asked = {"--all": selection.everything, "--where": selection.where}
    if isinstance(selection, RegistrationSelection):
        asked |= {
            "--older-than": selection.older_than,
            "--failed": selection.failed,
        }
    given = [flag for flag, value in asked.items() if value]
    if selection.everything and (narrowing := [flag for flag in given if flag in _NARROWING]):
        raise UsageError(f"--all and {narrowing[0]} exclude each other", "Give one of them.")
    return given


def _named(ids: Sequence[str] | None, selection: Selection, kind: Kind, run: Run) -> Iterable[str]:
    """Return every id once: the service ignores case."""
    found: dict[str, str] = {}
    for text in [*(ids or []), *_ids_in(selection, kind, run)]:
        found.setdefault(text.lower(), text)
    return found.values()


def _tests(selection: Selection, kind: Kind) -> Iterator[Test]:
    if isinstance(selection, RegistrationSelection):
        if selection.failed:
            yield lambda record: record.get("status") == _FAILED
        if selection.older_than is not None:
            yield _older_than(_moment(selection.older_than))
    if selection.where is not None:
        yield _where(selection.where, kind)


def _where(text: str, kind: Kind) -> Test:
    from jmespath.exceptions import JMESPathError

    query = compile_query(text, "--where")

    def is_true(record: Json) -> bool:
        try:
            found = query.expression.search(record)
        except JMESPathError as error:
            raise UsageError(
                f"--where: {kind.name} {record.get(kind.id_field)} cannot be judged: {error}",
                "Nothing was written. Ask for the field first: FIELD && starts_with(FIELD, 'x').",
            ) from None
        return found is not False and found not in _FALSE

    return is_true


def _moment(text: str) -> datetime:
    seconds = seconds_in(text)
    if seconds is not None:
        return datetime.now(UTC) - timedelta(seconds=seconds)
    given = datetime.fromisoformat(text)
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def _older_than(moment: datetime) -> Test:
    """Judge by when a registration was written last; one that does not say is not old."""

    def is_older(record: Json) -> bool:
        written = moment_of(record.get("lastUpdatedDateTimeUtc"))
        return written is not None and written < moment

    return is_older


def _ids_in(selection: Selection, kind: Kind, run: Run) -> Iterator[str]:
    """Read the ids of `--ids-from`. Raises UsageError, before anything is sent, for a bad one."""
    if selection.ids_from is None:
        return
    from dpsctl.fleet.device_files import DeviceFile

    file = DeviceFile(selection.ids_from, "--ids-from", run.stdin)
    is_empty = True
    for chunk in file.ids(IdRule(selection.id_field)).chunks:
        for place, problem in chunk.problems:
            raise UsageError(f"{file.name}:{chunk.line(place)}: {problem}", "Nothing was sent.")
        for place, text in zip(chunk.places, chunk.ids, strict=True):
            is_empty = False
            try:
                keys.check_id(text, f"{kind.name} id")
            except keys.IdFormatError as error:
                where = f"{file.name}:{chunk.line(place)}"
                raise UsageError(f"{where}: {error}", "Nothing was sent.") from None
            yield text
    if is_empty:
        run.warn(f"{file.nothing_in_it('ids')}: nothing is chosen")

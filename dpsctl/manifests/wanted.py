"""All records that the files ask for, by kind and id, and everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.manifests.fields import GROUP, INDIVIDUAL, KINDS, Json, Kind, Path
from dpsctl.manifests.files import Found, read_manifests
from dpsctl.manifests.fleet import Fleet, Key, Wanted
from dpsctl.manifests.inputs import Inputs
from dpsctl.manifests.judgement import id_problems, problems_of
from dpsctl.manifests.references import OMITTED, Resolver
from dpsctl.manifests.rows import CellRow, check_columns, digest_of_rows, rows_of
from dpsctl.manifests.scope import Scope, read_scope
from dpsctl.payloads.hub_rules import Problem

_MOST_SHOWN = 20
_OURS = ("$each", "$exact", "$formerly", "$kind")


@dataclass(frozen=True)
class _Template:
    """A record of a file before anything in it is resolved, defaults beneath it."""

    found: Found
    kind: Kind
    body: Json
    ours: Json
    scope: Scope
    inputs: Inputs

    def of(self, row: CellRow | None) -> tuple[Wanted, list[Problem]]:
        """Return the record of a row, or the only one, with what was wrong in its references."""
        values = None if row is None else row.values()
        resolver = Resolver(self.inputs, self.found.source, self.kind, values)
        body = resolver.record(self.body, self.kind)
        former = resolver.resolved(self.ours.get("$formerly"), ("$formerly",))
        is_renamed = former is not None and former is not OMITTED
        wanted = Wanted(
            kind=self.kind,
            record_id=str(body.get(self.kind.id_field)),
            body=body,
            place=self.place(row),
            exact=self.ours.get("$exact", self.scope.exact),
            formerly=str(former) if is_renamed else None,
            origins=resolver.origins,
            rows=None if row is None else str(self.ours["$each"]),
        )
        wrong = id_problems(former, "$formerly") if is_renamed else ()
        return wanted, [*resolver.problems, *wrong]

    def again(self, row: CellRow) -> Wanted:
        """Make the record of a row once more: it was found to be right before."""
        return self.of(row)[0]

    def place(self, row: CellRow | None) -> str:
        """Return where the record stands, as `file:line`."""
        if row is None:
            return self.found.place
        return f"{self.rows}:{row.line}"

    @cached_property
    def rows(self) -> str:
        """The file of rows, as messages show it."""
        return str(self.found.source.folder / self.ours["$each"])


def read_fleet(paths: Sequence[str], root: str | None, inputs: Inputs, api_version: str) -> Fleet:
    """Read all that the files ask for. Raises UsageError with all that is wrong, place by place."""
    found, complaints = read_manifests(paths, root, inputs.run.stdin)
    reading = _Reading(inputs, api_version, complaints)
    return reading.read(found)


class _Reading:
    """Gathers records and complaints."""

    def __init__(self, inputs: Inputs, api_version: str, complaints: list[str]) -> None:
        self._inputs = inputs
        self._api_version = api_version
        self._complaints = complaints
        self._places: dict[Key, str] = {}

    def read(self, found: Sequence[Found]) -> Fleet:
        fleet = Fleet(self._scope([one for one in found if _is_scope(one)]))
        for one in found:
            fleet.sources.setdefault(one.source.path, one.source.digest)
            if not _is_scope(one):
                self._take_record(one, fleet)
        self._check_names(fleet)
        if self._complaints:
            raise _all_at_once(self._complaints)
        fleet.secret_variables = self._inputs.secret_places
        return fleet

    def _scope(self, fleets: Sequence[Found]) -> Scope:
        if not fleets:
            return Scope()
        for other in fleets[1:]:
            self._complain(other, ("$fleet",), f"there is another one at {fleets[0].place}")
        first = fleets[0]
        plain = {name: part for name, part in first.value.items() if name != "defaults"}
        resolver = Resolver(self._inputs, first.source, None)
        ours = {"$fleet": plain.pop("$fleet")}
        document = {**ours, **resolver.resolved(plain)}
        for problem in resolver.problems:
            self._complain(first, problem.path, problem.says)
        if "defaults" in first.value:
            document["defaults"] = first.value["defaults"]
        try:
            return read_scope(document)
        except UsageError as error:
            names, _, says = error.message.partition(": ")
            self._complain(first, tuple(names.split(".")), f"{says}. {error.hint or ''}".strip())
            return Scope()

    def _take_record(self, found: Found, fleet: Fleet) -> None:
        template = self._template(found, fleet.scope)
        if template is None:
            return
        if "$each" not in template.ours:
            self._take(template, None, fleet)
            return
        columns: set[str] = set()
        try:
            fleet.sources |= digest_of_rows(found, str(template.ours["$each"]))
            for row in rows_of(found, str(template.ours["$each"]), self._inputs.run.stdin):
                if isinstance(row, str):
                    self._complaints.append(row)
                    continue
                columns.update(row.names)
                self._take(template, row, fleet)
        except UsageError as error:
            self._complain(found, ("$each",), error.message)
            return
        if not columns:
            self._inputs.run.warn(f"{template.rows} has no rows: no record is made of it")
        for name in check_columns(columns, template.body) if columns else ():
            self._complain(found, (), f"no row of {template.ours['$each']} has the column {name}")

    def _template(self, found: Found, scope: Scope) -> _Template | None:
        if not isinstance(found.value, dict):
            self._complain(found, (), "a record is wanted: an object with an id")
            return None
        ours = {name: part for name, part in found.value.items() if name.startswith("$")}
        body = {name: part for name, part in found.value.items() if name not in ours}
        for problem in _problems_of_ours(ours):
            self._complain(found, problem.path, problem.says)
            return None
        kinds = [kind for kind in KINDS.values() if kind.id_field in body]
        if len(kinds) != 1:
            names = f"{GROUP.id_field} or {INDIVIDUAL.id_field}"
            self._complain(found, (), f"one of {names} is wanted: it says which kind this is")
            return None
        merged = _over_defaults(scope.defaults.get(kinds[0].name, {}), body)
        return _Template(found, kinds[0], merged, ours, scope, self._inputs)

    def _take(self, template: _Template, row: CellRow | None, fleet: Fleet) -> None:
        wanted, problems = template.of(row)
        problems += problems_of(wanted.kind, wanted.body, self._api_version)
        for problem in problems:
            self._tell(template, row, problem)
        key = wanted.key
        if key in self._places:
            self._tell(template, row, _twice(wanted, self._places[key]))
            return
        for name, one in ((wanted.kind.id_field, wanted.record_id), ("$formerly", wanted.formerly)):
            if one is not None and not fleet.scope.is_allowed(wanted.kind.name, one):
                owned = f"{one} is not among what $fleet owns ({wanted.kind.name})"
                self._tell(template, row, Problem((name,), owned))
        self._places[key] = wanted.place
        fleet.add(wanted, None if row is None else partial(template.again, row))

    def _check_names(self, fleet: Fleet) -> None:
        heirs: dict[Key, Key] = {}
        for new, old in fleet.formerly.items():
            if heirs.setdefault(old, new) != new:
                self._complaints.append(
                    f"{self._places[new]}: $formerly: {old[1]} is renamed in "
                    f"{self._places[heirs[old]]} already"
                )
            if old in fleet:
                self._complaints.append(
                    f"{self._places[new]}: $formerly: {old[1]} is in {self._places[old]} still; "
                    "remove it there"
                )

    def _tell(self, template: _Template, row: CellRow | None, problem: Problem) -> None:
        place = template.place(row)
        if problem.is_warning:
            name = problem.path[-1]
            self._inputs.warn_once(f"unknown {name}", f"{place}: {name}: {problem.says}")
        elif row is None:
            self._complain(template.found, problem.path, problem.says)
        else:
            self._complaints.append(f"{place}: {'.'.join(problem.path)}: {problem.says}")

    def _complain(self, found: Found, path: Path, says: str) -> None:
        self._complaints.append(found.complaint(path, says))


def _is_scope(found: Found) -> bool:
    return isinstance(found.value, dict) and "$fleet" in found.value


def _twice(wanted: Wanted, place: str) -> Problem:
    path = (wanted.kind.id_field,)
    return Problem(path, f"{wanted.record_id} is there twice: also at {place}")


def _problems_of_ours(ours: Json) -> Iterator[Problem]:
    for name, value in ours.items():
        if name not in _OURS:
            yield Problem((name,), f"is not known beside a record; there are {', '.join(_OURS)}")
        elif name == "$exact" and not isinstance(value, bool):
            yield Problem((name,), "true or false is wanted")
        elif name == "$each" and not isinstance(value, str):
            yield Problem((name,), "the name of a file is wanted")
        elif name == "$kind":
            yield Problem((name,), "is for IoT Central, which manifests do not reach yet")


def _over_defaults(defaults: Any, body: Any) -> Any:
    """Lay *body* over *defaults*, object by object; a reference is one value."""
    if not (isinstance(defaults, dict) and isinstance(body, dict)) or any(
        name.startswith("$") for name in (*defaults, *body)
    ):
        return body
    shared = {
        name: _over_defaults(defaults[name], part) if name in defaults else part
        for name, part in body.items()
    }
    return {**defaults, **shared}


def _all_at_once(complaints: list[str]) -> UsageError:
    unique = list(dict.fromkeys(complaints))
    more = len(unique) - _MOST_SHOWN
    shown = unique[:_MOST_SHOWN] + ([f"... and {more} more"] if more > 0 else [])
    count = f"{len(unique)} problems" if len(unique) > 1 else "a problem"
    return UsageError(
        f"{count} in the manifests; nothing was sent\n" + "\n".join(shown),
        "'dpsctl schema' has every field, docs/declarative.md tells what they do.",
    )

"""What `diff` and `apply` share: the fleet that files ask for, and the plan that makes it so."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dpsctl.errors import UsageError
from dpsctl.options.manifest import Manifests
from dpsctl.run import Run
from dpsctl.service.dps import DpsService

if TYPE_CHECKING:
    from dpsctl.manifests.fleet import Fleet
    from dpsctl.manifests.plan import Plan
    from dpsctl.manifests.reading import Reading


@dataclass(frozen=True)
class Asked:
    """What was asked for: which manifests are read, with which values, and whether to prune."""

    paths: list[str]
    root: str | None
    variables: dict[str, Any]
    prune: bool
    commands_allowed: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return what a saved plan keeps of it; to run programs has to be allowed each time."""
        kept = ("paths", "root", "variables", "prune")
        return {name: getattr(self, name) for name in kept}


@dataclass(frozen=True, eq=False)
class Planned:
    """A plan, the fleet that asks for it, and the service that it is for."""

    plan: Plan
    fleet: Fleet
    service: DpsService
    collections: dict[str, Any]

    @property
    def where(self) -> dict[str, Any]:
        """Name the service, and the version of its API that is spoken."""
        return {"service": self.service.host(), "apiVersion": self.service.api_version}


def asked_of(manifests: Manifests, run: Run, *, prune: bool) -> Asked:
    """Read what the options ask for. Raises UsageError."""
    if not manifests.paths:
        raise UsageError(
            "--file is missing",
            "Name a manifest or a folder of them: -f fleet; - is standard input.",
        )
    variables = _variables(manifests, run)
    return Asked(manifests.paths, manifests.root, variables, prune, manifests.allow_commands)


def planned(
    asked: Asked, service: DpsService, run: Run, parallel: int, *, skip_keys: bool = False
) -> Planned:
    """Read what the files ask for, and compare it with the service.

    Raises UsageError with all that is wrong in the files, and for a prune that would take all.
    """
    from dpsctl.manifests.reading import Reading

    fleet, service = _fleet_of(asked, service, run)
    if asked.prune:
        _check_prune(fleet)
    collections = collections_of(service)
    reading = Reading(collections, parallel, prune=asked.prune, skip_keys=skip_keys)
    return Planned(_compared(fleet, reading, run), fleet, service, collections)


def warn_of_limits(plan: Plan, run: Run, *, deletes_first: bool = False) -> None:
    """Warn of groups that the service has no room for."""
    from dpsctl.manifests.limits import crowds

    for crowd in crowds(plan, deletes_first=deletes_first):
        run.warn(crowd)


def _fleet_of(asked: Asked, service: DpsService, run: Run) -> tuple[Fleet, DpsService]:
    """Read the files; return their fleet and *service* in a version that has its fields."""
    from dpsctl.manifests.inputs import Inputs
    from dpsctl.manifests.wanted import read_fleet

    inputs = Inputs(run, asked.variables, asked.commands_allowed)
    knowing = service.knowing_policies()
    fleet = read_fleet(asked.paths, asked.root, inputs, knowing.api_version)
    _check_service(fleet.scope.service, service)
    gc.freeze()  # it stays to the end, and looking at 10,000 records for garbage takes a while
    return fleet, knowing if fleet.names_policies else service


def _check_prune(fleet: Fleet) -> None:
    if not fleet:
        raise UsageError(
            "--prune: the manifests hold no record, so everything that is owned would go",
            "Is this the right folder?",
        )
    if fleet.scope.owns is None:
        raise UsageError(
            "--prune: no manifest says what this fleet owns",
            "Add a document with '$fleet: 1' and 'owns:', which has the globs of ids by kind.",
        )


def _compared(fleet: Fleet, reading: Reading, run: Run) -> Plan:
    from dpsctl.manifests.plan import plan_of

    plan = plan_of(fleet, reading.records(fleet), prune=reading.prune)
    if reading.is_partial:
        return replace(plan, not_ours=0)
    for glob in plan.unmatched:
        run.warn(f"protect: {glob} matches no id, neither on the service nor in a manifest")
    return plan


def collections_of(service: DpsService) -> dict[str, Any]:
    """Return the service's collections by the kind of their records; they keep its pace."""
    service.keep_pace()
    return {"EnrollmentGroup": service.groups, "IndividualEnrollment": service.enrollments}


def fenced(lines: Iterable[str], language: str) -> Iterator[str]:
    """Yield *lines* as a block of Markdown."""
    yield f"```{language}"
    yield from (line.replace("```", "'''") for line in lines)
    yield "```"


def _variables(manifests: Manifests, run: Run) -> dict[str, Any]:
    from dpsctl.text.documents import read_document
    from dpsctl.text.paths import parse_assignment, show_path
    from dpsctl.text.values import decode_text, read_file

    variables: dict[str, Any] = {}
    if manifests.variables_file is not None:
        flag, path = "--vars", manifests.variables_file
        source = f"{flag} {path}"
        read = read_document(decode_text(read_file(path, flag, run.stdin), source), source)
        if not isinstance(read, dict):
            raise UsageError(f"{source}: an object is wanted", "Write NAME: VALUE, one a line.")
        variables = read
    for text in manifests.variables or []:
        path_of_name, value = parse_assignment(text, "--var")
        variables[show_path(path_of_name)] = value
    return variables


def _check_service(wanted: str | None, service: DpsService) -> None:
    """Refuse to go to another service than the one that the fleet is for. Raises UsageError."""
    host = service.host()
    if wanted and wanted.casefold() not in (host.casefold(), host.partition(".")[0].casefold()):
        raise UsageError(
            f"The manifests are for {wanted}, and this is {host}",
            "Nothing was sent. Is this the right --login, --dps-name or context?",
        )

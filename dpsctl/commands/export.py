"""`export`: what a service holds, as manifests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dpsctl.commands.manifests import collections_of, fenced
from dpsctl.frame.verbs import verb
from dpsctl.options.manifest import Exported
from dpsctl.options.records import Parallel
from dpsctl.options.words import Toggle
from dpsctl.run import Outcome, Paper, Run
from dpsctl.service.dps import DpsService

if TYPE_CHECKING:
    from dpsctl.machine.private_files import NewFile
    from dpsctl.manifests.exporting import Exporter
    from dpsctl.manifests.fields import Kind

Json = dict[str, Any]
_FOLDERS = {
    "EnrollmentGroup": "enrollment-groups",
    "IndividualEnrollment": "individual-enrollments",
}


@verb(
    default_output="text",
    is_report=True,
    holds_keys=True,
    examples=[
        "dpsctl export --ids 'line-*'",
        "dpsctl export --split fleet",
    ],
)
def export(service: DpsService, run: Run, exported: Exported, parallel: Parallel = 8) -> Outcome:
    """Write what a service holds as manifests.

    Groups come first, then ids in the order of their letters, without what is the service's own: so
    the same state is always the same text, and 'dpsctl diff' finds no difference in it. Keys are
    left out unless --show-keys asks for them. Of a certificate the service shows the thumbprint
    alone; --certificates finds its file.
    """
    from dpsctl.manifests.exporting import Exporter, in_order

    is_shown = exported.show_keys is Toggle.true
    records = in_order(_records(service, exported, parallel, keys=is_shown))
    if exported.split is not None:
        _write_files(records, exported, run, keys=is_shown)
        return Outcome(None, 0)
    exporter = Exporter(is_shown, _files(exported.certificates, Path()))

    def text(paper: Paper) -> Iterator[str]:
        del paper
        for number, (kind, record) in enumerate(records):
            if number:
                yield "---"
            yield exporter.document(kind, record).removesuffix("\n")

    data = [exporter.record(kind, record) for kind, record in records]
    _warn_of_unknown(exporter, run)
    return Outcome(
        iter(data),
        0,
        renderings={
            "text": text,
            "markdown": lambda paper: fenced(text(paper), "yaml"),
        },
    )


def _records(
    service: DpsService, exported: Exported, parallel: int, *, keys: bool
) -> Iterator[tuple[Kind, Json]]:
    from dpsctl.manifests.fields import KINDS
    from dpsctl.manifests.fleet import id_of
    from dpsctl.manifests.reading import with_keys
    from dpsctl.manifests.scope import matches
    from dpsctl.parallel import in_parallel

    for name, collection in collections_of(service).items():
        if exported.kind not in (None, name):
            continue
        kind = KINDS[name]
        found: Iterator[Json] = (
            record
            for record in collection.list()
            if not exported.ids or matches(id_of(kind, record), exported.ids)
        )
        if keys:
            found = in_parallel(lambda one: with_keys(collection, kind, one), found, parallel)  # noqa: B023 - used up in this round
        yield from ((kind, record) for record in found)


def _write_files(
    records: list[tuple[Kind, Json]], exported: Exported, run: Run, *, keys: bool
) -> None:
    """Write a file for each record, all or none. Raises UsageError for one that exists."""
    from dpsctl.machine.private_files import write_together
    from dpsctl.manifests.exporting import Exporter

    files: list[NewFile] = []
    for name, folder_name in _FOLDERS.items():
        folder = Path(str(exported.split)) / folder_name
        exporter = Exporter(keys, _files(exported.certificates, folder))
        files += [
            _new_file(folder, exporter, kind, record)
            for kind, record in records
            if kind.name == name
        ]
        _warn_of_unknown(exporter, run)
    for folder in {Path(file.path).parent for file in files}:
        folder.mkdir(parents=True, exist_ok=True)
    write_together(files, replace=exported.force)


def _new_file(folder: Path, exporter: Exporter, kind: Kind, record: Json) -> NewFile:
    from urllib.parse import quote

    from dpsctl.machine.platforms import file_stem
    from dpsctl.machine.private_files import NewFile
    from dpsctl.manifests.fleet import id_of

    path = folder / f"{file_stem(quote(id_of(kind, record), safe=''))}.yaml"
    text = exporter.document(kind, record)
    return NewFile(str(path), "--split", text.encode(), is_private=exporter.keys)


def _files(folder: str | None, seen_from: Path) -> dict[str, str]:
    """Find the certificates in *folder*: their paths, as manifests in *seen_from* name them."""
    import os

    from dpsctl.certificates.files import files_by_thumbprint

    found = files_by_thumbprint(folder)
    return {thumbprint: os.path.relpath(path, seen_from) for thumbprint, path in found.items()}


def _warn_of_unknown(exporter: Exporter, run: Run) -> None:
    for what in dict.fromkeys(exporter.unknown):
        run.warn(f"{what}: no file in --certificates holds this certificate")


command = export

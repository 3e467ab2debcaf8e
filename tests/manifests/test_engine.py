"""Random fleets against emulators of both kinds: what the engine promises, whatever happens."""

import io
import os
from contextlib import ExitStack, suppress
from dataclasses import replace
from uuid import uuid4

import pytest
import yaml
from engines import OWNS, Engine
from fleets import FLEETS, HISTORIES, KEYS, SERVICE, leaves_of, wanted
from hypothesis import given, settings
from hypothesis import strategies as st

from dpsctl.effort import Ending
from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings
from dpsctl.errors import ServiceError
from dpsctl.manifests.backup import write_backup
from dpsctl.manifests.changes import changes_type, field_changes
from dpsctl.manifests.exporting import Exporter
from dpsctl.manifests.fields import GROUP, KINDS, is_written
from dpsctl.manifests.fleet import Fleet, Wanted
from dpsctl.manifests.inputs import Inputs
from dpsctl.manifests.scope import Scope
from dpsctl.manifests.views import plan_view
from dpsctl.manifests.wanted import read_fleet
from dpsctl.payloads.comparison import is_same
from dpsctl.run import Run
from dpsctl.text.values import StandardInput


def fleet_of(records):
    return Fleet(Scope(owns=OWNS), records)


@pytest.fixture(scope="module")
def engines():
    with ExitStack() as stack:
        found = []
        for stores_defaults in (False, True):
            given_settings = EmulatorSettings(store_defaults=stores_defaults, page_size=3)
            emulator = stack.enter_context(Emulator(given_settings))
            environ = {**os.environ, **emulator.environment}
            found.append(Engine(emulator, Run(environ)))
        yield found


@pytest.fixture
def faulty(engines):
    yield engines
    for engine in engines:
        engine.emulator.reset()


def fresh(engines, index):
    engine = engines[index]
    engine.emulator.reset()
    return engine


WHICH = st.sampled_from([0, 1])


@SERVICE
@given(WHICH, FLEETS, FLEETS)
def test_what_was_applied_differs_no_more_and_is_written_once(engines, which, before, records):
    engine = fresh(engines, which)
    engine.apply(wanted(before))
    fates = engine.apply(wanted(records))

    again = engine.plan(fleet_of(wanted(records)))
    sent = len(engine.writes())

    refused = {fate.change.key for fate in fates if fate.ending in (Ending.failed, Ending.blocked)}
    assert {change.key for change in again.changes} == refused
    assert not [fate for fate in fates if fate.ending is Ending.failed]
    engine.carry_out(again)
    assert len(engine.writes()) == sent


@SERVICE
@given(WHICH, HISTORIES)
def test_what_is_in_no_file_stays_keys_and_certificates_too(engines, which, history):
    engine = fresh(engines, which)
    engine.apply(wanted(history[0]))
    old = engine.state()
    records = wanted(history[1], exact=False)
    engine.apply(records)
    new = engine.state()

    assert not set(old) - set(new)
    for one in records:
        record = old.get((one.kind.name, one.record_id))
        if record is None:
            continue  # it was blocked
        replaced = changes_type(one.body, record) or takes_the_other_way(one, record)
        after = new[one.kind.name, one.record_id]
        found = {path: value for path, _, value in leaves_of(one.kind.fields, after)}
        for path, _, value in leaves_of(one.kind.fields, record):
            if not is_written(one.body, path) and not (replaced and path[0] == "attestation"):
                assert is_same(found[path], value), path


def takes_the_other_way(one, record):
    """Whether names of CAs take the place of certificates, or the reverse."""
    held = record["attestation"].get("x509") or {}
    return "x509" in one.body["attestation"] and not set(held) & set(
        one.body["attestation"]["x509"]
    )


@SERVICE
@given(WHICH, FLEETS, FLEETS)
def test_nothing_outside_the_scope_is_written_and_nothing_unasked_deleted(
    engines, which, before, records
):
    engine = fresh(engines, which)
    others = [
        Wanted(kind, f"other-{record_id}", {**one.body, kind.id_field: f"other-{record_id}"})
        for one in wanted(before)
        for kind, record_id in [(one.kind, one.record_id)]
    ]
    engine.carry_out(engine.plan(Fleet(Scope(), [*others, *wanted(before)])))
    stranger = {key: value for key, value in engine.state().items() if "other" in key[1]}
    kept = set(engine.state())

    engine.apply(wanted(records))
    assert not kept - set(engine.state())
    if records:
        engine.apply(wanted(records), prune=True)
    after = engine.state()
    assert {key: value for key, value in after.items() if "other" in key[1]} == stranger


@SERVICE
@given(WHICH, FLEETS, st.booleans())
def test_an_export_is_what_there_is(engines, which, before, exact):
    engine = fresh(engines, which)
    engine.apply(wanted(before))
    found = [
        (KINDS[name], one) for name, collection in engine.collections.items()
        for one in collection.list_with_keys(parallel=1)
    ]  # fmt: skip
    text = Exporter(keys=True).text(found)
    assert text == Exporter(keys=True).text(reversed(found))

    scope = "---\n$fleet: 1\nexact: true\n" if exact else ""
    stdin = StandardInput(io.BytesIO((text + scope).encode()))
    fleet = read_fleet(["-"], None, Inputs(Run({}, stdin=stdin)), "2021-10-01")

    assert len(fleet) == len(found) == len(list(yaml.safe_load_all(text)))
    assert engine.plan(fleet).changes == ()


@SERVICE
@given(WHICH, FLEETS, FLEETS)
def test_one_by_one_and_by_pages_is_one_plan(engines, which, before, records):
    engine = fresh(engines, which)
    engine.apply(wanted(before))
    fleet = Fleet(Scope(), wanted(records))
    singly = plan_view(engine.plan(fleet))
    by_pages = plan_view(engine.plan(fleet, prune=True))  # it owns nothing that could be pruned

    singly["summary"].pop("notOurs")
    by_pages["summary"].pop("notOurs")
    assert singly == by_pages


def shows_no_text(record):
    """Whether a record cannot be made anew: the service shows no certificate whole."""
    x509 = record["attestation"].get("x509") or {}
    return any(x509.get(kind.certificates) for kind in KINDS.values())


@SERVICE
@given(WHICH, HISTORIES)
def test_renamed_record_keeps_its_keys_and_what_no_file_names(engines, which, history):
    engine = fresh(engines, which)
    engine.apply(wanted(history[0]))
    old = engine.state()
    renamed = [
        replace(
            one,
            record_id=f"{one.record_id}-new",
            body={
                **{name: part for name, part in one.body.items() if name != "attestation"},
                one.kind.id_field: f"{one.record_id}-new",
            },
            formerly=one.record_id,
        )
        for one in wanted(history[1], exact=False)
        if (one.kind.name, one.record_id) in old
    ]

    fates = {fate.change.record_id: fate for fate in engine.apply(renamed)}

    new = engine.state()
    for one in renamed:
        before = old[one.kind.name, one.formerly]
        if fates[one.record_id].ending is Ending.blocked:
            assert new[one.kind.name, one.formerly] == before
            continue
        assert not shows_no_text(before)
        after = new[one.kind.name, one.record_id]
        assert (one.kind.name, one.formerly) not in new
        assert after["attestation"] == before["attestation"]
        for name in set(before) - set(one.body):
            assert is_same(after[name], before[name]), name


@SERVICE
@given(WHICH, HISTORIES)
def test_backup_brings_back_what_was_pruned_keys_included(engines, tmp_path, which, history):
    engine = fresh(engines, which)
    engine.apply(wanted(history[0]))
    old = engine.state()
    backup = tmp_path / f"{uuid4()}.yaml"
    proof = {"type": "x509", "x509": {"caReferences": {"primary": "ca"}}}
    other = Wanted(GROUP, "line-9", {"enrollmentGroupId": "line-9", "attestation": proof})
    plan = engine.plan(fleet_of([other]), prune=True)
    write_backup(plan, engine.collections, str(backup), 1)
    engine.carry_out(plan)
    engine.collections[GROUP.name].delete("line-9", None)
    assert engine.state() == {}

    if old:
        fleet = read_fleet([str(backup)], None, Inputs(engine.run), "2021-10-01")
        fates = engine.carry_out(engine.plan(fleet))
        lost = {key for key, record in old.items() if shows_no_text(record)}
        blocked = {fate.change.key for fate in fates if fate.ending is Ending.blocked}
        new = engine.state()
        assert blocked == lost == set(old) - set(new)
        for key, record in new.items():
            assert not field_changes(KINDS[key[0]], old[key], record, exact=True)
            assert record["attestation"] == old[key]["attestation"]


FAULTS = st.lists(
    st.sampled_from(
        ["reset once on POST /enrollments", "reset twice on PUT", "429 5 times, Retry-After 0",
         "500 once on PUT", "503 twice on POST", "reset once on DELETE", "cut once on PUT",
         "400 once on POST /enrollments", "409 once on PUT", "412 once on PUT",
         "429 once after 3, Retry-After 0"]
    ),
    max_size=3,
)  # fmt: skip


def comparable(state):
    """States without the keys that a service makes itself."""
    found = {}
    for key, one in state.items():
        attestation = one["attestation"]
        symmetric = attestation.get("symmetricKey") or {}
        known = {name: value for name, value in symmetric.items() if value in KEYS}
        found[key] = {**one, "attestation": {**attestation, "symmetricKey": known}}
    return found


@settings(SERVICE, max_examples=15)
@given(FLEETS, FLEETS, FAULTS)
def test_faults_change_nothing_but_the_way(faulty, before, records, faults):
    quiet, engine = faulty
    del quiet
    engine.emulator.reset()
    engine.apply(wanted(before))
    engine.apply(wanted(records), prune=bool(records))
    undisturbed = comparable(engine.state())
    engine.emulator.reset()
    engine.apply(wanted(before))
    engine.emulator.faults.replace(faults)

    for _ in range(5):  # what a fault made fail, to read or to write, is done by the next run
        with suppress(ServiceError):
            engine.apply(wanted(records), prune=bool(records))
    engine.emulator.faults.replace([])
    engine.apply(wanted(records), prune=bool(records))

    assert comparable(engine.state()) == undisturbed

"""Random fleets against emulators of both kinds: what the engine promises, whatever happens."""

import base64
import io
import os
from contextlib import ExitStack, suppress

import pytest
import yaml
from engines import OWNS, Engine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dpsctl.effort import Ending
from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings
from dpsctl.errors import ServiceError
from dpsctl.manifests import reading
from dpsctl.manifests.exporting import Exporter
from dpsctl.manifests.fields import GROUP, INDIVIDUAL, KINDS
from dpsctl.manifests.fleet import Fleet, Wanted
from dpsctl.manifests.inputs import Inputs
from dpsctl.manifests.plan import Action
from dpsctl.manifests.scope import Scope
from dpsctl.manifests.views import plan_view
from dpsctl.manifests.wanted import read_fleet
from dpsctl.payloads.comparison import is_same
from dpsctl.run import Run
from dpsctl.text.values import StandardInput

KEYS = [base64.b64encode(bytes([letter]) * 32).decode() for letter in b"abcd"]
settings.register_profile(
    "service",
    deadline=None,
    max_examples=30,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes minutes of requests
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
SERVICE = settings.get_profile("service")


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


TAGS = st.dictionaries(
    st.sampled_from("ab"), st.sampled_from([1, True, None, "x", [1]]), max_size=2
)


def maybe(value):
    return st.none() | value


def attestations():
    keys = st.fixed_dictionaries(
        {},
        optional={name: st.sampled_from(KEYS) for name in ("primaryKey", "secondaryKey")},
    )
    by_key = st.fixed_dictionaries({"type": st.just("symmetricKey"), "symmetricKey": keys})
    names = st.fixed_dictionaries(
        {"primary": st.sampled_from(["ca-1", "ca-2"])},
        optional={"secondary": maybe(st.sampled_from(["ca-1", "ca-2"]))},
    )
    by_name = st.fixed_dictionaries(
        {"type": st.just("x509"), "x509": st.fixed_dictionaries({"caReferences": names})}
    )
    return by_key | by_name


def bodies():
    return st.fixed_dictionaries(
        {"attestation": attestations()},
        optional={
            "provisioningStatus": maybe(st.sampled_from(["enabled", "disabled"])),
            "capabilities": maybe(st.fixed_dictionaries({"iotEdge": maybe(st.booleans())})),
            "reprovisionPolicy": maybe(
                st.fixed_dictionaries({}, optional={"migrateDeviceData": maybe(st.booleans())})
            ),
            "allocationPolicy": maybe(st.sampled_from(["hashed", "geoLatency"])),
            "iotHubs": maybe(st.lists(st.sampled_from(["a.x", "b.x", "B.x"]), max_size=2)),
            "initialTwin": maybe(st.fixed_dictionaries({}, optional={"tags": maybe(TAGS)})),
            "future": maybe(st.sampled_from([{}, {"x": None}, [], 7])),
        },
    )


def record(kind, record_id):
    return st.tuples(st.just(kind.name), st.just(record_id), bodies(), st.booleans())


IDS = [(GROUP, f"line-{n}") for n in range(3)] + [(INDIVIDUAL, f"pump-{n}") for n in range(5)]
RECORDS = [record(*one) for one in IDS]
# Kinds are named here: hypothesis would write the whole table of fields for each of them.
FLEETS = st.lists(st.sampled_from(range(len(IDS))), unique=True).flatmap(
    lambda chosen: st.tuples(*(RECORDS[index] for index in chosen))
)


def wanted(records, *, exact=True):
    """Make the records that hypothesis has drawn; without *exact* none of them is."""
    return [
        Wanted(
            KINDS[name],
            record_id,
            {KINDS[name].id_field: record_id, **body},
            "f:1",
            exact and is_exact,
        )
        for name, record_id, body, is_exact in records
    ]


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
@given(WHICH, FLEETS, FLEETS)
def test_fields_in_no_file_stay(engines, which, before, records):
    engine = fresh(engines, which)
    engine.apply(wanted(before))
    old = engine.state()
    engine.apply(wanted(records, exact=False))
    new = engine.state()

    for one in wanted(records):
        key = one.kind.name, one.record_id
        for name in set(old.get(key, {})) - set(one.body) - {"attestation"}:
            assert is_same(old[key][name], new[key][name]), name
    assert not set(old) - set(new)


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
    singly = plan_view(engine.plan(fleet_of(wanted(records))))
    few, reading._FEW = reading._FEW, -1
    try:
        by_pages = plan_view(engine.plan(fleet_of(wanted(records))))
    finally:
        reading._FEW = few

    singly["summary"].pop("notOurs")
    by_pages["summary"].pop("notOurs")
    assert singly == by_pages


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


EDITS = {
    "provisioningStatus": st.sampled_from(["enabled", "disabled"]),
    "capabilities": st.just({"iotEdge": True}),
    "initialTwin": TAGS.map(lambda tags: {"tags": tags}),
    "foreign": st.integers(),
    "allocationPolicy": st.sampled_from(["hashed", "geoLatency", "static"]),
}
EDIT = st.sampled_from(sorted(EDITS)).flatmap(lambda name: st.tuples(st.just(name), EDITS[name]))


@SERVICE
@given(FLEETS, FLEETS, EDIT)
def test_edit_by_somebody_else_between_plan_and_write_is_never_lost(engines, before, records, edit):
    engine = fresh(engines, 0)
    there = {(name, record_id) for name, record_id, *_ in before}
    engine.apply(wanted([*before, *(one for one in records if one[:2] not in there)]))
    name, value = edit
    plan = engine.plan(fleet_of(wanted(records, exact=False)))
    for change in plan.feasible:
        if change.action is Action.update:
            collection = engine.collections[change.kind.name]
            collection.update(change.record_id, lambda record: {**record, name: value}, None)
    planned = {
        change.key: {field.path[0] for field in change.fields}
        for change in plan.feasible
        if change.action is Action.update
    }

    fates = {fate.change.key: fate for fate in engine.carry_out(plan)}

    state = {(key[0], key[1].casefold()): one for key, one in engine.state().items()}
    for key, fields in planned.items():
        held, fate = state[key], fates[key]
        if fate.ending is Ending.conflict:
            assert is_same(held.get(name), value)
        else:
            managed = name in dict.fromkeys(fields)
            is_theirs = is_same(held.get(name), value)
            assert is_theirs or managed or name in engine_body(records, key), (key, fate)


def engine_body(records, key):
    return next(one.body for one in wanted(records) if one.key == key)

"""What somebody else does between the plan and the last write: it stands, whenever it is done."""

import os

import pytest
from between import between
from engines import OWNS, Engine
from fleets import FIELDS, HISTORIES, KEYS, OF_INDIVIDUALS, SERVICE, leaves_of, wanted
from hypothesis import event, given, settings
from hypothesis import strategies as st

from dpsctl.effort import Ending
from dpsctl.emulator.server import Emulator
from dpsctl.errors import ServiceError
from dpsctl.manifests.fields import KINDS
from dpsctl.manifests.fleet import Fleet
from dpsctl.manifests.scope import Scope
from dpsctl.payloads.comparison import is_same
from dpsctl.run import Run


@pytest.fixture(scope="module")
def disturbed():
    """An engine with a server in its way, and that of somebody else, who goes straight."""
    with Emulator() as emulator, between(emulator) as server:
        environ = {**os.environ, **emulator.environment}
        server.others = Engine(emulator, Run(environ))
        server.engine = Engine(emulator, Run({**environ, "DPSCTL_ENDPOINT_URL": server.url}))
        yield server


def leaves(kind, record):
    """Every value of a record by its path and field."""
    return {
        (path, field): part
        for path, field, part in leaves_of(kind.fields, record)
        if not field.is_read_only
    }


def changed_by(kind, before, after):
    """What an edit made of which leaves; a leaf that is gone means what null would."""
    old, new = leaves(kind, before), leaves(kind, after)
    found = {leaf: leaf[1].meaning(new.get(leaf)) for leaf in {**old, **new}}
    return {
        leaf: value
        for leaf, value in found.items()
        if not is_same(leaf[1].meaning(old.get(leaf)), value)
    }


KEY_EDITS = st.sampled_from(KEYS).map(lambda key: ("key", key))
EDITS = st.one_of(
    KEY_EDITS,
    *(
        st.tuples(st.just(name), st.none() | values)
        for name, values in {**FIELDS, **OF_INDIVIDUALS, "foreign": st.integers()}.items()
    ),
)


def edited(record, edit):
    """The record as somebody else leaves it."""
    name, value = edit
    attestation = record["attestation"]
    if name == "key" and attestation["type"] == "symmetricKey":
        keys = {**attestation["symmetricKey"], "secondaryKey": value}
        return {**record, "attestation": {**attestation, "symmetricKey": keys}}
    if name == "key":
        return {**record, "foreign": value}
    return {**record, name: value}


def held(engine, kind, record_id):
    return engine.state().get((kind.name, record_id))


@settings(SERVICE, max_examples=40)
@given(HISTORIES, EDITS, st.integers(0, 3), st.integers(0, 7), st.integers(0, 2))
def test_edit_stands_whatever_its_moment_and_what_else_was_planned_is_made(
    disturbed, history, edit, moment, which, left_out
):
    before, records = history
    kind_name, record_id, *_ = before[which % len(before)]
    kind, records = KINDS[kind_name], records[: len(records) - left_out]  # those are pruned
    disturbed.reset()
    others = disturbed.others
    others.emulator.reset()
    others.apply(wanted(before))
    fleet = Fleet(Scope(owns=OWNS), wanted(records))
    plan = disturbed.engine.plan(fleet, prune=bool(records))
    seen, found = [], []

    def in_between(_, body):
        seen.append(body)
        if len(seen) == moment + 1 and (old := held(others, kind, record_id)):
            try:
                collection = others.collections[kind.name]
                collection.update(record_id, lambda one: edited(one, edit), None)
            except ServiceError:  # what the service does not take is no edit
                return body
            found.append((old, held(others, kind, record_id)))
        return body

    disturbed.asked = in_between
    fates = {fate.change.key: fate for fate in disturbed.engine.carry_out(plan)}
    after = held(others, kind, record_id)

    for old, new in found:
        assert after is not None
        theirs = changed_by(kind, old, new)
        now = leaves(kind, after)
        for leaf, value in theirs.items():
            assert is_same(leaf[1].meaning(now.get(leaf)), value), leaf[0]
        fate = fates.get((kind.name, record_id))
        event(f"{fate.ending.value if fate else 'not planned'}, {'edited' if theirs else 'same'}")
    for key, fate in fates.items():
        if key != (kind.name, record_id):
            assert fate.ending not in (Ending.conflict, Ending.unknown), fate.line()

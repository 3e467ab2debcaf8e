"""A saved plan is taken if nothing that it touches has moved, and only then."""

import json
import os

import pytest
from engines import OWNS, Engine
from fleets import FIELDS, HISTORIES, IDS, SERVICE, wanted
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.emulator.server import Emulator
from dpsctl.errors import ServiceError, StalePlan
from dpsctl.manifests.fleet import Fleet
from dpsctl.manifests.plan_file import check_fresh, plan_document, read_plan
from dpsctl.manifests.scope import Scope
from dpsctl.run import Run

ASKED = {"paths": ["fleet"], "root": None, "variables": {}, "prune": False}
WHERE = {"service": "dps.example", "apiVersion": "2021-10-01"}


@pytest.fixture(scope="module")
def engine():
    with Emulator() as emulator:
        yield Engine(emulator, Run({**os.environ, **emulator.environment}))


EDITS = st.one_of(
    st.just(("delete", None)),
    *(st.tuples(st.just(name), values) for name, values in FIELDS.items()),
)


def edit_record(engine, kind, record_id, edit):
    """Do what somebody else does; tell whether the record is another one now."""
    collection, (name, value) = engine.collections[kind.name], edit
    before = next((one for one in collection.list() if one[kind.id_field] == record_id), {})
    try:
        if name == "delete":
            collection.delete(record_id, None)
        else:
            collection.update(record_id, lambda record: {**record, name: value}, None)
    except ServiceError:
        return False
    return not before or name == "delete" or collection.show(record_id)["etag"] != before["etag"]


@SERVICE
@given(HISTORIES, st.none() | st.tuples(st.sampled_from(IDS), EDITS), st.integers(0, 1))
def test_plan_is_fresh_until_something_that_it_touches_moves(engine, history, edit, left_out):
    engine.emulator.reset()
    engine.apply(wanted(history[0]))
    fleet = Fleet(Scope(owns=OWNS), wanted(history[1][left_out:]))
    plan = engine.plan(fleet)
    document = read_plan(json.dumps(plan_document(plan, ASKED, WHERE, {})), "plan.json")
    (kind, record_id), what = edit or (IDS[0], None)
    is_moved = what is not None and edit_record(engine, kind, record_id, what)

    again = engine.plan(fleet)

    key = kind.name, record_id
    touched = key in {change.key for change in (*plan.changes, *again.changes)}
    if is_moved and touched:
        with pytest.raises(StalePlan, match=f"{kind.name} {record_id}: "):
            check_fresh(document, again, WHERE, {})
    else:
        check_fresh(document, again, WHERE, {})

"""What becomes of a change when somebody else was at the record first."""

import base64
import os

import pytest
from between import between
from engines import OWNS, Engine
from werkzeug.wrappers import Response

from dpsctl.errors import Unauthorized
from dpsctl.manifests.carrying_out import CarryingOut
from dpsctl.manifests.fields import GROUP, INDIVIDUAL
from dpsctl.manifests.fleet import Fleet, Wanted
from dpsctl.manifests.plan import plan_of
from dpsctl.manifests.reading import Reading
from dpsctl.manifests.scope import Scope
from dpsctl.manifests.writing import Writer
from dpsctl.run import Run

A, B, C = (base64.b64encode(bytes([letter]) * 32).decode() for letter in b"abc")
BOTH = {"primaryKey": A, "secondaryKey": B}


@pytest.fixture
def engine(signed_in):
    return Engine(signed_in, Run(os.environ))


@pytest.fixture(scope="module")
def in_the_way(running_emulator):
    with between(running_emulator) as server:
        yield server


@pytest.fixture
def way(in_the_way, engine):
    """A server between dpsctl and the emulator, and an engine that asks it."""
    in_the_way.reset()
    in_the_way.engine = Engine(
        engine.emulator, Run({**os.environ, "DPSCTL_ENDPOINT_URL": in_the_way.url})
    )
    return in_the_way


def by_key(**keys):
    return {"type": "symmetricKey", "symmetricKey": keys or BOTH}


def wanted(kind, record_id, formerly=None, **body):
    return Wanted(kind, record_id, {kind.id_field: record_id, **body}, "f:1", formerly=formerly)


def fleet(*records):
    return Fleet(Scope(owns=OWNS), records)


def line(number, **more):
    return wanted(GROUP, f"line-{number}", attestation=by_key(), **more)


def pump(number, **more):
    return wanted(INDIVIDUAL, f"pump-{number}", attestation=by_key(), **more)


def told(fates):
    return [one.line() for one in fates]


def edit(engine, kind, record_id, **changes):
    collection = engine.collections[kind.name]
    collection.update(record_id, lambda record: {**record, **changes}, None)


@pytest.mark.parametrize(("make", "kind"), [(line, GROUP), (pump, INDIVIDUAL)])
def test_managed_field_that_changed_is_a_conflict_and_another_one_stays(engine, make, kind):
    old, new = {"iotHubs": ["hub-1"]}, {"iotHubs": ["hub-2"]}
    policy = {"allocationPolicy": "hashed"}
    engine.apply([make(7, **old, **policy), make(8, **old, **policy)])
    plan = engine.plan(fleet(make(7, **new), make(8, **new)))
    name = "line" if kind is GROUP else "pump"
    edit(engine, kind, f"{name}-7", iotHubs=["hub-3"])
    edit(engine, kind, f"{name}-8", capabilities={"iotEdge": True})

    fates = told(engine.carry_out(plan))

    assert fates == [
        (
            f'conflict {kind.name} {name}-7: iotHubs is ["hub-3"] now, was ["hub-1"] when planned; '
            "not written"
        ),
        f"updated {kind.name} {name}-8",
    ]
    state = engine.state()
    assert state[kind.name, f"{name}-7"]["iotHubs"] == ["hub-3"]
    assert state[kind.name, f"{name}-8"]["capabilities"] == {"iotEdge": True}
    assert state[kind.name, f"{name}-8"]["iotHubs"] == ["hub-2"]


def test_key_that_somebody_rolled_over_meanwhile_is_not_told(engine):
    engine.apply([line(1)])
    plan = engine.plan(fleet(wanted(GROUP, "line-1", attestation=by_key(primaryKey=C))))
    edit(engine, GROUP, "line-1", attestation=by_key(primaryKey=B, secondaryKey=A))

    assert told(engine.carry_out(plan)) == [
        (
            "conflict EnrollmentGroup line-1: attestation.symmetricKey.primaryKey has changed "
            "since this was planned; not written"
        )
    ]


def test_same_change_by_somebody_else_is_no_change(engine):
    engine.apply([line(1), pump(1)])
    plan = engine.plan(fleet(line(1, foo=1), pump(1, foo=1), line(2), pump(2)))
    edit(engine, GROUP, "line-1", foo=1)
    edit(engine, INDIVIDUAL, "pump-1", foo=1)
    engine.apply([line(2), pump(2)])

    assert {fate.ending.value for fate in engine.carry_out(plan)} == {"unchanged"}


def test_record_that_is_there_now_is_not_written_over(engine):
    plan = engine.plan(fleet(line(1, foo=1), pump(1, foo=1)))
    engine.apply([line(1, foo=2), pump(1, foo=2)])

    fates = told(engine.carry_out(plan))

    assert all("it is there now, and was not when this was planned" in one for one in fates)
    assert {one["foo"] for one in engine.state().values()} == {2}


def test_record_that_is_gone_is_not_made_again(engine):
    engine.apply([line(1), pump(1)])
    plan = engine.plan(fleet(line(1, foo=1), pump(1, foo=1)))
    engine.service.groups.delete("line-1", None)
    engine.service.enrollments.delete("pump-1", None)

    fates = told(engine.carry_out(plan))

    assert all("it was deleted since this was planned; not made again" in one for one in fates)
    assert engine.state() == {}


def test_record_that_changed_is_not_deleted_and_one_that_is_gone_needs_not_be(engine):
    engine.apply([line(0), line(1), line(2), pump(1), pump(2)])
    plan = engine.plan(fleet(line(0)), prune=True)
    for kind, name in ((GROUP, "line"), (INDIVIDUAL, "pump")):
        edit(engine, kind, f"{name}-1", foo=1)
        engine.collections[kind.name].delete(f"{name}-2", None)

    fates = {fate.change.record_id: fate.line() for fate in engine.carry_out(plan)}

    for name in ("line-1", "pump-1"):
        assert fates[name].startswith("conflict ")
        assert fates[name].endswith("it has changed since it was planned; not deleted")
    assert fates["line-2"] == "unchanged EnrollmentGroup line-2"
    assert {key[1] for key in engine.state()} == {"line-0", "line-1", "pump-1"}


def test_rename_stops_where_either_name_was_taken_or_changed(engine):
    engine.apply([line(1)])
    new = wanted(GROUP, "line-2", formerly="line-1")
    plan = engine.plan(fleet(new))
    engine.apply([wanted(GROUP, "line-2", attestation=by_key(primaryKey=C))])

    assert (
        "it is there now, and was not when this was planned; run it again"
        in (told(engine.carry_out(plan))[0])
    )
    engine.service.groups.delete("line-2", None)
    plan = engine.plan(fleet(new))
    edit(engine, GROUP, "line-1", foo=1)

    assert told(engine.carry_out(plan)) == [
        (
            "conflict EnrollmentGroup line-2: "
            "line-1 has changed since it was planned; it is still there"
        )
    ]
    assert {key[1] for key in engine.state()} == {"line-1", "line-2"}


@pytest.mark.parametrize("fault", ["reset once on PUT", "reset once on DELETE", "cut once on PUT"])
def test_rename_is_finished_whatever_answer_is_lost(engine, fault):
    engine.apply([line(1, foo=1)])
    engine.emulator.faults.replace([fault])

    fates = engine.apply([wanted(GROUP, "line-2", formerly="line-1")])

    assert told(fates) == ["renamed EnrollmentGroup line-2"]
    engine.emulator.faults.replace([])
    [(key, record)] = engine.state().items()
    assert (key[1], record["foo"], record["attestation"]) == ("line-2", 1, by_key())


def test_record_that_changes_again_and_again_is_left_alone(engine, way):
    engine.apply([line(1)])
    plan = way.engine.plan(fleet(line(1, foo=1)))

    def somebody_is_faster(request, body):
        if request.method == "PUT":
            edit(engine, GROUP, "line-1", count=len(engine.emulator.requests()))
        return body

    way.asked = somebody_is_faster

    assert told(way.engine.carry_out(plan)) == [
        "conflict EnrollmentGroup line-1: it changes again and again; not written"
    ]


def test_saved_plans_writer_writes_over_no_other_version(engine):
    engine.apply([line(1)])
    plan = engine.plan(fleet(line(1, foo=1)))
    edit(engine, GROUP, "line-1", other=1)

    work = CarryingOut(plan, Writer(engine.collections, is_exact=True), engine.run, 1)

    assert told(work.fates()) == [
        "conflict EnrollmentGroup line-1: it has changed since this was planned; not written"
    ]


@pytest.mark.parametrize(("make", "kind"), [(line, GROUP), (pump, INDIVIDUAL)])
def test_record_whose_keys_are_hidden_is_not_written(engine, way, make, kind):
    engine.apply([make(1)])
    plan = way.engine.plan(fleet(wanted(kind, make(1).record_id, foo=1)))
    before = engine.state()
    way.answered = lambda request, answer: (
        {"type": "symmetricKey"} if request.path.endswith("/attestationmechanism") else answer
    )

    [fate] = way.engine.carry_out(plan)

    assert fate.ending.value == "failed"
    assert fate.message == "the service does not show its keys, and would make new ones"
    assert engine.state() == before


def test_keys_that_may_not_be_read_are_told_of_with_the_way_around(engine):
    engine.apply([line(1)])
    engine.emulator.faults.replace(["403 on POST /enrollmentGroups/line-1/attestationmechanism"])

    with pytest.raises(Unauthorized) as refused:
        engine.plan(fleet(line(1)))
    assert "'diff --skip-keys' compares no keys" in refused.value.hint


def test_field_that_the_service_does_not_keep_is_told_of(way):
    def forget(request, body):
        if request.method == "PUT":
            return {name: part for name, part in body.items() if name != "foo"}
        return body

    way.asked = forget

    assert told(way.engine.apply([line(1, foo=1)])) == [
        "created EnrollmentGroup line-1: the service did not keep foo"
    ]


def test_item_that_may_pass_is_sent_again_alone(engine, way):
    sent = []

    def hold_one_back(_, body):
        if body and "mode" in body:
            sent.append([one["registrationId"] for one in body["enrollments"]])
            if len(sent) == 1:
                return {**body, "enrollments": body["enrollments"][1:]}
        return body

    def say_that_it_is_busy(_, answer):
        if len(sent) == 1 and "errors" in answer:
            error = {"registrationId": sent[0][0], "errorCode": 429001, "errorStatus": "busy"}
            return {"isSuccessful": False, "errors": [error]}
        return answer

    way.asked, way.answered = hold_one_back, say_that_it_is_busy

    fates = way.engine.apply([pump(number) for number in range(4)])

    assert {fate.ending.value for fate in fates} == {"created"}
    assert sent == [[f"pump-{number}" for number in range(4)], ["pump-0"]]
    assert len(engine.state()) == 4


def test_field_that_is_gone_is_told_as_absent(engine):
    engine.apply([line(1, bar=1)])
    plan = engine.plan(fleet(line(1, bar=2)))
    engine.collections[GROUP.name].update("line-1", lambda one: without(one, "bar"), None)

    assert told(engine.carry_out(plan)) == [
        "conflict EnrollmentGroup line-1: bar is absent now, was 1 when planned; not written"
    ]


def without(record, name):
    return {field: part for field, part in record.items() if field != name}


def once(status, on, then=lambda: None):
    """Do something at the first request with the method *on*, and answer it with *status*."""
    left = [status]

    def asked(request, body):
        if request.method == on and left:
            then()
            if answer := left.pop():
                return Response("{}", answer, content_type="application/json")
        return body

    return asked


def test_delete_that_was_refused_though_nothing_changed_is_tried_again(engine, way):
    engine.apply([line(0), line(1)])
    plan = way.engine.plan(fleet(line(0)), prune=True)
    way.asked = once(412, "DELETE")

    assert told(way.engine.carry_out(plan)) == ["deleted EnrollmentGroup line-1"]
    assert set(engine.state()) == {(GROUP.name, "line-0")}


def test_write_that_timed_out_is_looked_for(engine, way):
    way.asked = once(408, "PUT")

    assert told(way.engine.apply([line(1)])) == ["created EnrollmentGroup line-1"]
    assert len(engine.state()) == 1


def test_renamed_record_whose_old_one_is_gone_by_then_is_renamed(engine, way):
    engine.apply([line(1)])
    plan = way.engine.plan(fleet(wanted(GROUP, "line-2", formerly="line-1")))
    way.asked = once(None, "PUT", lambda: engine.collections[GROUP.name].delete("line-1", None))

    assert told(way.engine.carry_out(plan)) == ["renamed EnrollmentGroup line-2"]
    assert set(engine.state()) == {(GROUP.name, "line-2")}


def test_item_that_is_refused_fails_alone(engine):
    bad = wanted(INDIVIDUAL, "pump-1", attestation={"type": "tpm", "tpm": {"endorsementKey": A}})

    good, failed = engine.apply([pump(0), bad])

    assert good.line() == "created IndividualEnrollment pump-0"
    assert failed.line().startswith("failed IndividualEnrollment pump-1 (f:1): ")
    assert failed.code == 400004


def test_keys_are_read_some_at_a_time_however_many_there_are():
    count = 1_203
    asked, most = [], []

    class Collection:
        def list(self):
            for n in range(count):
                most.append(n - len(asked))
                yield {"registrationId": f"p{n}", "attestation": {"type": "symmetricKey"}}

        def attestation(self, record_id):
            asked.append(record_id)
            return by_key()

    records = [wanted(INDIVIDUAL, f"p{n}", attestation=by_key()) for n in range(count)]
    reading = Reading({kind.name: Collection() for kind in (GROUP, INDIVIDUAL)}, 2)

    plan = plan_of(Fleet(Scope(), records), reading.records(Fleet(Scope(), records)))

    assert (plan.as_wanted, plan.changes) == (count, ())
    assert sorted(asked) == sorted(f"p{n}" for n in range(count))
    assert max(most) <= 500

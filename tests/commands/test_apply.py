"""What `apply` writes, what it asks leave for, and what it does where something is in the way."""

import base64
import io
import json
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from dpsctl.__main__ import main

A, B, C = (base64.b64encode(bytes([letter]) * 32).decode() for letter in b"abc")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def keys_in_the_environment(monkeypatch):
    for name, key in (("A", A), ("B", B), ("C", C)):
        monkeypatch.setenv(f"KEY_{name}", key)


def write(text, name="f.yaml"):
    Path(name).write_text(text)


def group(group_id, rest="", primary="KEY_A", secondary="KEY_B"):
    return (
        f"- enrollmentGroupId: {group_id}\n  attestation:\n    type: symmetricKey\n"
        f"    symmetricKey:\n      primaryKey: {{$env: {primary}}}\n"
        f"      secondaryKey: {{$env: {secondary}}}\n" + rest
    )


def pumps(count, rest="", first=1):
    return "".join(
        f"- registrationId: pump-{number:04}\n  attestation: {{type: symmetricKey}}\n{rest}"
        for number in range(first, first + count)
    )


def writes(emulator, since=0):
    """The methods and paths of what was written, keys read left out."""
    return [
        (one["method"], one["path"])
        for one in emulator.requests()[since:]
        if one["method"] in ("PUT", "DELETE")
        or (one["method"] == "POST" and one["path"].rpartition("/")[2] == "enrollments")
    ]


def shown(run, noun, record_id):
    flag = "--gid" if noun == "enrollment-group" else "--eid"
    return run(f"{noun} show {flag} {record_id} --show-keys").json


def test_what_is_applied_differs_no_more_and_is_not_written_again(run, emulator):
    write(group("line-4", "  iotHubs: [a.x]\n  allocationPolicy: static\n") + pumps(12))

    ran = run("apply -f f.yaml --yes")

    assert ran.out.splitlines()[-1].startswith("created 13 in ")
    assert writes(emulator) == [
        ("PUT", "/enrollmentGroups/line-4"),
        ("POST", "/enrollments"),
        ("POST", "/enrollments"),
    ]
    before = len(emulator.requests())
    assert run("diff -f f.yaml --exit-code").out == "as wanted 13\n"
    assert run("apply -f f.yaml --yes").out.startswith("as wanted 13 in ")
    assert run("apply -f f.yaml").out.startswith("as wanted 13 in ")  # nobody needs to be asked
    assert writes(emulator, before) == []


def test_fields_that_are_not_written_stay(run):
    run(
        f"enrollment-group create --gid a --primary-key {A} --tags site=eu --iot-hubs x.y "
        "--allocation-policy static --set future.x:=[1]"
    )
    run("enrollment create --eid d --at symmetricKey --device-id e --tags site=eu --set z=1")
    before = [shown(run, "enrollment-group", "a"), shown(run, "enrollment", "d")]
    write(
        "- enrollmentGroupId: a\n  capabilities: {iotEdge: true}\n"
        "- registrationId: d\n  capabilities: {iotEdge: true}\n"
    )

    run("apply -f f.yaml --yes")

    after = [shown(run, "enrollment-group", "a"), shown(run, "enrollment", "d")]
    for old, new in zip(before, after, strict=True):
        assert new["capabilities"] == {"iotEdge": True}
        moving = {"capabilities", "etag", "lastUpdatedDateTimeUtc"}
        assert {n: v for n, v in new.items() if n not in moving} == {
            n: v for n, v in old.items() if n not in moving
        }


def test_keys_roll_over_with_leave_only(run):
    write(group("line-4"))
    run("apply -f f.yaml --yes")
    write(group("line-4", primary="KEY_C", secondary="KEY_A"))

    ran = run("apply -f f.yaml --yes", expect=2)

    assert "    attestation.symmetricKey.primaryKey: *** → *** new, from $env KEY_C" in ran.err
    assert "    attestation.symmetricKey.secondaryKey: *** → *** the old primary" in ran.err
    assert "risk keys: line-4: the old secondary goes" in ran.err
    assert "1 change needs --allow keys; nothing was sent" in ran.err
    assert run("apply -f f.yaml --yes --allow keys").out.splitlines()[-2] == (
        "updated EnrollmentGroup line-4"
    )
    held = shown(run, "enrollment-group", "line-4")["attestation"]["symmetricKey"]
    assert held == {"primaryKey": C, "secondaryKey": A}


def test_certificates_roll_over_in_three_commits(run, certificate_file):
    certificate_file("a.pem", subject="line-6")
    certificate_file("b.pem", subject="line-6")

    def commit(primary, secondary):
        write(
            "enrollmentGroupId: line-6\nattestation:\n  type: x509\n  x509:\n"
            f"    signingCertificates: {{primary: {primary}, secondary: {secondary}}}\n"
        )

    a, b = "{certificate: {$file: a.pem}}", "{certificate: {$file: b.pem}}"
    for step in ((a, "null"), (a, b), (b, a)):
        commit(*step)
        run("apply -f f.yaml --yes")
        assert run("diff -f f.yaml").out == "as wanted 1\n"
    commit(b, "null")

    assert "risk certificates: line-6: .." in run("apply -f f.yaml --yes", expect=2).err
    out = run("apply -f f.yaml --yes --allow certificates").out
    assert "secondary: CN=line-6 (.." in out
    assert run("diff -f f.yaml").out == "as wanted 1\n"


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ("", "1 changes need --yes"),
        ("--yes --allow nope", "--allow nope: no such class"),
        ("--yes --allow all", "--allow all: no such class"),
    ],
)
def test_nothing_is_written_without_leave(run, emulator, flags, told):
    write(group("a"))

    assert told in run(f"apply -f f.yaml {flags}", expect=2).err
    assert writes(emulator) == []


def test_rename_keeps_the_keys_and_what_no_file_names(run):
    run(f"enrollment-group create --gid line-4 --primary-key {A} --tags site=eu --set z=1")
    old = shown(run, "enrollment-group", "line-4")
    device = "enrollment-group compute-device-key --rid d1 -o tsv --gid"
    key = run(f"{device} line-4").out
    write("$formerly: line-4\nenrollmentGroupId: line-5\ncapabilities: {iotEdge: true}\n")

    assert "line-4 → line-5" in run("diff -f f.yaml").out
    ran = run("apply -f f.yaml --yes --allow delete --backup before.yaml")

    new = shown(run, "enrollment-group", "line-5")
    assert "renamed EnrollmentGroup line-5" in ran.out
    assert new["attestation"] == old["attestation"]
    assert (new["z"], new["initialTwin"]) == (old["z"], old["initialTwin"])
    assert run(f"{device} line-5").out == key
    run("enrollment-group show --gid line-4", expect=3)
    assert run("diff -f f.yaml").out.splitlines()[-1] == "as wanted 1"


FLEET = "- $fleet: 1\n  owns: {EnrollmentGroup: [line-*], IndividualEnrollment: [pump-*]}\n"


def test_prune_asks_for_every_class_and_can_be_undone(run, here):
    write(FLEET + pumps(12))
    run("apply -f f.yaml --yes")
    run("enrollment update --eid pump-0012 --provisioning-status disabled")
    run("enrollment create --eid other --at symmetricKey")
    before = [shown(run, "enrollment", f"pump-{n:04}") for n in range(1, 13)]
    write(FLEET + pumps(2))

    ran = run("apply -f f.yaml --prune --yes --allow delete", expect=2)
    assert "10 changes need --allow unblock,many; nothing was sent" in ran.err
    assert "risk unblock: pump-0012: was disabled" in ran.err
    ran = run("apply -f f.yaml --prune --yes --allow delete,unblock --allow many --backup b.yaml")

    assert "deleted 10, as wanted 2 in " in ran.out
    assert (here / "b.yaml").stat().st_mode & 0o777 == 0o600
    assert {one["registrationId"] for one in run("enrollment list").json} == {
        "other",
        "pump-0001",
        "pump-0002",
    }
    run("apply -f b.yaml --yes")
    after = [shown(run, "enrollment", f"pump-{n:04}") for n in range(1, 13)]
    moving = {"etag", "createdDateTimeUtc", "lastUpdatedDateTimeUtc"}
    assert [{n: v for n, v in one.items() if n not in moving} for one in after] == [
        {n: v for n, v in one.items() if n not in moving} for one in before
    ]


def test_backup_is_never_written_over(run, emulator, here):
    run(f"enrollment-group create --gid line-4 --primary-key {A}")
    (here / "b.yaml").write_text("mine")
    write("$formerly: line-4\nenrollmentGroupId: line-5\n")
    before = len(emulator.requests())

    ran = run("apply -f f.yaml --yes --allow delete --backup b.yaml", expect=2)

    assert "--backup b.yaml: exists already" in ran.err
    assert (here / "b.yaml").read_text() == "mine"
    assert writes(emulator, before) == []


def test_keys_that_are_nowhere_else_are_warned_of(run):
    run("enrollment create --eid pump-1 --at symmetricKey")
    write(FLEET + pumps(1))

    ran = run("apply -f f.yaml --yes --prune --allow delete")

    assert "the keys of 1 records are nowhere else; --backup FILE keeps them" in ran.err


def test_refused_batch_is_sent_again_item_by_item(run, emulator):
    emulator.faults.replace(["400 once on POST /enrollments"])
    write(pumps(3))

    ran = run("apply -f f.yaml --yes -o json")

    assert [one["outcome"] for one in ran.json] == ["created"] * 3
    assert writes(emulator) == [("POST", "/enrollments")] * 4


def test_what_fails_is_told_and_deletes_wait_for_another_run(run, emulator):
    write(FLEET + pumps(2, first=90))
    run("apply -f f.yaml --yes")
    emulator.faults.replace(["400 on PUT /enrollmentGroups"])
    write(FLEET + pumps(3) + group("line-1"))

    ran = run("apply -f f.yaml --yes --prune --allow delete", expect=9)

    assert "failed EnrollmentGroup line-1 (f.yaml:" in ran.out
    assert "withheld IndividualEnrollment pump-0090: deletes wait until all else is done" in ran.out
    assert "created 3, failed 1, withheld 2 in " in ran.out
    emulator.faults.replace([])
    assert "created 1, deleted 2, as wanted 3 in " in (
        run("apply -f f.yaml --yes --prune --allow delete").out
    )


def test_once_nobody_is_let_in_nothing_more_is_sent(run, emulator):
    write(pumps(200))
    emulator.faults.replace(["403 after 2 on POST /enrollments"])  # one page and one batch

    ran = run("apply -f f.yaml --yes --parallel 1", expect=9)

    assert "created 10, not-sent 190 in " in ran.out
    assert len(writes(emulator)) == 2
    emulator.faults.replace(["403 after 2 on POST /enrollments"])
    assert "created 10, not-sent 180, as wanted 10" in (
        run("apply -f f.yaml --yes --parallel 1", expect=9).out
    )


def test_exit_code_is_that_of_the_refusal_where_nothing_was_written(run, emulator):
    write(group("line-1"))
    emulator.faults.replace(["403 on PUT"])

    assert "403" in run("apply -f f.yaml --yes", expect=4).err


def test_answers_that_are_lost_are_looked_for(run, emulator):
    emulator.faults.replace(["reset 3 times on POST /enrollments", "reset once on PUT"])
    write(group("line-1") + pumps(40))

    ran = run("apply -f f.yaml --yes -o json")

    assert {one["outcome"] for one in ran.json} == {"created"}
    emulator.faults.replace([])
    assert run("diff -f f.yaml").out == "as wanted 41\n"


def test_throttled_requests_cost_no_object(run, emulator):
    emulator.faults.replace(["429 9 times after 1, Retry-After 0"])
    write(pumps(30))

    ran = run("apply -f f.yaml --yes -o json --retries 0")

    assert [one["outcome"] for one in ran.json] == ["created"] * 30
    emulator.faults.replace([])
    assert run("diff -f f.yaml").out == "as wanted 30\n"


def test_dry_run_shows_the_writes_and_sends_none(run, emulator):
    run(f"enrollment-group create --gid line-2 --primary-key {A}")
    write(group("line-1") + "- enrollmentGroupId: line-3\n  $formerly: line-2\n" + pumps(11))
    before = len(emulator.requests())

    ran = run("apply -f f.yaml --dry-run")

    methods = [(one["method"], one["url"].partition("?")[0].rpartition("/")[2]) for one in ran.json]
    assert methods == [
        ("PUT", "line-1"),
        ("POST", "enrollments"),
        ("POST", "enrollments"),
        ("PUT", "line-3"),
        ("DELETE", "line-2"),
    ]
    assert writes(emulator, before) == []
    assert A not in ran.out


def test_deadline_tells_what_was_under_way_and_that_it_is_over(run, emulator):
    emulator.faults.replace(["latency 3s on POST /enrollments"])
    write(pumps(60))

    ran = run("apply -f f.yaml --yes --parallel 2 --deadline 1s -o jsonl", expect=7)

    outcomes = [json.loads(line)["outcome"] for line in ran.out.splitlines()]
    assert outcomes == ["unknown"] * 20 + ["not-sent"] * 40
    assert "--deadline: the 1 seconds are over" in ran.err
    while len(writes(emulator)) < 2:  # the emulator is done with both before another test begins
        time.sleep(0.05)


def test_service_without_room_is_warned_of_and_deletes_can_make_it(run):
    proof = "  attestation: {type: symmetricKey}\n"
    scope = "- $fleet: 1\n  owns: {EnrollmentGroup: [g*]}\n  limits: {percent: 100}\n"

    def groups(numbers):
        write(scope + "".join(f"- enrollmentGroupId: g{n:03}\n{proof}" for n in numbers))

    groups(range(100))
    assert "takes 100" not in run("apply -f f.yaml --yes").err
    groups(range(3, 103))

    told = "there will be 103 groups by symmetricKey, and a service takes 100"
    assert f"{told} (--delete-first makes room)" in run("diff -f f.yaml --prune").err
    ran = run("apply -f f.yaml --prune --yes --allow delete --delete-first")
    assert "takes 100" not in ran.err
    assert "created 3, deleted 3, as wanted 97 in " in ran.out


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def at_a_terminal(monkeypatch, signed_in):  # noqa: ARG001 - it sets the environment
    """Run a command line as somebody at a terminal, who types an answer."""

    def typing(line, answer):
        stdin = io.TextIOWrapper(io.BytesIO(answer.encode() + b"\n"))
        stdin.isatty = lambda: True
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stderr", Terminal())
        return main(line.split()), sys.stderr.getvalue()

    return typing


@pytest.mark.parametrize(("answer", "code"), [("yes", 0), ("y", 130), ("", 130), ("1", 130)])
def test_at_a_terminal_the_plan_is_shown_and_asked_about(at_a_terminal, emulator, answer, code):
    write(group("line-1", "  provisioningStatus: disabled\n"))

    ended, err = at_a_terminal("apply -f f.yaml", answer)

    assert ended == code
    assert "+ EnrollmentGroup line-1" in err
    assert "Type yes to make these changes" in err
    assert bool(writes(emulator)) is (code == 0)


def test_number_of_objects_is_asked_for_where_many_lose_something(at_a_terminal, run, emulator):
    write("".join(group(f"g{n}") for n in range(10)))
    run("apply -f f.yaml --yes")
    write("".join(group(f"g{n}", "  provisioningStatus: disabled\n") for n in range(10)))
    before = len(emulator.requests())

    assert at_a_terminal("apply -f f.yaml", "yes")[0] == 130
    assert writes(emulator, before) == []
    assert at_a_terminal("apply -f f.yaml", "10")[0] == 0
    assert len(writes(emulator, before)) == 10


def test_restrictions_come_first_and_deletions_last(run):
    write(FLEET + group("line-1") + pumps(1, first=80))
    run("apply -f f.yaml --yes")
    write(
        FLEET
        + group("line-2")
        + pumps(1)
        + pumps(1, "  provisioningStatus: disabled\n", first=2)
        + group("line-1", "  provisioningStatus: disabled\n")
    )

    ran = run("apply -f f.yaml --yes --prune --allow disable,delete -o json --parallel 1")

    assert [(one["id"], one["outcome"]) for one in ran.json] == [
        ("pump-0002", "created"),
        ("line-1", "updated"),
        ("line-2", "created"),
        ("pump-0001", "created"),
        ("pump-0080", "deleted"),
    ]


def test_type_of_attestation_is_replaced_with_leave(run):
    write(group("line-1"))
    run("apply -f f.yaml --yes")
    write(
        "enrollmentGroupId: line-1\nattestation: {type: x509, x509: {caReferences: "
        "{primary: ca}}}\n"
    )

    assert "needs --allow replace,keys" in run("apply -f f.yaml --yes", expect=2).err
    assert "replaced EnrollmentGroup line-1" in (
        run("apply -f f.yaml --yes --allow replace,keys").out
    )
    assert run("diff -f f.yaml").out == "as wanted 1\n"


def test_type_that_cannot_be_written_over_is_left_as_it_is(run, emulator):
    write(group("line-1", "  foo: 1\n"))
    run("apply -f f.yaml --yes")
    emulator.faults.replace(["400 once on PUT"])
    write(
        "enrollmentGroupId: line-1\nattestation: {type: x509, x509: {caReferences: "
        "{primary: ca}}}\n"
    )
    before = len(emulator.requests())

    ran = run("apply -f f.yaml --yes --allow replace,keys", expect=9)

    assert "failed EnrollmentGroup line-1 (f.yaml:1): " in ran.out
    assert [method for method, _ in writes(emulator, before)] == ["PUT"]
    held = shown(run, "enrollment-group", "line-1")["attestation"]["symmetricKey"]
    assert held == {"primaryKey": A, "secondaryKey": B}


def test_results_come_as_json_lines(run):
    write(pumps(2))

    lines = run("apply -f f.yaml --yes -o jsonl").out.splitlines()

    assert [json.loads(line) for line in lines] == [
        {
            "kind": "IndividualEnrollment",
            "id": f"pump-000{number}",
            "action": "create",
            "outcome": "created",
            "at": f"f.yaml:{2 * number - 1}",
        }
        for number in (1, 2)
    ]


def test_no_more_is_asked_than_has_to_be(run, emulator):
    """What the benchmark counts of 10,000, counted of 250."""
    write(
        "$each: p.csv\nregistrationId: {$column: id}\nattestation: {type: symmetricKey}\n"
        "initialTwin: {tags: {rack: {$column: rack, as: integer}}}\n"
    )

    def asked(changed=None):
        rows = [f"p{n:03},{9 if n == changed else 1}\n" for n in range(250)]
        write("id,rack\n" + "".join(rows), "p.csv")
        before = len(emulator.requests())
        run("apply -f f.yaml --yes -o none")
        made = emulator.requests()[before:]
        return Counter(one["path"].rpartition("/")[2] for one in made)

    assert asked() == {"query": 1, "enrollments": 25}
    assert asked() == {"query": 3}
    assert asked(changed=77) == {"query": 3, "attestationmechanism": 1, "enrollments": 1}


def test_many_changes_are_counted_not_listed(run):
    write("$each: p.csv\nregistrationId: {$column: id}\nattestation: {type: symmetricKey}\n")
    write("id\n" + "".join(f"p{n:03}\n" for n in range(30)), "p.csv")

    out = run("apply -f f.yaml --yes").out.splitlines()

    assert out[0].startswith("+ 30 IndividualEnrollment p000, p001, ..., p029")
    assert out[-1].startswith("created 30 in ")
    assert len(out) < 8


def test_what_became_of_it_can_stand_in_a_comment(run):
    write(group("line-1"))

    out = run("apply -f f.yaml --yes -o markdown").out.splitlines()

    assert (out[0], out[-1]) == ("```text", "```")
    assert "created EnrollmentGroup line-1" in out

"""`enrollment create --from`: many enrollments from a file, against the emulator."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

KEY = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="
ENDORSEMENT_KEY = (Path(__file__).parents[2] / "data" / "endorsement-key.txt").read_text().strip()
PACE = 0.25  # seconds an answer takes, where time is measured
CREATE = "enrollment create --at symmetricKey -o jsonl --retries 2"


@pytest.fixture
def create(run, tmp_path):
    """Write *rows* to a file, make enrollments of it, and return the results a row."""

    def create(rows, flags="", *, expect=0, name="devices.csv"):
        path = tmp_path / name
        path.write_text(rows, encoding="utf-8")
        ran = run(f"{CREATE} --from {path} {flags}", expect=expect)
        return [json.loads(line) for line in ran.out.splitlines()]

    return create


def statuses(results):
    return [(one["line"], one.get("registrationId"), one["status"]) for one in results]


def csv_of(count):
    return "registrationId,deviceId\n" + "".join(f"d{n},pump-{n}\n" for n in range(count))


def test_every_row_becomes_an_enrollment_ten_a_call(create, run, emulator):
    results = create(csv_of(23))

    calls = [one for one in emulator.service.log.entries() if one["method"] == "POST"]
    listed = run("enrollment list").json
    assert [len(one["body"]["enrollments"]) for one in calls] == [10, 10, 3]
    assert statuses(results)[22] == (24, "d22", "created")
    assert {one["registrationId"]: one["deviceId"] for one in listed} == {
        f"d{n}": f"pump-{n}" for n in range(23)
    }


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(
            "eid,device-id,tags,iot-hubs,allocation-policy,edge-enabled,pk\n"
            f'd1,pump-1,site=eu,"hub-1.azure-devices.net",HASHED,true,{KEY}\n',
            id="csv by flags",
        ),
        pytest.param(
            "registrationId,deviceId,initialTwin.tags.site,iotHubs,allocationPolicy,"
            "capabilities.iotEdge,attestation.symmetricKey.primaryKey\n"
            f"d1,pump-1,eu,hub-1.azure-devices.net,hashed,true,{KEY}\n",
            id="csv by fields",
        ),
        pytest.param(
            json.dumps(
                {
                    "enrollment-id": "d1",
                    "device-id": "pump-1",
                    "tags": {"site": "eu"},
                    "iot-hubs": ["hub-1.azure-devices.net"],
                    "allocation-policy": "hashed",
                    "edge-enabled": True,
                    "primary-key": KEY,
                }
            ),
            id="json by flags",
        ),
        pytest.param(
            "\ufeff"
            + json.dumps(
                {
                    "registrationId": "d1",
                    "deviceId": "pump-1",
                    "initialTwin": {"tags": {"site": "eu"}},
                    "iotHubs": ["hub-1.azure-devices.net"],
                    "allocationPolicy": "hashed",
                    "capabilities": {"iotEdge": True},
                    "attestation": {"type": "symmetricKey", "symmetricKey": {"primaryKey": KEY}},
                    "etag": "is the service's",
                    "provisioningStatus": None,
                }
            ),
            id="json by fields, with a byte order mark",
        ),
    ],
)
def test_values_are_named_as_flags_or_as_fields(create, run, rows):
    create(rows)

    shown = run("enrollment show --eid d1 --show-keys").json
    assert shown["deviceId"] == "pump-1"
    assert shown["initialTwin"] == {"tags": {"site": "eu"}}
    assert shown["iotHubs"] == ["hub-1.azure-devices.net"]
    assert shown["allocationPolicy"] == "hashed"
    assert shown["capabilities"] == {"iotEdge": True}
    assert shown["attestation"]["symmetricKey"]["primaryKey"] == KEY


def test_rows_are_laid_over_what_the_flags_say(create, run):
    rows = f"eid,attestation-type,ek,tags\nd1,,,\nd2,tpm,{ENDORSEMENT_KEY},site=us\n"

    create(rows, "--tags site=eu --set iotHubHostName=h")

    first, second = (run(f"enrollment show --eid {name}").json for name in ("d1", "d2"))
    assert (first["attestation"]["type"], first["initialTwin"]["tags"]["site"]) == (
        "symmetricKey",
        "eu",
    )
    assert (second["attestation"]["type"], second["initialTwin"]["tags"]["site"]) == ("tpm", "us")
    assert second["iotHubHostName"] == "h"


def test_certificates_come_from_files_or_stand_in_the_row(create, run, issue):
    one, two = issue("d1"), issue("d2")
    rows = [
        {"eid": "d1", "at": "x509", "certificate-path": str(one.path)},
        {
            "registrationId": "d2",
            "attestation": {
                "type": "x509",
                "x509": {
                    "clientCertificates": {
                        "primary": {"certificate": two.path.read_text(), "info": {"version": 3}}
                    }
                },
            },
        },
    ]

    create("\n".join(map(json.dumps, rows)))

    for name in ("d1", "d2"):
        shown = run(f"enrollment show --eid {name}").json
        primary = shown["attestation"]["x509"]["clientCertificates"]["primary"]
        assert primary["info"]["subjectName"] == f"CN={name}"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        pytest.param("d!,", "'!'", id="no id"),
        pytest.param(",x", "--enrollment-id", id="id missing"),
        pytest.param("d2,x,y", "3 cells", id="cell too many"),
        pytest.param("d2", "1 cells", id="cell missing"),
        pytest.param('d2,"x', "CSV", id="open quote"),
    ],
)
def test_bad_row_is_named_by_file_and_line_and_stops_no_other(create, tmp_path, row, problem):
    results = create(f"eid,device-id\nd1,x\n{row}\n", expect=9)

    assert statuses(results)[0] == (2, "d1", "created")
    assert results[1]["status"] == "failed"
    assert results[1]["message"].startswith(f"{tmp_path}/devices.csv:3: ")
    assert problem in results[1]["message"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        pytest.param("{oops", "column 2", id="no json"),
        pytest.param("[1]", "object", id="no object"),
        pytest.param('{"eid": 7}', "no text", id="number for a text"),
        pytest.param('{"eid": "d2", "at": "password"}', "none of", id="unknown word"),
        pytest.param('{"eid": "d2", "devceId": "x"}', "devceId", id="unknown field"),
        pytest.param('{"eid": "d2", "pk": "short"}', "--primary-key", id="no key"),
        pytest.param('{"eid": "d2", "ek": "YQ=="}', "does not fit", id="flag of another type"),
        pytest.param('{"eid": "d2", "set": ["registrationId=x"]}', "registrationId", id="the id"),
        pytest.param('{"eid": "d2", "eid": "d3"}', "twice", id="key twice"),
    ],
)
def test_bad_json_row_is_reported(create, row, problem):
    results = create(f'{{"eid": "d1"}}\n\n{row}\n', expect=9)

    assert statuses(results)[0] == (1, "d1", "created")
    assert (results[1]["line"], results[1]["status"]) == (3, "failed")
    assert problem in results[1]["message"]


def test_failures_are_told_where_results_are_not_shown(run, tmp_path):
    path = tmp_path / "devices.csv"
    path.write_text("eid,initialTwin.tags:=\nd1,5\n" + "d!,\n" * 12)

    ran = run(f"enrollment create --at symmetricKey -o none --from {path}", expect=9)

    of_service, first, *_, tenth, rest, summary = ran.err.splitlines()
    assert of_service.startswith(f"dpsctl: {path}:2: ")
    assert first.startswith(f"dpsctl: {path}:3: ")
    assert tenth.startswith(f"dpsctl: {path}:11: ")
    assert summary == f"dpsctl: {path}: 3 more lines are refused"
    assert rest == f"warning: {path}: 13 of 13 rows failed"
    assert ran.out == ""


def test_row_that_is_not_utf8_is_reported(run, tmp_path):
    path = tmp_path / "devices.csv"
    path.write_bytes(b"eid,device-id\nd1,caf\xe9\nd2,x\n")

    ran = run(f"{CREATE} --from {path}", expect=9)

    results = [json.loads(line) for line in ran.out.splitlines()]
    assert "UTF-8" in results[0]["message"]
    assert results[1]["status"] == "created"


@pytest.mark.parametrize(
    ("header", "named"),
    [
        pytest.param("eid,devceId", "devceId", id="unknown column"),
        pytest.param("eid,device-id,device-id", "device-id", id="column twice"),
        pytest.param("eid,deviceId,deviceId:=", "deviceId", id="column twice, once of JSON"),
    ],
)
def test_bad_header_stops_everything_before_anything_is_sent(run, tmp_path, header, named):
    path = tmp_path / "devices.csv"
    path.write_text(f"{header}\nd1,x,y\n")

    ran = run(f"{CREATE} --from {path}", expect=2)

    assert named in ran.err
    assert run("enrollment list").json == []


def test_what_the_service_refuses_is_reported_by_row(create):
    results = create("eid,iotHubHostName,initialTwin.tags:=\nd1,,\nd2,,5\n", expect=9)

    assert [one["status"] for one in results] == ["created", "failed"]


def test_running_again_changes_nothing_and_says_so(create, run):
    create(csv_of(3))
    before = run("enrollment list --show-keys").out

    again = create(csv_of(4), expect=9)
    skipped = create(csv_of(4), "--if-exists skip")

    assert [one["status"] for one in again] == ["exists", "exists", "exists", "created"]
    assert [one["status"] for one in skipped] == ["exists"] * 4
    assert json.loads(before) == run("enrollment list --show-keys").json[:3]


def test_updating_what_exists_keeps_its_keys(create, run):
    create(csv_of(2))
    before = run("enrollment show --eid d1 --show-keys").json

    results = create("eid,device-id\nd1,valve-1\n", "--if-exists update")

    after = run("enrollment show --eid d1 --show-keys").json
    assert [one["status"] for one in results] == ["updated"]
    assert after["deviceId"] == "valve-1"
    assert after["attestation"] == before["attestation"]


def test_one_id_twice_is_made_once(create):
    results = create("eid,device-id\nd1,x\nD1,y\n", expect=9)

    assert [one["status"] for one in results] == ["created", "exists"]


def test_lost_answer_is_looked_up_instead_of_guessed(create, emulator):
    emulator.faults.replace(["reset once on POST /enrollments"])

    results = create(csv_of(3))

    assert [one["status"] for one in results] == ["created"] * 3


def test_batch_that_never_arrived_is_sent_again(create, emulator):
    emulator.faults.replace(["503 once on POST /enrollments"])

    results = create(csv_of(3))

    assert [one["status"] for one in results] == ["created"] * 3


def test_others_record_is_not_claimed_after_a_lost_answer(create, run, emulator):
    run("enrollment create --eid d1 --at symmetricKey -d valve-1")
    emulator.faults.replace(["reset once on POST /enrollments"])

    results = create(csv_of(3), expect=9)

    assert [one["status"] for one in results] == ["created", "exists", "created"]


def test_throttling_is_obeyed(create, emulator):
    emulator.faults.replace(["429 twice on POST /enrollments, Retry-After 0"])

    results = create(csv_of(3))

    assert [one["status"] for one in results] == ["created"] * 3


def test_stopping_says_how_far_it_came(run, emulator, tmp_path):
    path = tmp_path / "devices.csv"
    path.write_text(csv_of(25))
    emulator.faults.replace(["403 after 1 on POST /enrollments"])

    ran = run(f"{CREATE} --from {path}", expect=4)

    assert len(ran.out.splitlines()) == 10
    assert "done up to line 11: 10 created" in ran.err
    assert "lines 12 to 21 were being sent" in ran.err
    assert "--if-exists skip" in ran.err


@pytest.fixture
def creating(signed_in):  # noqa: ARG001 - it sets the environment
    """Start a dpsctl that makes enrollments of what the test writes to it."""
    command = [sys.executable, "-m", "dpsctl", *CREATE.split(), "--from", "-"]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, text=True, **pipes) as process:
        yield process
        process.kill()


def test_results_come_before_the_input_ends(creating):
    creating.stdin.write(csv_of(11))
    creating.stdin.flush()

    results = [json.loads(creating.stdout.readline()) for _ in range(10)]

    assert statuses(results)[9] == (11, "d9", "created")
    rest, _ = creating.communicate(timeout=30)
    assert statuses([json.loads(rest)]) == [(12, "d10", "created")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_it_with_how_far_it_came(creating, emulator, number):
    emulator.faults.replace(["latency 20s after 1 on POST /enrollments"])
    creating.stdin.write(csv_of(21))
    creating.stdin.flush()
    for _ in range(10):
        creating.stdout.readline()

    creating.send_signal(number)

    _, told = creating.communicate(timeout=15)
    assert creating.returncode == 128 + number
    assert "done up to line 11: 10 created" in told
    assert "Traceback" not in told


def test_dry_run_shows_every_call_and_sends_none(run, tmp_path):
    path = tmp_path / "devices.csv"
    path.write_text(csv_of(11))
    assert run(f"{CREATE} --from {path} --dry-run").err == ""
    path.write_text(csv_of(11) + "d!,x\n")

    ran = run(f"{CREATE} --from {path} --dry-run", expect=9)

    calls = [json.loads(line) for line in ran.out.splitlines()]
    assert [len(call["body"]["enrollments"]) for call in calls[:2]] == [10, 1]
    assert calls[2]["line"] == 13
    assert run("enrollment list").json == []


def test_list_can_be_read_back_from_standard_input(run):
    run("enrollment create --eid d1 --at symmetricKey -d pump-1 --tags site=eu")
    exported = run("enrollment list --show-keys -o jsonl").out
    before = json.loads(exported)
    run("enrollment delete --eid d1")

    run("enrollment create --from - -o jsonl", stdin=exported)

    after = run("enrollment show --eid d1 --show-keys").json
    own = {"etag", "createdDateTimeUtc", "lastUpdatedDateTimeUtc"}
    assert {name: after[name] for name in before.keys() - own} == {
        name: before[name] for name in before.keys() - own
    }


def test_from_and_an_id_exclude_each_other(run, tmp_path):
    path = tmp_path / "devices.csv"
    path.write_text("eid\nd1\n")

    ran = run(f"{CREATE} --from {path} --eid d2", expect=2)

    assert "--from" in ran.err


def test_missing_file_is_named(run):
    ran = run(f"{CREATE} --from gone.csv", expect=2)

    assert "--from gone.csv" in ran.err


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("", "is empty"),
        ("\n\n", "has no rows"),
        ("eid;device-id\n", "has no rows"),
        ("[]", "has no rows"),
    ],
)
def test_file_with_nothing_in_it_makes_nothing_and_says_so(run, tmp_path, rows, said):
    path = tmp_path / "devices.csv"
    path.write_text(rows)

    ran = run(f"{CREATE} --from {path}")

    assert (ran.out, ran.err) == ("", f"warning: {path} {said}: nothing was made\n")


SPREADSHEET = "enrollment-id;initial-twin-tags;attestation.type\r\nd1;site=eu;symmetricKey\r\n"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(SPREADSHEET.encode("utf-8-sig"), id="semicolons"),
        pytest.param(SPREADSHEET.replace(";", "\t").encode("utf-16"), id="unicode text"),
        pytest.param(f"sep=;\r\n{SPREADSHEET}".encode(), id="separator said"),
        pytest.param(SPREADSHEET.replace("\r\n", "\r").encode(), id="macintosh"),
        pytest.param(
            b'[\n  {"registrationId": "d1",\n   "tags": {"site": "eu"}, "at": "symmetricKey"}\n]',
            id="array",
        ),
        pytest.param(
            b'{\n  "registrationId": "d1",\n  "tags": {"site": "eu"}, "at": "symmetricKey"\n}\n',
            id="one object",
        ),
    ],
)
def test_file_may_be_what_spreadsheets_and_programs_write(run, tmp_path, data):
    path = tmp_path / "devices"
    path.write_bytes(data)

    run(f"enrollment create --from {path} -o none")

    assert run("enrollment show --eid d1").json["initialTwin"]["tags"] == {"site": "eu"}


def test_columns_of_json_are_read_as_json(create, run):
    create('eid;initialTwin.tags.rack:=\nd1;"{""n"": 7}"\nd2;\n')

    assert run("enrollment show --eid d1").json["initialTwin"]["tags"] == {"rack": {"n": 7}}
    assert "initialTwin" not in run("enrollment show --eid d2").json


def test_results_are_a_table_on_request(run, tmp_path):
    path = tmp_path / "devices.csv"
    path.write_text("eid\nd1\n")

    ran = run(f"{CREATE} -o table --from {path}")

    assert ran.out.splitlines()[0].split() == ["Line", "Enrollment", "Status", "Code", "Message"]


def test_calls_travel_together_and_results_keep_the_order_of_the_file(run, emulator, tmp_path):
    ids = [f"d{number:03}" for number in range(120)]
    again = ["D000", "d001"]  # far behind the first ones, and near to each other
    path = tmp_path / "devices.csv"
    path.write_text("\n".join(["registrationId", *ids, *again, "bad id", "D001"]), "utf-8")
    emulator.faults.replace([f"latency {PACE}s"])
    line = f"enrollment create --from {path} --at symmetricKey --if-exists skip --parallel 8"

    began = time.monotonic()
    ran = run(f"{line} -o jsonl", expect=9)
    took = time.monotonic() - began

    emulator.faults.replace([])
    results = [json.loads(each) for each in ran.out.splitlines()]
    assert [one.get("registrationId") for one in results] == [*ids, *again, None, "D001"]
    assert [one["line"] for one in results] == list(range(2, len(results) + 2))
    assert {one["status"] for one in results[:120]} == {"created"}
    assert [one["status"] for one in results[120:]] == ["exists", "exists", "failed", "exists"]
    assert took < 13 * PACE  # one after the other they are 14 calls


def test_what_cannot_be_read_comes_after_what_was_done_before(run, tmp_path):
    path = tmp_path / "devices.jsonl"
    rows = [json.dumps({"registrationId": f"d{number}"}) for number in range(40)]
    path.write_text("\n".join([*rows, '{"registrationId": ']), "utf-8")

    ran = run(f"enrollment create --from {path} --at symmetricKey --parallel 4 -o jsonl", expect=9)

    assert ran.out.count('"created"') == 40
    assert len(run("enrollment list").json) == 40

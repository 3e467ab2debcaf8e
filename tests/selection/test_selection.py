"""Many records with one command: which are meant, who agrees to it, and what became of each."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

PACE = 0.25  # seconds an answer takes: long beside the start of eight threads


def make_groups(emulator, count, **fields):
    emulator.seed(
        {
            "enrollmentGroups": [
                {
                    "enrollmentGroupId": f"g{number:02}",
                    "attestation": {"type": "symmetricKey"},
                    "initialTwin": {"tags": {"site": "eu" if number % 2 else "us"}},
                    **fields,
                }
                for number in range(count)
            ]
        }
    )


def ago(days):
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.1234567Z")


def make_registrations(emulator, ages, group="g00", **fields):
    emulator.seed(
        {
            "registrations": [
                {
                    "registrationId": f"{group}-d{number}",
                    "enrollmentGroupId": group,
                    "lastUpdatedDateTimeUtc": ago(days),
                    **fields,
                }
                for number, days in enumerate(ages)
            ]
        }
    )


def statuses(run):
    return {
        group["enrollmentGroupId"]: group.get("provisioningStatus")
        for group in run("enrollment-group list").json
    }


def sent(emulator, method):
    return [one["path"] for one in emulator.requests() if one["method"] == method]


def most_at_once(requests):
    """How many were under way at one time; the log has their ends, and how long they took."""
    ends = [datetime.fromisoformat(one["timestampUtc"]) for one in requests]
    spans = [
        (end - timedelta(milliseconds=one["ms"]), end)
        for one, end in zip(requests, ends, strict=True)
    ]
    return max(sum(begun <= moment < end for begun, end in spans) for moment, _ in spans)


def test_groups_of_one_tag_are_disabled_in_the_time_of_fifteen_requests(run, emulator):
    make_groups(emulator, 60)
    emulator.faults.replace([f"latency {PACE}s"])
    line = "enrollment-group update --ps disabled --yes --parallel 8 -o jsonl --where"

    before = len(emulator.requests())
    ran = run([*line.split(), "initialTwin.tags.site=='eu'"])

    emulator.faults.replace([])
    asked = emulator.requests()[before:]
    assert len(asked) <= 15 * 8
    assert most_at_once(asked) == 8
    results = [json.loads(each) for each in ran.out.splitlines()]
    assert results == [
        {"enrollmentGroupId": f"g{number:02}", "status": "updated"} for number in range(1, 60, 2)
    ]
    assert re.fullmatch(r"updated 30 in \d+\.\d s\n", ran.err)
    assert statuses(run) == {
        f"g{number:02}": "disabled" if number % 2 else None for number in range(60)
    }


def test_keys_and_all_else_stay_when_many_are_changed(run, emulator):
    make_groups(emulator, 3, iotHubs=["a.b.net"], allocationPolicy="static")
    before = run("enrollment-group list --show-keys").json

    run("enrollment-group update --all --ps disabled --yes")

    moving = ("etag", "lastUpdatedDateTimeUtc")
    for old, new in zip(before, run("enrollment-group list --show-keys").json, strict=True):
        assert new.pop("provisioningStatus") == "disabled"
        assert {n: v for n, v in new.items() if n not in moving} == {
            n: v for n, v in old.items() if n not in moving
        }


def test_ids_are_taken_in_their_order_and_once(run, emulator, tmp_path):
    make_groups(emulator, 4)
    (tmp_path / "ids").write_text("g01\n\nG03\n")

    ran = run(
        "enrollment-group update --gid g03 g00 --gid g01 --ps disabled --yes "
        f"--ids-from {tmp_path / 'ids'}"
    )

    assert [each["enrollmentGroupId"] for each in ran.json] == ["g03", "g00", "g01"]


def test_ids_come_from_standard_input_or_from_a_column(run, emulator):
    make_groups(emulator, 3)
    line = "enrollment-group update --ps disabled --yes --ids-from -"

    run(line, stdin="g00\n")
    run(f"{line} --id-field name", stdin="site,name\neu,g01\n")
    listed = run("enrollment-group list -o jsonl --top 3").out
    again = run(f"{line} --id-field enrollmentGroupId", stdin=listed)

    assert [each["status"] for each in again.json] == ["unchanged", "unchanged", "updated"]
    assert again.err.startswith("updated 1, unchanged 2 in ")


def test_what_is_as_wanted_is_not_written_and_what_fails_is_told(run, emulator):
    make_groups(emulator, 3)
    run("enrollment-group update --gid g01 --ps disabled")
    before = len(sent(emulator, "PUT"))

    ran = run("enrollment-group update --gid g00 g01 nowhere --ps disabled --yes", expect=9)

    assert [each["status"] for each in ran.json] == ["updated", "unchanged", "failed"]
    assert ran.json[2]["errorCode"] == 404202
    assert ran.err.startswith("updated 1, unchanged 1, failed 1 in ")
    assert len(sent(emulator, "PUT")) == before + 1


def test_more_than_one_needs_yes_where_nobody_can_be_asked(run, emulator):
    make_groups(emulator, 3)

    ran = run("enrollment-group delete --all", expect=2)

    assert ran.err == (
        "dpsctl: 3 groups are chosen, and to delete more than one needs --yes; nothing was sent\n"
        "hint: --dry-run shows what would be sent.\n"
    )
    assert not sent(emulator, "DELETE")
    assert run("enrollment-group delete --all --where true", expect=2)
    assert run("enrollment-group delete --gid g00").out == ""
    assert run("enrollment-group delete --all --yes").err.startswith("deleted 2 in ")


def test_a_dry_run_lists_what_would_be_sent(run, emulator):
    make_groups(emulator, 3)

    changes = run("enrollment-group update --all --ps disabled --dry-run").json
    deletions = run("enrollment-group delete --gid g00 g01 --dry-run").json

    assert [each["body"]["provisioningStatus"] for each in changes] == ["disabled"] * 3
    assert [(each["method"], each["url"].split("?")[0][-3:]) for each in deletions] == [
        ("DELETE", "g00"),
        ("DELETE", "g01"),
    ]
    assert not sent(emulator, "PUT")
    assert not sent(emulator, "DELETE")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("enrollment-group update --ps disabled", "--enrollment-id is missing"),
        ("enrollment delete", "--enrollment-id is missing"),
        ("enrollment-group delete --gid a --all", "--enrollment-id and --all exclude each other"),
        ("enrollment-group delete --ids-from - --where a", "--ids-from and --where exclude"),
        ("enrollment-group delete --all --where a", "--all and --where exclude each other"),
        ("enrollment-group delete --where '[?a'", "--where: cannot read '[?a'"),
        ("enrollment-group delete --gid a b --etag e", "--etag is that of one record"),
        ("enrollment-group delete --gid a --id-field b", "--id-field"),
        ("enrollment-group delete --gid a 'b c'", "--enrollment-id: "),
        ("enrollment update --all --device-id d", "--device-id is that of one device"),
        ("enrollment-group registration list", "--enrollment-id is missing"),
        ("enrollment-group registration list --older-than 90d", "--enrollment-id is missing"),
        ("enrollment-group registration list --gid a --all-groups", "exclude each other"),
        ("enrollment-group registration delete --rid a --gid b", "exclude each other"),
        ("enrollment-group registration delete --gid b", "--registration-id is missing"),
        ("enrollment-group registration delete --all-groups --older-than 90", "--older-than '90'"),
        ("enrollment-group registration delete --all-groups --older-than soon", "neither a time"),
    ],
)
def test_a_selection_that_cannot_be_meant_is_refused(run, emulator, line, told):
    ran = run(line, expect=2, stdin="a\n")

    assert told in ran.err
    assert emulator.requests() == []


def test_a_bad_id_of_a_file_is_named_by_its_line(run, emulator):
    ran = run("enrollment-group delete --yes --ids-from -", expect=2, stdin="g1\n\ng 2\n")

    assert "standard input:3: " in ran.err
    assert emulator.requests() == []


def test_a_record_that_where_cannot_judge_stops_all(run, emulator):
    make_groups(emulator, 2)
    line = "enrollment-group delete --yes --where"

    ran = run([*line.split(), "starts_with(initialTwin.tags.rack, 'a')"], expect=2)

    assert "--where: group g00 cannot be judged: " in ran.err
    assert not sent(emulator, "DELETE")


def test_nothing_chosen_is_no_failure(run, emulator):
    make_groups(emulator, 1)

    ran = run(["enrollment-group", "delete", "--yes", "--where", "initialTwin.tags.site=='xx'"])

    assert (ran.json, ran.err) == ([], "no groups are chosen\n")


def test_deleting_what_is_gone_fails_unless_that_was_said(run, emulator):
    make_groups(emulator, 1)

    assert run("enrollment-group delete --gid nowhere", expect=3)
    assert run("enrollment-group delete --gid nowhere --if-exists").err == (
        "nowhere: there is none\n"
    )
    assert run("enrollment-group delete --gid nowhere g00 --yes", expect=9)
    ran = run("enrollment-group delete --gid nowhere g00 --yes --if-exists")
    assert [each["status"] for each in ran.json] == ["unchanged", "unchanged"]


def test_five_thousand_old_registrations_are_deleted_and_young_ones_stay(run, emulator):
    make_groups(emulator, 3)
    for group in ("g00", "g01"):
        make_registrations(emulator, [100] * 2500, group)
    make_registrations(emulator, [1, 89], "g02")
    line = "enrollment-group registration delete --all-groups --older-than 90d --yes --parallel 8"

    ran = run(f"{line} -o jsonl")

    assert ran.err.startswith("deleted 5,000 in ")
    assert len(ran.out.splitlines()) == 5000
    left = run("enrollment-group registration list --all-groups").json
    assert [each["registrationId"] for each in left] == ["g02-d0", "g02-d1"]


def test_a_device_that_registers_meanwhile_keeps_its_registration(run, emulator, monkeypatch):
    from dpsctl.selection import registered

    make_groups(emulator, 1)
    make_registrations(emulator, [100, 100])
    matching = registered.Registered.read

    def read_and_register(self):
        yield from list(matching(self))
        make_registrations(emulator, [0])

    monkeypatch.setattr(registered.Registered, "read", read_and_register)
    ran = run(
        "enrollment-group registration delete --gid g00 --older-than 90d --yes", expect=9
    ).json

    assert [each["status"] for each in ran] == ["failed", "deleted"]
    assert ran[0]["errorCode"] == 412201


def test_registrations_are_chosen_by_date_by_failure_and_by_what_is_in_them(run, emulator):
    make_groups(emulator, 2)
    make_registrations(emulator, [1, 100])
    make_registrations(emulator, [50], "g01", status="failed", errorCode=400004)
    line = "enrollment-group registration list"

    def ids(rest):
        words = [*line.split(), *rest]
        return [each["registrationId"] for each in run(words).json]

    assert ids(["--all-groups"]) == ["g00-d0", "g00-d1", "g01-d0"]
    assert ids(["--gid", "g01", "g00"]) == ["g01-d0", "g00-d0", "g00-d1"]
    assert ids(["--all-groups", "--failed"]) == ["g01-d0"]
    assert ids(["--all-groups", "--older-than", "2000-01-01"]) == []
    assert ids(["--all-groups", "--older-than", "60d"]) == ["g00-d1"]
    assert ids(["--gid", "g00", "--where", "registrationId!='g00-d0'"]) == ["g00-d1"]
    assert ids(["--rid", "g01-d0", "g00-d0"]) == ["g01-d0", "g00-d0"]
    failed = run(f"{line} --all-groups --failed").json
    assert failed[0]["enrollmentGroupId"] == "g01"
    assert "enrollmentGroupId" not in run(f"{line} --gid g01").json[0]
    cut = run(f"{line} --all-groups --top 2")
    assert len(cut.json) == 2
    assert "cut at --top 2" in cut.err


def test_refused_at_the_door_ends_at_once(run, emulator):
    make_groups(emulator, 40)
    emulator.faults.replace(["401 after 1"])

    ran = run("enrollment-group delete --all --yes -o jsonl", expect=4)

    assert {json.loads(each)["status"] for each in ran.out.splitlines()} == {"not-sent"}
    assert len(sent(emulator, "DELETE")) <= 8


@pytest.fixture
def at_a_terminal(signed_in):  # noqa: ARG001 - it sets the environment
    """Start dpsctl in a terminal of its own; return what it writes until it ends, and its code."""

    def run(line, typed):
        import pty  # Windows has none

        master, slave = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "dpsctl", *line],
            stdin=slave,
            stderr=slave,
            stdout=subprocess.PIPE,
        )
        os.close(slave)
        shown = b""
        while b"Type " not in shown:
            shown += os.read(master, 1024)
        os.write(master, f"{typed}\n".encode())
        out, _ = process.communicate(timeout=60)
        return shown.decode(), process.returncode, out

    return run


@pytest.mark.parametrize(
    ("count", "typed", "code"), [(3, "yes", 0), (3, "no", 130), (25, "25", 0), (25, "yes", 130)]
)
def test_a_terminal_shows_what_is_chosen_and_asks(emulator, at_a_terminal, count, typed, code):
    make_groups(emulator, count)

    shown, ended, _ = at_a_terminal(["enrollment-group", "delete", "--all"], typed)

    assert f"delete {count} groups:\r\n  g00\r\n  g01" in shown
    assert f"Type {'yes' if count <= 20 else count} to delete them:" in shown
    assert ("and 5 more" in shown) == (count > 20)
    assert ended == code
    assert len(sent(emulator, "DELETE")) == (0 if code else count)


def test_an_interrupt_says_how_far_it_came_and_running_it_again_finishes(
    emulator,
    run,
):
    make_groups(emulator, 1)
    make_registrations(emulator, [100] * 200)
    emulator.faults.replace(["latency 50ms"])
    line = "enrollment-group registration delete --gid g00 --all --yes -o jsonl"
    out, err = interrupted(line)
    emulator.faults.replace([])

    deleted = len(sent(emulator, "DELETE"))
    assert 0 < deleted < 200
    assert re.search(rf"\ndeleted {deleted}, not-sent {200 - deleted} in \d+\.\d s\n", err)
    assert "Run it again: it goes on where it was." in err
    assert out.count('"not-sent"') == 200 - deleted
    assert run(line).err.startswith(f"deleted {200 - deleted} in ")


def test_who_interrupts_the_staging_of_keys_is_not_told_to_stage_them_again(signed_in):
    make_groups(signed_in, 60)
    signed_in.faults.replace(["latency 50ms on PUT"])

    out, err = interrupted("enrollment-group rotate --all --step stage --yes -o jsonl")

    assert 0 < out.count('"updated"') == len(sent(signed_in, "PUT")) < 60
    assert "Run it again" not in err
    assert "gets another one if it is staged again: name the others alone, by --ids-from" in err


def interrupted(line):
    """Interrupt a process of dpsctl once it has told of the first record."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dpsctl", *line.split()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    return first + out, err


def test_deadline_tells_what_was_under_way_and_that_it_is_over(run, emulator):
    make_groups(emulator, 6)
    emulator.faults.replace(["latency 3s on DELETE"])

    line = "enrollment-group delete --all --yes --parallel 2 --deadline 1s -o json"
    ran = run(line, expect=7)

    assert [one["status"] for one in ran.json] == ["unknown"] * 2 + ["not-sent"] * 4
    assert "--deadline: the 1 seconds are over" in ran.err
    while sum(one["method"] == "DELETE" for one in emulator.requests()) < 2:
        time.sleep(0.05)  # the emulator is done with both before another test begins


def test_group_that_goes_while_all_are_looked_through_is_left_out_and_a_named_one_is_missed(
    run, emulator
):
    make_groups(emulator, 3)
    make_registrations(emulator, [1, 2])
    emulator.faults.replace(["404 on POST /registrations/g01/"])
    listing = "enrollment-group registration list"

    assert {one["enrollmentGroupId"] for one in run(f"{listing} --all-groups").json} == {"g00"}
    assert "g01" in run(f"{listing} --gid g00 --gid g01", expect=3).err

"""`enrollment-group create --from`: a backup given back, rows of CSV, and what is refused."""

import json

import pytest

LINE = "enrollment-group create --from"
MOVING = ("etag", "createdDateTimeUtc", "lastUpdatedDateTimeUtc")


def still(records):
    kept = [{n: v for n, v in each.items() if n not in MOVING} for each in records]
    return sorted(kept, key=lambda each: each.get("enrollmentGroupId", ""))


def device_key(run, gid):
    return run(f"enrollment-group compute-device-key --gid {gid} --rid d1 -o tsv").out


def test_a_service_of_both_kinds_is_backed_up_and_restored_with_equal_keys(
    run, emulator, tmp_path, issue
):
    ca = issue("signer", is_ca=True)
    run("enrollment-group create --gid a --tags site=eu --iot-hubs h.azure.net --ap static")
    run("enrollment-group create --gid b --provisioning-status disabled")
    run(f"enrollment-group create --gid c --cp {ca.path} --set future.x:=[1]")
    run("enrollment create --eid d --at symmetricKey --device-id e --tags site=us")
    keys = [device_key(run, gid) for gid in "ab"]
    before = {}
    for noun in ("enrollment-group", "enrollment"):
        backup = run(f"{noun} list --show-keys -o jsonl").out
        (tmp_path / noun).write_text(backup)
        before[noun] = [json.loads(line) for line in backup.splitlines()]
    emulator.reset()

    missing = run(f"{LINE} {tmp_path / 'enrollment-group'}", expect=2)
    groups = run(f"{LINE} {tmp_path / 'enrollment-group'} --certificates {tmp_path}")
    run(f"enrollment create --from {tmp_path / 'enrollment'}")

    assert "certificates are missing: " in missing.err
    assert ":3: c primary (CN=signer)" in missing.err
    assert [each["status"] for each in groups.json] == ["created"] * 3
    assert groups.err.startswith("created 3 in ")
    assert [device_key(run, gid) for gid in "ab"] == keys
    for noun, records in before.items():
        assert still(run(f"{noun} list --show-keys").json) == still(records)


def test_rows_of_csv_are_completed_by_flags(run):
    rows = 'enrollmentGroupId,initialTwin.tags.site,iotHubs:=\na,eu,\nb,us,"[""h.net""]"\n'

    run(f"{LINE} - --ap hashed --provisioning-status disabled", stdin=rows)

    found = still(run("enrollment-group list").json)
    assert [each["initialTwin"]["tags"]["site"] for each in found] == ["eu", "us"]
    assert [each.get("iotHubs") for each in found] == [None, ["h.net"]]
    assert {each["provisioningStatus"] for each in found} == {"disabled"}


@pytest.mark.parametrize(
    ("how", "statuses", "code"),
    [
        ("fail", ["failed", "created"], 9),
        ("skip", ["unchanged", "created"], 0),
        ("update", ["updated", "created"], 0),
    ],
)
def test_what_is_there_is_treated_as_it_is_said(run, how, statuses, code):
    run("enrollment-group create --gid a")
    key = device_key(run, "a")
    rows = '{"enrollmentGroupId":"a","provisioningStatus":"disabled"}\n{"enrollmentGroupId":"b"}\n'

    ran = run(f"{LINE} - --if-exists {how}", stdin=rows, expect=code)

    assert [each["status"] for each in ran.json] == statuses
    assert device_key(run, "a") == key
    held = run("enrollment-group show --gid a").json.get("provisioningStatus")
    assert held == ("disabled" if how == "update" else None)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ('{"enrollmentGroupId":"a"}\n{"x":1}\n', "standard input:2: has no enrollmentGroupId"),
        ('{"enrollmentGroupId":"a"}\n{"enrollmentGroupId":"A"}\n', ":2: A is there twice"),
        ('{"enrollmentGroupId":"a b"}\n', "standard input:1: "),
        ('{"enrollmentGroupId":"a","iotHubs":["no host"]}\n', "standard input:1: "),
        ('{"enrollmentGroupId":"a","provisioningstatus":"disabled"}\n', "is no field of a group"),
        ("enrollmentGroupId,iotHubs:=\na,[\n", "standard input:2: "),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_sent(run, emulator, rows, told):
    ran = run(f"{LINE} -", stdin=rows, expect=2)

    assert told in ran.err
    assert emulator.requests() == []


def test_a_list_without_keys_is_no_backup_of_them(run):
    run("enrollment-group create --gid a")
    listed = run("enrollment-group list -o jsonl").out
    run("enrollment-group delete --gid a")

    assert "1 groups have no keys" in run(f"{LINE} -", stdin=listed).err

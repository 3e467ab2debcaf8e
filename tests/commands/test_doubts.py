"""Warnings where a record is made or changed, of what would fail only when a device registers."""

import json

import pytest

CREATE = "enrollment-group create --gid g1"
KEY = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="
REGISTER = f"device register --id-scope 0ne1 --rid d --key {KEY} --dry-run"


@pytest.mark.parametrize(
    ("line", "warning"),
    [
        (f"{CREATE} --tags 's\\ p=1'", r"initialTwin.tags.s\ p: a hub takes no ' ' in a name"),
        (
            f"{CREATE} --props n:=9007199254740993",
            "initialTwin.properties.desired.n: a hub's integers are from",
        ),
        (f"{CREATE} --ap static --ih hub-1", "iotHubs: 'hub-1' is no host name"),
        (
            f'{CREATE} --set initialTwin:=\'{{"tags":{{"$a":1}}}}\'',
            "initialTwin.tags.$a: a hub takes no '$' in a name",
        ),
    ],
)
def test_what_hubs_will_not_take_is_warned_of_at_create(run, line, warning):
    ran = run(f"{line} -o none")

    assert ran.err.startswith(f"warning: {warning}")
    assert run(f"{line} -o none --if-exists update --only-show-errors").err == ""


def test_update_warns_of_what_it_changes_and_of_nothing_else(run):
    run(f"{CREATE} --tags '$a=1' --only-show-errors")

    assert run("enrollment-group update --gid g1 --ps disabled").err == ""
    assert "tags.$a" in run("enrollment-group update --gid g1 --tags '$a=2'").err


def test_more_than_ten_doubts_are_not_told_one_by_one(run, tmp_path):
    (tmp_path / "tags.json").write_text(json.dumps({f"${number}": 1 for number in range(20)}))

    told = run(f"{CREATE} --tags @{tmp_path / 'tags.json'}").err.splitlines()

    assert len(told) == 11
    assert told[-1] == "warning: more of this kind is not told"


@pytest.mark.parametrize(
    "flags",
    ["--device-id 'bad id'", "--set deviceId=a/b"],
)
def test_device_id_that_no_hub_takes_is_refused(run, signed_in, flags):
    ran = run(f"enrollment create --eid e1 --at symmetricKey {flags}", expect=2)

    assert ran.err.startswith("dpsctl: --device-id: ")
    assert signed_in.requests() == []


def test_hub_that_is_a_connection_string_is_refused_and_not_repeated(run, signed_in):
    hub = "HostName=h.azure-devices.net;SharedAccessKeyName=o;SharedAccessKey=c2VjcmV0"

    ran = run([*CREATE.split(), "--ap", "static", "--ih", hub], expect=2)

    assert ran.err.startswith("dpsctl: --iot-hubs: a hub is its host name")
    assert "c2VjcmV0" not in ran.err
    assert signed_in.requests() == []


@pytest.mark.parametrize("verb", ["create --at x509", "update"])
def test_certificate_of_another_device_is_warned_of(run, issue, verb):
    good, other = issue("pump-1"), issue("pump-2")
    if verb == "update":
        run(f"enrollment create --eid PUMP-1 --at x509 --cp {good.path}")

    ran = run(f"enrollment {verb} --eid PUMP-1 --cp {other.path}")

    assert ran.err == (
        f"warning: --certificate-path {other.path}: the CN is 'pump-2', and not the registration "
        "id 'PUMP-1': no device can register so\n"
    )


def test_rows_of_a_file_are_warned_of_once_for_all(run, tmp_path):
    rows = tmp_path / "devices.csv"
    rows.write_text(
        "enrollment-id,iot-hubs,initialTwin.tags.$x\n"
        + "".join(f"d{number},hub,1\n" for number in range(30))
    )

    ran = run(f"enrollment create --from {rows} --at symmetricKey --ap hashed -o none")

    assert ran.err.splitlines() == [
        (
            f"warning: {rows}:2: iotHubs: 'hub' is no host name; a hub's is such as "
            "hub.azure-devices.net"
        ),
        f"warning: {rows}:2: initialTwin.tags.$x: a hub takes no '$' in a name",
    ]


def test_row_whose_device_no_hub_takes_is_a_failed_row(run, tmp_path):
    rows = tmp_path / "devices.csv"
    rows.write_text("enrollment-id,device-id\nd1,a b\nd2,ok\n")

    ran = run(f"enrollment create --from {rows} --at symmetricKey", expect=9)

    assert [row["status"] for row in ran.json] == ["failed", "created"]
    assert "--device-id: ' ' cannot be in a device id" in ran.json[0]["message"]


@pytest.mark.parametrize("noun", ["enrollment-group update --gid g1", "enrollment update --eid e1"])
@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        ("--tags a=1 --tags a=2", "--initial-twin-tags: a is given twice"),
        ("--props '{bad'", "--initial-twin-properties: "),
        ("--iot-hubs https://h.example/", "--iot-hubs: a hub is its host name"),
        ("--webhook-url ftp://h.example", "--webhook-url is no URL"),
        ("--webhook-url 'https://h example/api'", "--webhook-url is no URL"),
        ("--webhook-url https://h.example/\\'b\\'", "--webhook-url is no URL"),
        ("--api-version 2017-01-01", "--api-version 2017-01-01: webhooks know"),
    ],
)
def test_what_fits_no_record_is_refused_before_one_is_read(run, signed_in, noun, flags, problem):
    ran = run(f"{noun} {flags}", expect=2)

    assert ran.err.startswith(f"dpsctl: {problem}")
    assert signed_in.requests() == []


@pytest.mark.parametrize("flags", ["--device-id 'a b'", "--info a=1 a=2"])
def test_what_fits_no_device_is_refused_before_its_record_is_read(run, signed_in, flags):
    run(f"enrollment update --eid e1 {flags}", expect=2)

    assert signed_in.requests() == []


@pytest.mark.parametrize(
    ("host", "url"),
    [("h.example", "https://h.example/"), ("https://h.example/", "https://h.example/")],
)
def test_host_of_devices_may_be_an_address(run_offline, host, url):
    line = (
        "device register --id-scope 0ne1 --rid d --key c2l4dGVlbiBieXRlcyBhdCBsZWFzdA== --dry-run"
    )

    assert run_offline(f"{line} --host {host}").json["url"].startswith(f"{url}0ne1/")


@pytest.mark.parametrize("host", ["'a b'", "https://h.example/path", "h.example:99999"])
def test_host_of_devices_that_is_none_is_refused(run_offline, host):
    line = (
        "device register --id-scope 0ne1 --rid d --key c2l4dGVlbiBieXRlcyBhdCBsZWFzdA== --dry-run"
    )

    assert "that is no host name" in run_offline(f"{line} --host {host}", expect=2).err


def test_hub_of_the_emulator_is_a_host_name(run_offline):
    ran = run_offline("emulator exec --hub https://h.example/ -- true", expect=2)

    assert ran.err.startswith("dpsctl: --hub https://h.example/: a hub is its host name")

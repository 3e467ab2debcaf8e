"""What a tester may choose about an emulator: its records, its faults, its hubs, its limits."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

DPSCTL = [sys.executable, "-m", "dpsctl"]
SEED = {
    "enrollmentGroups": [
        {"enrollmentGroupId": f"line-{number}", "attestation": {"type": "symmetricKey"}}
        for number in range(3)
    ]
}


@pytest.fixture
def seed_file(tmp_path):
    path = tmp_path / "seed.json"
    path.write_text(json.dumps(SEED))
    return path


@contextmanager
def running(*options):
    """Run `emulator run`; yield its ready line, and stop it in the end."""
    command = [*DPSCTL, "emulator", "run", *map(str, options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield json.loads(child.stdout.readline())
        finally:
            child.terminate()


def environment(ready):
    return {
        **os.environ,
        "DPSCTL_LOGIN": ready["connectionString"],
        "DPSCTL_DEVICE_ENDPOINT_URL": ready["endpoint"],
        "REQUESTS_CA_BUNDLE": ready["caFile"],
        "NO_PROXY": "127.0.0.1",
    }


def test_file_keeps_the_service_what_it_is(tmp_path):
    def identity(ready):
        key = ready["connectionString"].partition("SharedAccessKey=")[2]
        return key, ready["idScope"], Path(ready["caFile"]).read_text()

    with running("--db", tmp_path / "db") as first:
        before = identity(first)
    with running("--db", tmp_path / "db") as second:
        assert identity(second) == before


def test_seed_is_there_when_the_line_is_printed_and_paged_as_told(seed_file, run_process):
    with running("--seed", seed_file, "--page-size", 2) as ready:
        listed = run_process("enrollment-group", "list", "-o", "jsonl", env=environment(ready))
        log = requests.get(
            f"{ready['endpoint']}/_emulator/requests", verify=ready["caFile"], timeout=10
        ).json()

    assert [json.loads(line)["enrollmentGroupId"] for line in listed.stdout.splitlines()] == [
        "line-0",
        "line-1",
        "line-2",
    ]
    assert [request["status"] for request in log["requests"]] == [200, 200]


@pytest.mark.parametrize("form", ["json", "jsonl"])
@pytest.mark.parametrize("noun", ["enrollment-group", "enrollment"])
def test_seed_may_be_what_list_prints(run, run_process, noun, form):
    run("enrollment-group create --gid a --tags site=eu")
    run("enrollment create --eid a --at symmetricKey --device-id b")
    run("enrollment-group create --gid b")
    run("enrollment create --eid b --at symmetricKey")
    listed = run(f"{noun} list --show-keys -o {form}").out
    again = [*DPSCTL, noun, "list", "--show-keys", "--query", "[].[attestation, deviceId]"]

    ran = run_process("emulator", "exec", "--seed", "-", "--", *again, input=listed)

    records = map(json.loads, listed.splitlines()) if form == "jsonl" else json.loads(listed)
    wanted = [[each["attestation"], each.get("deviceId")] for each in records]
    assert json.loads(ran.stdout) == wanted


def test_seed_may_be_yaml_from_standard_input(run_process):
    seed = "registrations:\n- {registrationId: device-1, assignedHub: hub-1.example}\n"
    show = [*DPSCTL, "enrollment-group", "registration", "show", "--rid", "device-1"]

    ran = run_process("emulator", "exec", "--seed", "-", "--", *show, input=seed)

    assert json.loads(ran.stdout)["assignedHub"] == "hub-1.example", ran.stderr


def test_faults_strike_as_told_and_again_after_a_reset():
    with running("--fault", "503 once on GET", "--fault", "skew -1h") as ready:
        verify = {"verify": ready["caFile"], "timeout": 10}
        before = [requests.get(f"{ready['endpoint']}/enrollments/e1", **verify) for _ in range(2)]
        control = {"Authorization": f"Bearer {ready['controlToken']}"}
        requests.post(f"{ready['endpoint']}/_emulator/reset", headers=control, **verify)
        after = requests.get(f"{ready['endpoint']}/enrollments/e1", **verify)

    assert [answer.status_code for answer in (*before, after)] == [503, 401, 503]
    assert after.json()["timestampUtc"] < after.headers["Date"]


def test_devices_are_assigned_by_the_latencies_given(run_process):
    hubs = ["--hub", "near.example", "far.example=9", "--latency", "near.example=5"]
    create = ("enrollment-group", "create", "--gid", "line-4", "--allocation-policy", "geolatency")
    create += ("--show-keys",)
    with running(*hubs, "far.example=70", "--retry-after", 0) as ready:
        created = run_process(*create, env=environment(ready))
        key = json.loads(created.stdout)["attestation"]["symmetricKey"]["primaryKey"]
        registered = run_process(
            *("device", "register", "--id-scope", ready["idScope"], "--rid", "device-1"),
            *("--group-key", key),
            env=environment(ready),
        )

    assert json.loads(registered.stdout)["assignedHub"] == "near.example", registered.stderr


def test_limits_are_where_the_service_stops(run_offline, seed_file):
    ran = run_offline(
        f"emulator exec --seed {seed_file} --limit symmetric-key-groups=2 -- true", expect=2
    )

    assert "enrollmentGroups[2]: The limit of 2 symmetricKey groups is reached" in ran.err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("--fault 500x", "--fault '500x'"),
        ("--fault 429 --fault 'latency 1d'", "--fault 'latency 1d'"),
        ("--hub a A=2", "--hub A=2"),
        ("--ca plant=/nowhere.pem", "--ca plant=/nowhere.pem"),
        ("--latency hub-1=5", "--latency hub-1=5"),
        ("--hub a --latency a=fast", "--latency a=fast"),
        ("--hub a --latency a", "--latency a"),
        ("--limit groups=5", "--limit groups=5"),
        ("--limit bulk-items=-1", "--limit bulk-items=-1"),
        (f"--hub {' '.join(f'h{n}' for n in range(51))}", "--hub: 51 are more than the 50 of a"),
        ("--ca a=a.pem b=b.pem --limit ca-certificates=1", "--ca: 2 are more than the 1 of a"),
        ("--page-size 0", "--page-size"),
        ("--san é", "--san é"),
        ("--seed /nowhere.json", "--seed /nowhere.json"),
    ],
)
def test_value_that_cannot_be_used_is_named(run_offline, options, complaint):
    ran = run_offline(f"emulator exec {options} -- true", expect=2)

    assert complaint in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b'{"groups": []}', "enrollmentGroups, enrollments, registrations"),
        (b'{"enrollments": 1}', "enrollments must be a list"),
        (b'{"enrollments": [{}]}', "enrollments[0]: "),
        (b'{"registrations": [{"registrationId": "a b"}]}', "registrations[0]: "),
        (b"{", "seed.json:2:1: "),
        (b"", "A seed is an object"),
        (b"\xff", "not UTF-8 text"),
    ],
)
def test_seed_that_cannot_be_used_is_named(run_offline, tmp_path, data, complaint):
    path = tmp_path / "seed.json"
    path.write_bytes(data)

    ran = run_offline(["emulator", "exec", "--seed", path, "--", "true"], expect=2)

    assert str(path) in ran.err
    assert complaint in ran.err


def test_package_that_is_missing_is_named_with_what_installs_it():
    code = (
        "import sys; sys.modules['OpenSSL'] = None; from dpsctl.__main__ import main;"
        " sys.exit(main(['emulator', 'run']))"
    )

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert "is not installed: OpenSSL" in ran.stderr
    assert "pip install 'dpsctl[emulator]'" in ran.stderr

import shlex

import pytest

HUB = "hub-1.azure-devices.net"
LIST = "enrollment-group registration list --gid line-4"


@pytest.fixture
def devices(run, emulator):
    """Three devices that are assigned, and one that no linked hub would take."""
    run("enrollment-group create --gid line-4")
    key = run("enrollment-group show --gid line-4 --keys --query attestation.symmetricKey").json

    def register(name, expect=0):
        line = f"device register --id-scope {emulator.id_scope} --rid {name} --host {emulator.host}"
        run([*shlex.split(line), "--group-key", key["primaryKey"]], expect=expect)

    for name in ("device-1", "device-2", "device-3"):
        register(name)
    run("enrollment-group update --gid line-4 --ap static --iot-hubs hub-9.example")
    register("device-4", expect=1)


@pytest.fixture(autouse=True)
def _device_endpoint(signed_in, monkeypatch):
    monkeypatch.setenv("DPSCTL_DEVICE_ENDPOINT_URL", signed_in.endpoint)


@pytest.mark.usefixtures("devices")
def test_summary_counts_by_hub_and_status(run):
    assert run(f"{LIST} --summary").json == [
        {"hub": None, "status": "failed", "count": 1},
        {"hub": HUB, "status": "assigned", "count": 3},
    ]


@pytest.mark.usefixtures("devices")
def test_summary_draws_bars_in_a_table(run):
    lines = run(f"{LIST} --summary -o table").out.splitlines()

    assert lines[0].split() == ["Hub", "Status", "Count"]
    assert lines[2].split() == ["failed", "1", "████████"]
    assert lines[3].split() == [HUB, "assigned", "3", "█" * 24]


def test_summary_of_no_registrations_is_empty(run):
    run("enrollment-group create --gid line-4")

    assert run(f"{LIST} --summary").json == []
    assert run(f"{LIST} --summary -o table").out == ""


@pytest.mark.usefixtures("devices")
def test_summary_is_data_for_a_query(run):
    counted = run(f"{LIST} --summary --query 'sum([].count)'")

    assert counted.json == 4

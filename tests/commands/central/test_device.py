"""`central device` against the emulator."""

import json

import pytest


def test_create_fills_in_what_az_fills_in(central):
    device = central("device create -d d1").json

    assert (device["displayName"], device["enabled"], device["simulated"]) == ("d1", True, False)


def test_create_leaves_an_existing_device_alone(central):
    central("device create -d d1 --device-name Old")

    ran = central("device create -d d1 --device-name New", expect=5)

    assert "exists already" in ran.err
    assert central("device show -d d1").json["displayName"] == "Old"


def test_create_takes_organizations_with_commas(central):
    assert central("device create -d d1 --orgs a,b").json["organizations"] == ["a", "b"]


@pytest.mark.parametrize(
    "manifest",
    ['{"modulesContent": {}}', '{"data": {"modulesContent": {}}}'],
    ids=["as IoT Edge writes it", "as Central writes it"],
)
def test_create_with_a_deployment_manifest_makes_an_edge_device(requests_of, manifest):
    _, requests = requests_of(f"device create -d edge-1 --deployment-manifest '{manifest}'")

    assert requests[-1]["query"] == {"api-version": "2022-10-31-preview"}
    assert requests[-1]["body"]["deploymentManifest"] == {"data": {"modulesContent": {}}}
    assert requests[-1]["body"]["type"] == ["iotEdge"]


@pytest.mark.parametrize("device_id", ["a#b", "a?b", "a%2Fb", "d e", "ü"])
def test_id_is_percent_encoded(requests_of, device_id):
    _, requests = requests_of(f"device show -d '{device_id}'", expect=3)

    assert requests[0]["path"] == f"/api/devices/{device_id}"


@pytest.mark.parametrize("device_id", [".", ".."])
def test_id_of_dots_alone_is_refused(requests_of, device_id):
    ran, requests = requests_of(f"device delete -d {device_id}", expect=2)

    assert "--device-id" in ran.err
    assert requests == []


def test_update_sends_only_what_was_asked(central, requests_of):
    central("device create -d d1 --enable false")

    ran, requests = requests_of("device update -d d1 --device-name New")

    (made,) = requests
    assert made["body"] == {"displayName": "New"}
    assert made["headers"]["content-type"].startswith("application/merge-patch+json")
    assert ran.json["enabled"] is False


def test_update_of_nothing_changes_nothing(central, requests_of):
    etag = central("device create -d d1").json["etag"]

    ran, requests = requests_of("device update -d d1")

    assert [made["method"] for made in requests] == ["GET"]
    assert "nothing to change" in ran.err
    assert ran.json["etag"] == etag


def test_update_with_an_etag_asks_the_preview(central, requests_of):
    etag = central("device create -d d1").json["etag"]

    ran, requests = requests_of(f"device update -d d1 --simulated --etag '{etag}'")

    assert requests[0]["query"] == {"api-version": "2022-10-31-preview"}
    assert requests[0]["headers"]["if-match"] == etag
    assert ran.json["etag"] != etag


def test_update_with_a_stale_etag_is_a_conflict(central):
    etag = central("device create -d d1").json["etag"]
    central("device update -d d1 --device-name Other")

    ran = central(f"device update -d d1 --simulated --etag '{etag}'", expect=5)

    assert "changed since it was read" in ran.err


def test_update_with_an_etag_refuses_a_version_without_them(requests_of):
    ran, requests = requests_of("device update -d d1 --enable --etag x --av 2022-07-31", expect=2)

    assert "2022-10-31-preview" in ran.err
    assert requests == []


@pytest.mark.parametrize("line", ["show", "delete", "show-credentials", "update --enable"])
def test_missing_device_is_not_found(central, line):
    ran = central(f"device {line} -d nope", expect=3)

    assert "NotFound" in ran.err
    assert "aka.ms" not in ran.err


def test_delete_deletes(central):
    central("device create -d d1")

    assert central("device delete -d d1").out == ""
    central("device show -d d1", expect=3)


def test_delete_with_dry_run_sends_nothing(central, requests_of):
    central("device create -d d1")

    ran, requests = requests_of("device delete -d d1 --dry-run")

    assert (ran.json["method"], requests) == ("DELETE", [])
    assert ran.json["url"].endswith("/api/devices/d1?api-version=2022-07-31")


def test_list_reads_every_page(central):
    for number in range(5):
        central(f"device create -d d{number}")

    assert len(central("device list --page-size 2").json) == 5


def test_list_stops_at_top(central, requests_of):
    for number in range(5):
        central(f"device create -d d{number}")

    ran, requests = requests_of("device list --page-size 2 --top 3")

    assert len(ran.json) == 3
    assert "cut at --top 3" in ran.err
    assert len(requests) == 2
    assert central("device list --top 5").err == ""


def test_list_sorts_descending(central):
    for name in "bca":
        central(f"device create -d d-{name} --device-name {name}")

    ran = central("device list --order-by 'displayName desc' --query '[].displayName'")

    assert ran.json == ["c", "b", "a"]


def test_list_says_what_is_wrong_with_a_filter(central):
    ran = central("device list --filter 'colour eq 1'", expect=1)

    assert "character 1" in ran.err
    assert "displayName" in ran.err


def test_list_edge_only_finds_devices_by_their_type(central):
    central("device create -d plain --template 'dtmi:a:b;1'")
    central("device create -d edge --deployment-manifest '{\"modulesContent\": {}}'")

    assert central("device list -e --query '[].id'").json == ["edge"]


@pytest.mark.parametrize(
    ("settings", "provisioned", "word"),
    [
        ("", False, "Registered"),
        ("", True, "Provisioned"),
        ("--enable false", False, "Waiting or blocked"),
        ("--enable false", True, "Blocked"),
    ],
)
def test_table_shows_the_status_words_of_central(central, emulator, settings, provisioned, word):
    central(f"device create -d d1 {settings}")
    stored = emulator.store.get("central.devices", "d1")
    emulator.store.put("central.devices", "d1", {**stored, "provisioned": provisioned})

    table = central("device show -d d1 -o table").out

    assert f"  {word}  " in table


def test_credentials_are_those_the_device_registers_with(
    central, run_offline, signed_in, monkeypatch
):
    monkeypatch.setenv("DPSCTL_DEVICE_ENDPOINT_URL", signed_in.endpoint)
    central("device create -d d1")
    credentials = central("device show-credentials -d d1").json
    key = credentials["symmetricKey"]["primaryKey"]

    register = f"device register --id-scope {credentials['idScope']} --rid d1 --key {key}"
    run_offline(register)

    assert central("device show -d d1").json["provisioned"] is True
    central("device update -d d1 --enable false")
    run_offline(register, expect=5)


def test_device_key_is_derived_as_az_derives_it(run_offline):
    key = "UFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUA=="

    ran = run_offline(f"central device compute-device-key --pk {key} -d d1")

    assert json.loads(ran.out) == "FkKWcv/dbDpvYzPwvgEo6+zvvCBAmsNaYihvxPDDZWk="


def test_device_key_of_a_bad_key_is_refused_without_showing_it(run_offline):
    ran = run_offline("central device compute-device-key --pk no*base64 -d d1", expect=2)

    assert "--primary-key" in ran.err
    assert "no*base64" not in ran.err


def test_device_is_not_simulated_without_a_template(central, requests_of):
    ran, requests = requests_of("device create -d d1 --simulated", expect=2)

    assert ran.err.startswith("dpsctl: --simulated needs --template\n")
    assert requests == []
    assert central("device create -d d1 --simulated false").json["simulated"] is False

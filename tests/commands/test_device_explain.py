"""`device explain`: the mistakes it knows, where its records come from, and how it is read."""

import re
from pathlib import Path

import pytest

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings
from dpsctl.keys import derive_device_key

KEY = "ZHBzY3RsLWV4YW1wbGUtZ3JvdXAta2V5LWRwc2N0bA=="
OTHER = "YW5vdGhlci1rZXktb2YtdGhlLXRlc3RzLWhlcmU="
HUB = "hub-1.azure-devices.net"


def group(group_id, primary=KEY, secondary=OTHER, **fields):
    pair = {"primaryKey": primary, "secondaryKey": secondary}
    attestation = {"type": "symmetricKey", "symmetricKey": pair}
    return {"enrollmentGroupId": group_id, "attestation": attestation, **fields}


def individual(registration_id, primary, **fields):
    pair = {"primaryKey": primary, "secondaryKey": primary}
    attestation = {"type": "symmetricKey", "symmetricKey": pair}
    return {"registrationId": registration_id, "attestation": attestation, **fields}


def derived(key=KEY, registration_id="pump-1"):
    return derive_device_key(key, registration_id)


@pytest.fixture
def seeded(emulator, inside):
    """Run dpsctl beside a service that holds one group, line-4, and what a test adds."""

    def seed(*enrollments, groups=()):
        records = [group("line-4"), *groups]
        emulator.seed({"enrollmentGroups": records, "enrollments": list(enrollments)})
        return inside

    return seed


@pytest.mark.parametrize(
    ("key", "reason", "told"),
    [
        (KEY, "groupKeyItself", "line-4's primary key itself, and not the one derived from it"),
        (OTHER, "groupKeyItself", "line-4's secondary key itself"),
        (derived(derived()), "derivedTwice", "derived twice"),
        (derived(registration_id="PUMP-1"), "otherSpelling", "for 'PUMP-1', and case counts"),
        (derived(derived("c2V2ZW50ZWVuIGJ5dGVzIQ==")), "noGroup", "has a key that its key"),
    ],
)
def test_wrong_key_is_recognised(seeded, key, reason, told):
    ran = seeded()(["device", "explain", "--rid", "pump-1", "--key", key, "-o", "json"], expect=10)

    assert ran.json["reason"] == reason
    assert told in ran.json["summary"]
    assert ran.json["findings"][0]["weight"] == "cause"
    assert key not in ran.out + ran.err


@pytest.mark.parametrize(
    ("key", "reason", "told"),
    [
        (derived(), "individualFirst", "line-4's primary key, but it has an individual enrollment"),
        (derived(OTHER), "individualFirst", "line-4's secondary key"),
        ("c2V2ZW50ZWVuIGJ5dGVzIQ==", "otherKey", "neither the primary nor the secondary one"),
        (derived("b3duLWtleS1vZi1wdW1wLTEtMTIz"), "derivedFromOwn", "derived from that of its"),
    ],
)
def test_individual_enrollment_stands_before_groups(seeded, key, reason, told):
    run = seeded(individual("Pump-1", "b3duLWtleS1vZi1wdW1wLTEtMTIz"))

    ran = run(["device", "explain", "--rid", "pump-1", "--key", key, "-o", "json"], expect=10)

    assert (ran.json["reason"], ran.json["enrollment"]) == (reason, None)
    assert told in ran.json["summary"]


def test_right_key_names_who_takes_the_device_and_by_what(seeded):
    run = seeded(groups=[group("line-5", "c2V2ZW50ZWVuIGJ5dGVzIQ==", "c2l4dGVlbiBieXRlcy4uLg==")])
    line = ["device", "explain", "--rid", "pump-1", "--group-key", "c2l4dGVlbiBieXRlcy4uLg=="]

    ran = run(line)

    said = "enrollment group line-5 takes it, by a key derived from its secondary key"
    assert ran.out == f"pump-1 would register: {said}.\n"


def test_all_that_is_wrong_is_told_at_once(seeded):
    run = seeded(groups=[group("old", OTHER, OTHER, provisioningStatus="disabled")])
    line = ["device", "explain", "--rid", "pump-1", "--id-scope", "0ne00BAD", "-o", "json"]

    ran = run([*line, "--key", KEY], expect=10)

    found = {each["finding"]: each["weight"] for each in ran.json["findings"]}
    assert found == {"idScope": "cause", "groupKeyItself": "problem"}


def test_disabled_group_says_how_to_let_the_device_in(seeded):
    run = seeded()
    run("enrollment-group update --gid line-4 --provisioning-status disabled -o none")

    ran = run(["device", "explain", "--rid", "pump-1", "--key", derived()], expect=10)

    assert "would be told that it is disabled: enrollment group line-4 is disabled." in ran.out
    assert "'dpsctl enrollment-group update --provisioning-status enabled' lets it" in ran.out


def test_last_failure_is_told_in_words(seeded, emulator):
    run = seeded()
    state = {"registrationId": "pump-1", "status": "failed", "errorCode": 400207}
    emulator.seed({"registrations": [{**state, "errorMessage": "Custom allocation failed: gone"}]})

    ran = run(["device", "explain", "--rid", "PUMP-1", "--key", derived(registration_id="PUMP-1")])

    assert "it failed: the custom allocation webhook failed: gone (400207)." in flat(ran.out)
    assert "Look at the logs of the custom allocation webhook." in flat(ran.out)


def test_webhook_is_not_asked_but_looked_at(seeded):
    url = "https://pumps.azurewebsites.net/api/allocate"
    webhook = {"webhookUrl": url, "apiVersion": "2021-10-01"}
    custom = {"allocationPolicy": "custom", "customAllocationDefinition": webhook}
    run = seeded(groups=[group("line-5", "c2V2ZW50ZWVuIGJ5dGVzIQ==", **custom)])
    line = ["device", "explain", "--rid", "pump-1", "--group-key", "c2V2ZW50ZWVuIGJ5dGVzIQ=="]

    ran = run(line)

    assert "Nobody can say yet whether pump-1 would register: the webhook of" in ran.out
    assert "?code=KEY" in ran.out


def test_id_alone_tells_who_may_take_the_device(seeded):
    run = seeded(individual("pump-2", OTHER), groups=[group("off", provisioningStatus="disabled")])

    assert "1 of 2 groups may take it" in flat(run("device explain --rid pump-1").out)
    told = flat(run("device explain --rid PUMP-2").out)
    assert "it has the individual enrollment pump-2" in told


def test_service_without_any_record_takes_nobody(inside):
    ran = inside("device explain --rid pump-1", expect=10)

    assert "there is no individual enrollment of it, and no enrollment group at all" in flat(
        ran.out
    )


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({"errorCode": 400208, "errorMessage": "x"}, "no hub is linked to the service (400208)"),
        ({"errorCode": 401001, "errorMessage": "x"}, "the hub is gone, or not linked (401001)"),
        (
            {
                "errorCode": 400207,
                "errorMessage": "Custom allocation failed with status code: 404",
            },
            "the custom allocation webhook failed with status code: 404 (400207)",
        ),
        ({"errorCode": 400299, "errorMessage": "Odd."}, "Odd (400299)"),
        ({"errorCode": 500000}, "no reason is given (500000)"),
    ],
)
def test_table_of_registrations_says_why_they_failed(seeded, emulator, state, why):
    run = seeded()
    failed = {"registrationId": "pump-1", "status": "failed", **state}
    emulator.seed({"registrations": [failed | {"enrollmentGroupId": "line-4"}]})
    line = "enrollment-group registration list --all-groups --failed -o"

    table, told = run(f"{line} table").out, run(f"{line} json").json

    assert why in table
    assert table.split()[:5] == ["Group", "Registration", "Status", "Updated", "Hub"]
    assert why not in str(told)


def test_table_of_registrations_says_who_is_disabled(seeded, emulator):
    run = seeded()
    disabled = {"registrationId": "pump-1", "status": "disabled", "enrollmentGroupId": "line-4"}
    emulator.seed({"registrations": [disabled]})

    table = run("enrollment-group registration list --gid line-4 -o table").out

    assert "its enrollment is disabled" in table


@pytest.fixture
def certified(seeded, issue, tmp_path, monkeypatch):
    """A group that trusts root, and a device's certificate two links below it."""
    monkeypatch.chdir(tmp_path)
    root = issue("root", is_ca=True)
    line = issue("line", root, is_ca=True)
    issue("pump-1", line)
    run = seeded()
    run("enrollment-group create --gid factory --cp root.pem -o none")
    return run


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (
            "--cp pump-1.pem --cp line.pem --certificates .",
            0,
            "its primary certificate vouches for",
        ),
        ("--cp pump-1.pem --cp line.pem", 0, "Nobody can say yet whether pump-1 would register"),
        ("--cp pump-1.pem --certificates .", 10, "it does not show 'CN=line', without which"),
        ("--cp pump-1.pem", 10, "no enrollment trusts 'CN=line', who issued 'CN=pump-1'"),
        ("--cp line.pem", 10, "the CN is 'line', and not the registration id 'pump-1'"),
    ],
)
def test_certificates_lead_to_a_group_or_say_where_they_end(certified, words, code, told):
    assert told in flat(certified(f"device explain --rid pump-1 {words}", expect=code).out)


def test_ca_that_nobody_has_proved_is_named(certified):
    certified("certificate create --dps-name any -n root-1 -p root.pem -o none")
    certified("enrollment-group delete --gid factory")
    certified("enrollment-group create --gid lines --root-ca-name root-1 -o none")

    ran = certified("device explain --rid pump-1 --cp pump-1.pem --cp line.pem", expect=10)

    assert "names the CA certificate 'root-1', but nobody has proved to own it" in flat(ran.out)


def test_records_come_from_what_list_and_show_have_printed(
    certified, tmp_path, monkeypatch, run_offline
):
    for name, line in {
        "groups.jsonl": "enrollment-group list --show-keys -o jsonl",
        "enrollments.json": "enrollment list --show-keys",
        "service.json": "show -n any",
        "certificates.json": "certificate list --dps-name any",
    }.items():
        (tmp_path / name).write_text(certified(line).out, encoding="utf-8")
    forget_the_service(monkeypatch)
    files = " ".join(f"--from {name}" for name in ("groups.jsonl", "service.json"))
    proof = "--cp pump-1.pem --cp line.pem --certificates . -o json"

    some = run_offline(f"device explain --rid pump-1 {proof} {files}").json
    files += " --from certificates.json"
    scoped = run_offline(f"device explain --rid pump-1 {proof} {files} --id-scope 0neX", expect=10)

    assert some["enrollment"]["id"] == "factory"
    assert [each["finding"] for each in some["findings"]] == ["enrollmentsUnknown"]
    assert scoped.json["reason"] == "idScope"
    assert "looks like no id scope" in scoped.out


def test_records_may_hold_no_keys(seeded, tmp_path, monkeypatch, run_offline):
    path = tmp_path / "groups.json"
    path.write_text(seeded()("enrollment-group list").out, encoding="utf-8")
    forget_the_service(monkeypatch)

    ran = run_offline(["device", "explain", "--rid", "pump-1", "--key", KEY, "--from", path])

    assert "Nobody can say yet" in ran.out
    assert "no individual enrollments were" in flat(ran.out)


@pytest.mark.usefixtures("certified")
def test_what_a_device_shows_is_judged_without_any_service(monkeypatch, run_offline):
    forget_the_service(monkeypatch)

    wrong = run_offline("device explain --rid pump-2 --cp pump-1.pem", expect=10)
    right = run_offline("device explain --rid pump-1 --cp pump-1.pem")

    assert "the CN is 'pump-1'" in wrong.out
    assert "there are no records to hold its certificate against" in flat(right.out)
    assert "Name a service" in right.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--key a2V5 --group-key a2V5", "--key and --group-key exclude each other"),
        ("--key not-base64!", "--key"),
        ("--from backup.json --login x", "--from and --login exclude each other"),
        ("--from notes.json --key a2V5", "notes.json:1: is no record that is known here"),
        ("--from broken.jsonl --key a2V5", "broken.jsonl:2"),
        ("--cp notes.json", "no certificate can be read"),
        ("--certificates nowhere --key a2V5", "--certificates nowhere: is no folder"),
        ("", "There is nothing to hold the device against"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(
    run_offline, tmp_path, monkeypatch, words, told
):
    monkeypatch.chdir(tmp_path)
    Path("notes.json").write_text('{"notes": 1}', encoding="utf-8")
    Path("backup.json").write_text("[]", encoding="utf-8")
    Path("broken.jsonl").write_text('{"registrationId": "a", "status": "x"}\n{"a\n', "utf-8")

    ran = run_offline(f"device explain --rid pump-1 {words}", expect=2)

    assert told in ran.err


def test_markdown_and_colours_hold_the_same(seeded):
    line = ["device", "explain", "--rid", "pump-1", "--key", KEY]

    page = seeded()([*line, "-o", "markdown"], expect=10).out
    coloured = seeded()([*line, "--color", "always"], expect=10).out

    assert page.startswith("**pump-1 would be refused: the key is")
    assert "- do: 'dpsctl enrollment-group compute-device-key --gid line-4 --rid pump-1'" in page
    assert re.sub("\x1b\\[[0-9]+m", "", coloured) == seeded()(line, expect=10).out
    assert coloured.startswith("\x1b[31m")


def test_who_may_not_read_keys_is_told_that_they_are_not_shown(run_offline, monkeypatch):
    reader = ("reader", frozenset({"EnrollmentRead"}))
    line = ["device", "explain", "--rid", "pump-1", "--key", derived(), "-o", "json"]

    with Emulator(EmulatorSettings(policies=(reader,))) as emulator:
        emulator.seed({"enrollmentGroups": [group("line-4")]})
        key = emulator.identity.key_of("reader")
        login = f"HostName={emulator.host};SharedAccessKeyName=reader;SharedAccessKey={key}"
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(emulator.ca_file))
        ran = run_offline([*line, "--login", login])

    found = {each["finding"]: each["weight"] for each in ran.json["findings"]}
    assert (ran.json["verdict"], found) == ("undecided", {"keysHidden": "cause"})


def flat(text):
    return " ".join(text.split())


def forget_the_service(monkeypatch):
    for name in ("DPSCTL_LOGIN", "DPSCTL_ENDPOINT_URL", "DPSCTL_EMULATOR", "DPSCTL_ID_SCOPE"):
        monkeypatch.delenv(name)

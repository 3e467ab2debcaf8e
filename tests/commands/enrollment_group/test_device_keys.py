import json
from base64 import b64encode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dpsctl import early
from dpsctl.__main__ import run_tree
from dpsctl.keys import derive_device_key

COMMAND = "enrollment-group compute-device-key"
# Microsoft's documentation prints this key, id and answer (docs/service.md#d).
KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
ID = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"
ANSWER = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="
UPPER_ANSWER = "9GWVnYuoOLXlHc346XjhLRb9pKgIOrKSwxDRSOgnvXo="


@pytest.mark.parametrize("key", ["--key", "--symmetric-key"])
@pytest.mark.parametrize("rid", ["--rid", "--registration-id"])
def test_key_is_derived_without_a_service(run_offline, key, rid):
    ran = run_offline(f"{COMMAND} {key} {KEY} {rid} {ID}")

    assert (ran.out, ran.err) == (f'"{ANSWER}"\n', "")


def test_key_alone_is_printed_for_scripts(run_offline):
    assert run_offline(f"{COMMAND} --key {KEY} --rid {ID} -o tsv").out == f"{ANSWER}\n"


def test_upper_case_id_is_used_as_given_with_a_warning(run_offline):
    ran = run_offline(f"{COMMAND} --key {KEY} --rid {ID.upper()}")

    assert ran.json == UPPER_ANSWER
    assert ran.err.startswith("warning: registration id")


@pytest.mark.parametrize("size", [1, 15, 65, 100])
def test_key_of_odd_length_is_used_with_a_warning(run_offline, size):
    key = b64encode(b"k" * size).decode()

    ran = run_offline(f"{COMMAND} --key {key} --rid d1")

    assert ran.json == derive_device_key(key, "d1")
    assert ran.err == f"warning: the key has {size} bytes; the service's keys have 16 to 64\n"


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(KEY.replace("/", "_"), id="url-safe"),
        pytest.param(KEY.rstrip("="), id="no-padding"),
        pytest.param(KEY + "=", id="too-much-padding"),
        pytest.param("not base64 at all", id="words"),
    ],
)
def test_key_that_is_no_base64_is_refused(run_offline, key):
    ran = run_offline([*COMMAND.split(), "--key", key, "--rid", ID], expect=2)

    assert ran.err.startswith("dpsctl: --key: ")
    assert ran.out == ""


@pytest.mark.parametrize("rid", ["a b", "a/b", "d.", "x" * 129])
def test_impossible_registration_id_is_refused(run_offline, rid):
    ran = run_offline([*COMMAND.split(), "--key", KEY, "--rid", rid], expect=2)

    assert ran.err.startswith("dpsctl: --registration-id: ")


def test_key_is_read_from_a_file_or_standard_input(run_offline, tmp_path):
    (tmp_path / "group.key").write_text(KEY + "\n")

    of_file = run_offline(f"{COMMAND} --key @{tmp_path}/group.key --rid {ID}")
    of_stdin = run_offline(f"{COMMAND} --key @- --rid {ID}", stdin=KEY + "\r\n")

    assert of_file.json == of_stdin.json == ANSWER


def test_key_is_read_from_the_environment(run_offline, monkeypatch):
    monkeypatch.setenv("DPSCTL_GROUP_KEY", KEY)

    assert run_offline(f"{COMMAND} --rid {ID} --only-show-errors").json == ANSWER


def test_bad_key_of_the_environment_names_the_variable(run_offline, monkeypatch):
    monkeypatch.setenv("DPSCTL_GROUP_KEY", KEY[:-3])

    ran = run_offline(f"{COMMAND} --rid {ID}", expect=2)

    assert ran.err.startswith("dpsctl: DPSCTL_GROUP_KEY: ")
    assert KEY[:20] not in ran.err


def test_key_given_beats_the_environment(run_offline, monkeypatch):
    monkeypatch.setenv("DPSCTL_GROUP_KEY", "c29tZXRoaW5nLWVsc2UtdGhhbi10aGUta2V5IQ==")

    assert run_offline(f"{COMMAND} --rid {ID} --key {KEY}").json == ANSWER


def test_key_of_the_group_is_fetched(run, monkeypatch):
    monkeypatch.setenv("DPSCTL_GROUP_KEY", "c29tZXRoaW5nLWVsc2UtdGhhbi10aGUta2V5IQ==")
    group = run("enrollment-group create --gid g1 --show-keys").json["attestation"]["symmetricKey"]

    first = run(f"{COMMAND} --gid g1 --rid {ID}").json
    second = run(f"{COMMAND} --gid g1 --rid {ID} --secondary").json

    assert first == derive_device_key(group["primaryKey"], ID)
    assert second == derive_device_key(group["secondaryKey"], ID)


def test_group_without_keys_has_no_device_keys(run):
    run("enrollment-group create --gid g1 --cn ca-1")

    ran = run(f"{COMMAND} --gid g1 --rid d1", expect=2)

    assert ran.err.startswith("dpsctl: --enrollment-id g1: the group's attestation is x509")


def test_missing_group_is_exit_3(run):
    run(f"{COMMAND} --gid nope --rid d1", expect=3)


def test_key_is_not_asked_of_the_service_too(run_offline):
    ran = run_offline(f"{COMMAND} --key {KEY} --rid d1 --enrollment-id g1", expect=2)

    assert ran.err.startswith("dpsctl: --key and --enrollment-id exclude each other\n")
    assert ran.out == ""


@pytest.mark.parametrize("source", ["--key", "DPSCTL_GROUP_KEY"])
def test_one_key_alone_has_no_secondary(run_offline, monkeypatch, source):
    monkeypatch.setenv("DPSCTL_GROUP_KEY", KEY)
    given = f"--key {KEY}" if source == "--key" else ""

    ran = run_offline(f"{COMMAND} {given} --rid d1 --secondary", expect=2)

    assert ran.err.startswith(f"dpsctl: {source}: --secondary needs both keys of the group\n")
    assert ran.out == ""


@pytest.mark.parametrize("part", ["group", "attestation", "symmetricKey"])
def test_keys_come_from_the_group_as_show_prints_it(run_offline, tmp_path, part):
    node = {"primaryKey": "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA==", "secondaryKey": KEY}
    if part != "symmetricKey":
        node = {"type": "symmetricKey", "symmetricKey": node}
    if part == "group":
        node = {"enrollmentGroupId": "g", "attestation": node}
    (tmp_path / "group.json").write_text(json.dumps(node, indent=2))
    command = f"{COMMAND} --key @{tmp_path}/group.json --rid {ID} -o tsv"

    primary, secondary = run_offline(command), run_offline(f"{command} --secondary")

    assert (
        primary.out != secondary.out == run_offline(f"{COMMAND} --key {KEY} --rid {ID} -o tsv").out
    )


@pytest.mark.parametrize("text", ["{}", '{"attestation": {"x509": {}}}', '{"primaryKey": 7}', "{"])
def test_group_without_the_key_is_refused(run_offline, text):
    ran = run_offline(f"{COMMAND} --key @- --rid d1", stdin=text, expect=2)

    assert ran.err.startswith("dpsctl: --key: ")


@pytest.mark.parametrize(
    "label", [ANSWER, f"HostName=h;DeviceId={ID};SharedAccessKey={ANSWER}", f" {ANSWER}\n"]
)
def test_label_of_the_device_matches(run_offline, label):
    ran = run_offline(f"{COMMAND} --key {KEY} --rid {ID} --verify @-", stdin=label)

    assert ran.json == {"registrationId": ID, "matches": True}


@pytest.mark.parametrize(
    ("rid", "label", "code", "said"),
    [
        pytest.param("d1", ANSWER, 1, "does not belong to 'd1'", id="other device"),
        pytest.param(ID.upper(), ANSWER, 1, f"is that of '{ID}'", id="other spelling"),
        pytest.param(
            ID, f"DeviceId=d2;SharedAccessKey={ANSWER}", 1, "another device's: 'd2'", id="string"
        ),
        pytest.param(ID, "no key", 2, "--verify", id="no key"),
    ],
)
def test_label_of_another_device_is_an_error(run_offline, rid, label, code, said):
    ran = run_offline(f"{COMMAND} --key {KEY} --rid {rid} --verify @-", stdin=label, expect=code)

    assert said in ran.err
    assert ran.out == ""
    assert ANSWER not in ran.err


def test_neither_key_nor_group_is_exit_2(run_offline):
    ran = run_offline(f"{COMMAND} --rid d1", expect=2)

    assert "--key or --enrollment-id" in ran.err


def test_key_that_the_service_cannot_mean_is_refused(odd_service, run_offline):
    odd_service.expect_request("/enrollmentGroups/g1/attestationmechanism").respond_with_json(
        {"type": "symmetricKey", "symmetricKey": {"primaryKey": "%%%"}}
    )

    ran = run_offline(f"{COMMAND} --gid g1 --rid d1", expect=1)

    assert ran.err.startswith("dpsctl: The service's answer: ")


WORDS = st.text("abcdXYZ019-._: /", min_size=1, max_size=12)
KEYS = st.binary(min_size=1, max_size=70).map(lambda data: b64encode(data).decode())


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=KEYS | WORDS, rid=WORDS, form=st.sampled_from([[], ["-o", "tsv"], ["--output=json"]]))
def test_early_path_agrees_with_the_command_tree(capsys, key, rid, form):
    argv = [*COMMAND.split(), f"--key={key}", f"--rid={rid}", *form]
    code = early.run(argv)
    early_out = capsys.readouterr().out

    tree_code = run_tree(argv)

    assert code in (None, tree_code)
    assert early_out in ("", capsys.readouterr().out)


@pytest.mark.parametrize(
    "service",
    [
        f"--login 'HostName=my-dps.example;SharedAccessKeyName=p;SharedAccessKey={KEY}'",
        "-n my-dps -g my-rg",
    ],
    ids=["login", "name"],
)
def test_key_counts_where_az_scripts_name_the_service_too(run_offline, service):
    ran = run_offline(f"{COMMAND} --key {KEY} --rid {ID} --gid g1 {service}")

    assert ran.json == derive_device_key(KEY, ID)
    assert ran.err.startswith("warning: --key is the group's key: the service is not asked")

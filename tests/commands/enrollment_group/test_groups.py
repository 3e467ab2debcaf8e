"""create, show, list and delete; what every flag writes is read back from the service."""

import pytest

KEY = "Zmlyc3Qta2V5LW9mLWEtZ3JvdXAtaW4tdGVzdHM="
OTHER_KEY = "c2Vjb25kLWtleS1vZi1hLWdyb3VwLWluLXRlc3Q="


def at(record, path):
    for name in path.split("."):
        record = record[name]
    return record


CUSTOM = "--ap custom --wh https://f.example/api --av 2021-10-01"
MIGRATE = {"updateHubAssignment": True, "migrateDeviceData": True}
FLAGS = [
    ("--primary-key", KEY, "attestation.symmetricKey.primaryKey", KEY),
    ("--pk", KEY, "attestation.symmetricKey.primaryKey", KEY),
    ("--secondary-key", OTHER_KEY, "attestation.symmetricKey.secondaryKey", OTHER_KEY),
    ("--sk", OTHER_KEY, "attestation.symmetricKey.secondaryKey", OTHER_KEY),
    ("--root-ca-name", "ca-1", "attestation.x509.caReferences", {"primary": "ca-1"}),
    ("--ca-name", "ca-1", "attestation.x509.caReferences", {"primary": "ca-1"}),
    ("--cn", "ca-1", "attestation.x509.caReferences", {"primary": "ca-1"}),
    ("--secondary-root-ca-name", "ca-2", "attestation.x509.caReferences", {"secondary": "ca-2"}),
    ("--secondary-ca-name", "ca-2", "attestation.x509.caReferences", {"secondary": "ca-2"}),
    ("--scn", "ca-2", "attestation.x509.caReferences", {"secondary": "ca-2"}),
    ("--allocation-policy", "hashed", "allocationPolicy", "hashed"),
    ("--ap", "geoLatency", "allocationPolicy", "geoLatency"),
    ("--ap hashed --iot-hubs", "h1 h2", "iotHubs", ["h1", "h2"]),
    ("--ap static --ih", "h1", "iotHubs", ["h1"]),
    (CUSTOM + " --webhook-url", "https://g.example", "customAllocationDefinition.webhookUrl", None),
    (CUSTOM + " --wh", "https://g.example", "customAllocationDefinition.webhookUrl", None),
    (CUSTOM + " --api-version", "2019-03-31", "customAllocationDefinition.apiVersion", None),
    (CUSTOM + " --av", "2018-09-01-preview", "customAllocationDefinition.apiVersion", None),
    ("--edge-enabled", "true", "capabilities.iotEdge", True),
    ("--ee", "false", "capabilities.iotEdge", False),
    ("--provisioning-status", "disabled", "provisioningStatus", "disabled"),
    ("--ps", "enabled", "provisioningStatus", "enabled"),
    ("--reprovision-policy", "reprovisionandmigratedata", "reprovisionPolicy", MIGRATE),
    (
        "--rp",
        "reprovisionandresetdata",
        "reprovisionPolicy",
        {"updateHubAssignment": True, "migrateDeviceData": False},
    ),
    (
        "--rp",
        "never",
        "reprovisionPolicy",
        {"updateHubAssignment": False, "migrateDeviceData": False},
    ),
    ("--initial-twin-tags", "a=b", "initialTwin.tags", {"a": "b"}),
    ("--tags", "n:=7", "initialTwin.tags", {"n": 7}),
    ("--initial-twin-properties", "a=b", "initialTwin.properties.desired", {"a": "b"}),
    ("--props", "a.b=c", "initialTwin.properties.desired", {"a": {"b": "c"}}),
    ("--set", "newField:=[1]", "newField", [1]),
]
EVERY_FLAG = pytest.mark.parametrize(
    ("flag", "value", "path", "written"), FLAGS, ids=[f"{row[0]} {row[1]}" for row in FLAGS]
)


@EVERY_FLAG
def test_create_writes_what_the_flag_says(run, flag, value, path, written):
    run(f"enrollment-group create --gid g1 {flag} {value}")

    group = run("enrollment-group show --gid g1 --show-keys").json

    assert at(group, path) == (value if written is None else written)


@EVERY_FLAG
def test_update_writes_what_the_flag_says_and_nothing_else(run, flag, value, path, written):
    kind = "--cn before" if "caReferences" in path else f"--pk {KEY} --sk {OTHER_KEY}"
    run(f"enrollment-group create --gid g1 {kind} --tags z=1 --props z=1 --ps enabled --set x=y")
    before = run("enrollment-group show --gid g1 --show-keys").json

    run(f"enrollment-group update --gid g1 {flag} {value}")

    after = run("enrollment-group show --gid g1 --show-keys").json
    new = value if written is None else written
    if isinstance(new, dict) and "caReferences" in path:
        new = {"primary": "before"} | new
    assert at(after, path) == new
    changed = {name for name in after if after[name] != before.get(name)}
    named = {path.partition(".")[0]} | ({"allocationPolicy"} if "--ap" in flag else set())
    named |= {"customAllocationDefinition"} if "custom" in flag else set()
    assert changed - {"etag", "lastUpdatedDateTimeUtc"} <= named
    assert before.keys() <= after.keys()


@pytest.mark.parametrize("flag", ["--enrollment-id", "--eid", "--group-id", "--gid"])
@pytest.mark.parametrize("verb", ["create", "show", "update", "delete"])
def test_group_is_named_by_any_alias(run, flag, verb):
    if verb != "create":
        run("enrollment-group create --gid g1")

    run(f"enrollment-group {verb} {flag} g1")

    assert len(run("enrollment-group list").json) == (0 if verb == "delete" else 1)


def test_create_sends_what_az_sends_by_default(odd_service, run_offline):
    odd_service.expect_request("/enrollmentGroups/g1", method="PUT").respond_with_json({})

    run_offline("enrollment-group create --gid g1")

    request, _ = odd_service.log[0]
    assert "If-Match" not in request.headers
    assert request.query_string == b"api-version=2021-10-01"
    assert request.json == {
        "enrollmentGroupId": "g1",
        "attestation": {"type": "symmetricKey", "symmetricKey": {}},
        "capabilities": {"iotEdge": False},
        "reprovisionPolicy": MIGRATE,
    }


def test_create_lets_the_service_make_both_keys(run):
    keys = run("enrollment-group create --gid g1 --show-keys").json["attestation"]["symmetricKey"]

    assert len(set(keys.values())) == 2
    assert all(len(key) == 88 for key in keys.values())


@pytest.mark.parametrize(
    ("flags", "slots"),
    [
        pytest.param("--certificate-path {0}", {"primary"}, id="primary"),
        pytest.param("--cp {0}", {"primary"}, id="primary-alias"),
        pytest.param("--secondary-certificate-path {0}", {"secondary"}, id="secondary"),
        pytest.param("--scp {0}", {"secondary"}, id="secondary-alias"),
        pytest.param("--cp {0} --scp {1}", {"primary", "secondary"}, id="both"),
    ],
)
def test_create_writes_certificates(run, certificate_file, flags, slots):
    files = [certificate_file(f"{n}.pem", subject=f"CA {n}") for n in (0, 1)]

    run(f"enrollment-group create --gid g1 {flags.format(*files)}")

    written = run("enrollment-group show --gid g1").json["attestation"]["x509"]
    assert set(written) == {"signingCertificates"}
    assert set(written["signingCertificates"]) == slots


def test_certificate_of_doubt_is_written_with_a_warning(run, certificate_file):
    leaf = certificate_file(is_ca=False)

    loud = run(f"enrollment-group create --gid g1 --cp {leaf}")
    quiet = run(f"enrollment-group create --gid g2 --cp {leaf} --only-show-errors")

    assert f"warning: --certificate-path {leaf}" in loud.err
    assert quiet.err == ""


def test_create_says_that_the_group_exists(run):
    run("enrollment-group create --gid g1 --tags a=1")

    ran = run("enrollment-group create --gid g1 --tags a=2", expect=5)

    assert "already exists" in ran.err
    assert "update" in ran.err.splitlines()[1]
    assert run("enrollment-group show --gid g1").json["initialTwin"]["tags"] == {"a": "1"}


@pytest.mark.parametrize("word", ["skip", "update", "UPDATE"])
def test_create_makes_a_missing_group_whatever_is_to_happen_to_an_old_one(run, word):
    ran = run(f"enrollment-group create --gid g1 --if-exists {word} --tags a=1")

    assert ran.json["initialTwin"]["tags"] == {"a": "1"}


def test_create_can_leave_an_old_group_as_it_is(run):
    old = run("enrollment-group create --gid g1 --tags a=1").json

    ran = run("enrollment-group create --gid g1 --tags a=2 --if-exists skip")

    assert ran.json["etag"] == old["etag"]
    assert run("enrollment-group show --gid g1").json["initialTwin"]["tags"] == {"a": "1"}


def test_create_can_update_an_old_group_with_the_flags_given(run):
    run(f"enrollment-group create --gid g1 --pk {KEY} --sk {KEY} --tags a=1 --ee --rp never")

    run("enrollment-group create --gid g1 --if-exists update --props b=2")

    group = run("enrollment-group show --gid g1 --keys").json
    assert group["attestation"]["symmetricKey"] == {"primaryKey": KEY, "secondaryKey": KEY}
    assert group["capabilities"] == {"iotEdge": True}
    assert group["reprovisionPolicy"]["updateHubAssignment"] is False
    assert group["initialTwin"] == {"tags": {"a": "1"}, "properties": {"desired": {"b": "2"}}}


@pytest.mark.parametrize(
    ("flags", "are_shown"),
    [
        pytest.param("", False, id="not-asked"),
        pytest.param("--show-keys", True, id="bare"),
        pytest.param("--keys true", True, id="alias"),
        pytest.param("--keys false", False, id="off"),
    ],
)
@pytest.mark.parametrize("verb", ["show --gid g1", "list"])
def test_keys_are_shown_when_asked(run, verb, flags, are_shown):
    run(f"enrollment-group create --gid g1 --pk {KEY}")

    shown = run(f"enrollment-group {verb} {flags}")

    assert (KEY in shown.out) == are_shown
    assert shown.err == ""


def test_asking_for_keys_that_there_are_not_is_a_warning(run):
    run("enrollment-group create --gid g1 --cn ca-1")

    ran = run("enrollment-group show --gid g1 --show-keys")

    assert "no symmetric keys to show: the attestation is x509" in ran.err
    assert ran.json["attestation"]["type"] == "x509"


def test_delete_removes_the_group_whatever_its_etag(run):
    run("enrollment-group create --gid g1")

    ran = run("enrollment-group delete --gid g1")

    assert (ran.out, ran.err) == ("", "")
    assert run("enrollment-group list").json == []


def test_delete_keeps_a_group_that_has_changed_since(run):
    etag = run("enrollment-group create --gid g1").json["etag"]
    run("enrollment-group update --gid g1 --ee")

    ran = run(["enrollment-group", "delete", "--gid", "g1", "--etag", etag], expect=5)

    assert "HTTP 412" in ran.err
    assert len(run("enrollment-group list").json) == 1


def test_delete_takes_the_current_etag(run):
    etag = run("enrollment-group create --gid g1").json["etag"]

    run(["enrollment-group", "delete", "--gid", "g1", "-e", etag])

    assert run("enrollment-group list").json == []


def test_missing_group_is_exit_3(run):
    for verb in ("show", "update", "delete"):
        assert "not found" in run(f"enrollment-group {verb} --gid nope", expect=3).err


WRITES = [
    "create --gid new --pk {key} --set a=b",
    "create --gid g1 --if-exists update --ee",
    "create --gid g1 --if-exists update --pk {key}",
    "update --gid g1 --pk {key}",
    "update --gid g1 --props a=b",
    "delete --gid g1",
    "registration delete --rid d1",
]


@pytest.mark.parametrize("line", WRITES)
def test_dry_run_prints_the_write_and_sends_none(run, line):
    run(f"enrollment-group create --gid g1 --sk {OTHER_KEY}")
    before = run("enrollment-group list").json

    ran = run(f"enrollment-group {line.format(key=KEY)} --dry-run")

    assert ran.json["method"] == ("DELETE" if "delete" in line else "PUT")
    assert ran.json["url"].endswith("?api-version=2021-10-01")
    assert KEY not in ran.out
    assert OTHER_KEY not in ran.out
    assert run("enrollment-group list").json == before


def test_dry_run_shows_the_etag_and_the_whole_body(run):
    etag = run("enrollment-group create --gid g1 --tags a=1").json["etag"]

    plan = run("enrollment-group update --gid g1 --ps disabled --dry-run").json

    assert plan["headers"] == {"If-Match": etag}
    assert plan["body"]["initialTwin"] == {"tags": {"a": "1"}}
    assert plan["body"]["provisioningStatus"] == "disabled"


def test_dry_run_of_a_create_that_skips_shows_the_old_group(run):
    run("enrollment-group create --gid g1 --tags a=1")

    ran = run("enrollment-group create --gid g1 --if-exists skip --dry-run")

    assert ran.json["initialTwin"]["tags"] == {"a": "1"}


@pytest.mark.parametrize("line", ["show --gid g1", "list"])
def test_table_has_the_keys_that_are_asked_for(run, line):
    keys = run("enrollment-group create --gid g1 --show-keys").json["attestation"]["symmetricKey"]

    shown = run(f"enrollment-group {line} --show-keys -o table").out
    hidden = run(f"enrollment-group {line} -o table").out

    assert keys["primaryKey"] in shown
    assert keys["secondaryKey"] in shown
    assert keys["primaryKey"] not in hidden

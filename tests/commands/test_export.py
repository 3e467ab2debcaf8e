"""What `export` writes: the same bytes for the same state, in which `diff` finds nothing."""

import base64
from pathlib import Path

import pytest
import yaml

A, B = (base64.b64encode(bytes([letter]) * 32).decode() for letter in b"ab")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def hand_made(run, certificate_file):
    """A service whose records somebody made by hand, in no order."""
    run(
        f"enrollment-group create --gid line-4 --primary-key {A} --secondary-key {B} "
        "--tags site=eu --iot-hubs b.x a.x --allocation-policy hashed --set future.x:=[1,null]"
    )
    run(
        f"enrollment-group create --gid Line-5 --cp {certificate_file('ca.pem')} "
        "--provisioning-status disabled"
    )
    run(
        "enrollment create --eid a:b --at symmetricKey --device-id d --set provisioningStatus:=null"
    )
    run(
        [
            "enrollment",
            "create",
            "--eid",
            "z",
            "--at",
            "symmetricKey",
            "--set",
            'initialTwin.properties.desired:={"$x": {"$env": "HOME"}, "no": "yes", "a": "010"}',
        ]
    )


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("flags", ["", "-o jsonl", "--show-keys"])
def test_webhooks_address_is_a_secret_that_an_export_leaves_where_it_is(run, flags, exact):
    url = "https://f.example/api?code=s3cret-of-the-function"
    run(
        "enrollment-group create --gid line-4 --allocation-policy custom "
        f"--webhook-url {url} --api-version 2021-10-01"
    )
    text = run(f"export {flags}").out
    Path("all.yaml").write_text(f"$fleet: 1\nexact: {str(exact).lower()}\n")

    assert ("s3cret" in text) is (flags == "--show-keys")
    assert ("# webhookUrl: left out" in text) is (flags == "")
    assert run("diff -f - -f all.yaml --exit-code", stdin=text).out == "as wanted 1\n"


def test_webhook_that_is_written_nowhere_goes_whole_where_that_is_meant(run):
    run(
        "enrollment-group create --gid line-4 --allocation-policy custom "
        "--webhook-url https://f.example/api?code=x --api-version 2021-10-01"
    )
    text = "enrollmentGroupId: line-4\n$exact: true\nallocationPolicy: hashed\n"

    run("apply -f - --yes", stdin=text)

    assert "customAllocationDefinition" not in run("enrollment-group show --gid line-4").json


@pytest.mark.usefixtures("hand_made")
@pytest.mark.parametrize("exact", ["", "--exact"])
@pytest.mark.parametrize("flags", ["", "--show-keys", "-o jsonl", "-o json", "-o yaml"])
def test_export_differs_in_nothing(run, flags, exact):
    text = run(f"export {flags}").out
    if exact:
        Path("all.yaml").write_text("$fleet: 1\nexact: true\n")

    ran = run(f"diff -f - {'-f all.yaml' if exact else ''} --exit-code", stdin=text)

    assert ran.out.splitlines()[-1] == "as wanted 4"


@pytest.mark.usefixtures("hand_made")
def test_two_exports_of_one_state_are_the_same_bytes(run):
    assert run("export").out == run("export --parallel 1").out


@pytest.mark.usefixtures("hand_made")
def test_export_is_readable_and_holds_nothing_of_the_services_own(run):
    text = run("export").out

    records = list(yaml.safe_load_all(text))
    ids = [one.get("enrollmentGroupId") or one.get("registrationId") for one in records]
    assert ids == ["line-4", "Line-5", "a:b", "z"]
    assert not any(
        {"etag", "createdDateTimeUtc", "registrationState"} & set(one) for one in records
    )
    assert A not in text
    assert "# primary: CN=Test CA, ends 20" in text
    assert records[0]["attestation"] == {"type": "symmetricKey"}
    assert records[3]["initialTwin"]["properties"]["desired"] == {
        "$literal": {"$x": {"$env": "HOME"}, "no": "yes", "a": "010"}
    }


@pytest.mark.usefixtures("hand_made")
def test_keys_are_there_on_request(run):
    records = list(yaml.safe_load_all(run("export --show-keys --ids line-4").out))

    assert records[0]["attestation"]["symmetricKey"] == {"primaryKey": A, "secondaryKey": B}


@pytest.mark.usefixtures("hand_made")
@pytest.mark.parametrize(
    ("flags", "ids"),
    [
        ("--ids LINE-*", ["line-4", "Line-5"]),
        ("--ids line-4 --ids z", ["line-4", "z"]),
        ("--kind individualenrollment", ["a:b", "z"]),
        ("--kind EnrollmentGroup --ids z", []),
    ],
)
def test_part_of_the_service_is_exported(run, flags, ids):
    records = run(f"export {flags} -o json").json

    assert [one.get("enrollmentGroupId") or one.get("registrationId") for one in records] == ids


@pytest.mark.usefixtures("hand_made")
def test_certificates_are_named_by_their_files(run, certificate_file, here):
    (here / "notes.txt").write_text("no certificate")
    run(f"enrollment-group create --gid z --cp {certificate_file('other.pem')}")
    (here / "other.pem").unlink()

    ran = run("export --certificates .")

    assert "$file: ca.pem" in ran.out
    assert "EnrollmentGroup z: .." in ran.err
    assert "Line-5" not in ran.err
    assert run("diff -f - --exit-code", stdin=ran.out).out == "as wanted 5\n"


@pytest.mark.usefixtures("hand_made")
def test_split_writes_a_file_a_record_and_nothing_over_others(run, here):
    run("export --split fleet --show-keys --certificates .")

    files = sorted(path.relative_to("fleet").as_posix() for path in Path("fleet").rglob("*.yaml"))
    assert files == [
        "enrollment-groups/Line-5.yaml",
        "enrollment-groups/line-4.yaml",
        "individual-enrollments/a%3Ab.yaml",
        "individual-enrollments/z.yaml",
    ]
    group = here / "fleet" / "enrollment-groups"
    assert (group / "line-4.yaml").stat().st_mode & 0o777 == 0o600
    assert "$file: ../../ca.pem" in (group / "Line-5.yaml").read_text()
    assert run("diff -f fleet --root . --exit-code").out == "as wanted 4\n"
    (group / "line-4.yaml").write_text("mine")
    (group / "Line-5.yaml").unlink()
    assert "exists already" in run("export --split fleet", expect=2).err
    assert (group / "line-4.yaml").read_text() == "mine"
    assert not (group / "Line-5.yaml").exists()
    run("export --split fleet --force")
    assert run("diff -f fleet --exit-code").out == "as wanted 4\n"


def test_folder_of_certificates_has_to_be_there(run):
    assert "--certificates nope: is no folder" in run("export --certificates nope", expect=2).err


def test_service_without_records_is_no_text(run):
    assert run("export").out == ""


@pytest.mark.usefixtures("hand_made")
def test_export_can_stand_in_a_comment(run):
    out = run("export -o markdown").out

    assert out == f"```yaml\n{run('export').out}```\n"

"""update: only what was asked changes, and nobody else's change is lost."""

import pytest

KEY = "Zmlyc3Qta2V5LW9mLWEtZ3JvdXAtaW4tdGVzdHM="
OTHER_KEY = "c2Vjb25kLWtleS1vZi1hLWdyb3VwLWluLXRlc3Q="
UPDATE = "enrollment-group update --gid g1"
PATH = "/enrollmentGroups/g1"


def record(**fields):
    return {"enrollmentGroupId": "g1", "attestation": {"type": "none"}, "etag": "e1", **fields}


def test_update_sends_the_etag_just_read(odd_service, one_record, run_offline):
    one_record(record())

    run_offline(f"{UPDATE} --ee")

    methods = [request.method for request, _ in odd_service.log]
    assert methods == ["GET", "PUT"]
    assert odd_service.log[-1][0].headers["If-Match"] == "e1"


@pytest.mark.parametrize("etag", ["e9", "*"])
def test_update_sends_the_etag_given(odd_service, one_record, run_offline, etag):
    one_record(record())

    run_offline(f"{UPDATE} --ee --etag '{etag}'")

    assert odd_service.log[-1][0].headers["If-Match"] == etag


def test_update_keeps_what_others_changed_meanwhile(odd_service, run_offline):
    first, second = record(initialTwin={"tags": {"a": 1}}), record(provisioningStatus="disabled")
    second["etag"] = "e2"
    for held, status in ((first, 412), (second, 200)):
        odd_service.expect_ordered_request(PATH, method="GET").respond_with_json(held)
        odd_service.expect_ordered_request(PATH, method="PUT").respond_with_json({}, status=status)

    run_offline(f"{UPDATE} --ee")

    sent = odd_service.log[-1][0]
    assert sent.headers["If-Match"] == "e2"
    assert sent.json == {**second, "capabilities": {"iotEdge": True}}


def test_update_with_an_etag_tries_once(odd_service, run_offline):
    odd_service.expect_request(PATH, method="GET").respond_with_json(record())
    odd_service.expect_request(PATH, method="PUT").respond_with_json({}, status=412)

    run_offline(f"{UPDATE} --ee --etag e1", expect=5)

    assert [request.method for request, _ in odd_service.log] == ["GET", "PUT"]


def test_update_forces_its_way_over_a_change(run):
    old = run(f"enrollment-group create --gid g1 --pk {KEY}").json["etag"]
    run(f"{UPDATE} --ps disabled")

    stale = run([*UPDATE.split(), "--tags", "a=1", "--etag", old], expect=5)
    forced = run(f"{UPDATE} --tags a=1 --etag '*'")

    assert "HTTP 412" in stale.err
    assert forced.json["provisioningStatus"] == "disabled"


def test_update_never_makes_new_keys(run):
    keys = run("enrollment-group create --gid g1 --show-keys").json["attestation"]

    run(f"{UPDATE} --ee")
    run(f"{UPDATE} --set x=1")
    only_one = run(f"{UPDATE} --sk {OTHER_KEY} --show-keys").json["attestation"]["symmetricKey"]

    assert only_one == {**keys["symmetricKey"], "secondaryKey": OTHER_KEY}


def test_update_refuses_to_write_a_record_whose_keys_are_hidden(odd_service, run_offline):
    held = record(attestation={"type": "symmetricKey"})
    odd_service.expect_request(PATH, method="GET").respond_with_json(held)
    odd_service.expect_request(f"{PATH}/attestationmechanism").respond_with_json(
        {"type": "symmetricKey"}
    )

    ran = run_offline(f"{UPDATE} --ee", expect=1)

    assert "would make new ones" in ran.err
    assert not [request for request, _ in odd_service.log if request.method == "PUT"]


def test_untouched_certificate_is_kept(run, certificate_file):
    run(f"enrollment-group create --gid g1 --cp {certificate_file()} --tags a=1")
    before = run("enrollment-group show --gid g1").json["attestation"]

    run(f"{UPDATE} --ee")
    run(f"{UPDATE} --scp {certificate_file('2.pem', subject='Second')}")

    after = run("enrollment-group show --gid g1").json["attestation"]["x509"]["signingCertificates"]
    assert after["primary"] == before["x509"]["signingCertificates"]["primary"]
    assert after["secondary"]["info"]["subjectName"] == "CN=Second"


@pytest.mark.parametrize(
    ("made", "flags", "left"),
    [
        pytest.param("--cn a --scn b", "--rc", {"secondary": "b"}, id="primary"),
        pytest.param("--cn a --scn b", "--remove-certificate true", {"secondary": "b"}, id="long"),
        pytest.param("--cn a --scn b", "--rsc", {"primary": "a"}, id="secondary"),
        pytest.param("--cn a --scn b", "--rsc=true", {"primary": "a"}, id="equals"),
        pytest.param(
            "--cn a --scn b", "--rc false --rsc false", {"primary": "a", "secondary": "b"}, id="no"
        ),
        pytest.param("--cn a", "--rc --cn c", {"primary": "c"}, id="replaced"),
        pytest.param("--cn a", "--rc --scn c", {"secondary": "c"}, id="moved"),
        pytest.param("--cn a", "--scn c", {"primary": "a", "secondary": "c"}, id="added"),
    ],
)
def test_ca_names_are_removed_and_added(run, made, flags, left):
    run(f"enrollment-group create --gid g1 {made}")

    run(f"{UPDATE} {flags}")

    group = run("enrollment-group show --gid g1").json
    assert group["attestation"]["x509"] == {"caReferences": left}


def test_certificates_are_removed(run, certificate_file):
    path = certificate_file()
    run(f"enrollment-group create --gid g1 --cp {path} --scp {path}")

    run(f"{UPDATE} --rc")

    x509 = run("enrollment-group show --gid g1").json["attestation"]["x509"]
    assert list(x509["signingCertificates"]) == ["secondary"]


def test_group_changes_from_certificate_to_ca_name_and_back(run, certificate_file):
    path = certificate_file()
    run(f"enrollment-group create --gid g1 --cp {path} --scp {path}")

    by_name = run(f"{UPDATE} --scn ca-1").json["attestation"]
    by_file = run(f"{UPDATE} --cp {path}").json["attestation"]

    assert by_name == {"type": "x509", "x509": {"caReferences": {"secondary": "ca-1"}}}
    assert list(by_file["x509"]) == ["signingCertificates"]
    assert list(by_file["x509"]["signingCertificates"]) == ["primary"]


@pytest.mark.parametrize("empty", ["--tags ''", "--tags {}", "--tags="])
def test_empty_tags_clear_tags_only(run, empty):
    run("enrollment-group create --gid g1 --tags a=1 --props b=2")

    run(f"{UPDATE} {empty}")

    twin = run("enrollment-group show --gid g1").json["initialTwin"]
    assert twin == {"tags": {}, "properties": {"desired": {"b": "2"}}}


def test_empty_properties_clear_properties_only(run):
    run("enrollment-group create --gid g1 --tags a=1 --props b=2")

    run(f"{UPDATE} --props ''")

    twin = run("enrollment-group show --gid g1").json["initialTwin"]
    assert twin == {"tags": {"a": "1"}, "properties": {"desired": {}}}


def test_any_field_can_be_set_and_removed(run):
    run("enrollment-group create --gid g1 --ap hashed --ih a b c --set new.deep:=[1,2] --tags t=1")

    run(f"{UPDATE} --set iotHubs.0=z new.deep.1=two 'new.a\\.b:=null' --remove iotHubs.1")
    group = run(f"{UPDATE} --remove initialTwin.tags.t --set newer:=true").json

    assert group["iotHubs"] == ["z", "c"]
    assert group["new"] == {"deep": [1, "two"], "a.b": None}
    assert group["newer"] is True
    assert group["initialTwin"]["tags"] == {}


def test_flags_and_edits_of_the_allocation_are_judged_together(run):
    run("enrollment-group create --gid g1 --ap static --set iotHubs:='[\"h1\"]'")

    group = run(f"{UPDATE} --ih h2 h3 --set allocationPolicy=geoLatency").json

    assert (group["allocationPolicy"], group["iotHubs"]) == ("geoLatency", ["h2", "h3"])

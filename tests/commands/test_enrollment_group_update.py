"""update: only what was asked changes, and nobody else's change is lost."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.wrappers import Response

KEY = "Zmlyc3Qta2V5LW9mLWEtZ3JvdXAtaW4tdGVzdHM="
OTHER_KEY = "c2Vjb25kLWtleS1vZi1hLWdyb3VwLWluLXRlc3Q="
UPDATE = "enrollment-group update --gid g1"
PATH = "/enrollmentGroups/g1"
DATA = Path(__file__).parent.parent / "data"
READ_ONLY = ("createdDateTimeUtc", "lastUpdatedDateTimeUtc")


def record(**fields):
    return {"enrollmentGroupId": "g1", "attestation": {"type": "none"}, "etag": "e1", **fields}


@pytest.fixture
def one_record(odd_service):
    """Serve one record, take what is written over it, and return the writes."""

    def serve(held):
        written = []
        odd_service.clear()
        path = f"/enrollmentGroups/{held['enrollmentGroupId']}"

        def take(request):
            written.append(request.json)
            return Response(json.dumps(request.json), content_type="application/json")

        odd_service.expect_request(path, method="GET").respond_with_json(held)
        odd_service.expect_request(path, method="PUT").respond_with_handler(take)
        return written

    return serve


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


def test_update_gives_up_after_three_changes_by_others(odd_service, run_offline):
    odd_service.expect_request(PATH, method="GET").respond_with_json(record())
    odd_service.expect_request(PATH, method="PUT").respond_with_json({}, status=412)

    ran = run_offline(f"{UPDATE} --ee", expect=5)

    assert "HTTP 412" in ran.err
    assert [request.method for request, _ in odd_service.log] == ["GET", "PUT"] * 3


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
    keys = run("enrollment-group create --gid g1").json["attestation"]

    run(f"{UPDATE} --ee")
    run(f"{UPDATE} --set x=1")
    only_one = run(f"{UPDATE} --sk {OTHER_KEY}").json["attestation"]["symmetricKey"]

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


SEEDS = {"maximum": "enrollment-group-maximum.json", "minimum": "enrollment-group-minimum.json"}


@pytest.mark.parametrize("seed", sorted(SEEDS))
def test_record_of_the_documentation_survives_show(one_record, run_offline, seed):
    held = json.loads((DATA / SEEDS[seed]).read_text())
    one_record(held)

    assert run_offline(f"enrollment-group show --gid {held['enrollmentGroupId']}").json == held


@pytest.mark.parametrize("seed", sorted(SEEDS))
def test_record_of_the_documentation_survives_an_update(one_record, run_offline, seed):
    held = json.loads((DATA / SEEDS[seed]).read_text())
    written = one_record(held)
    gid = held["enrollmentGroupId"]

    run_offline(f"enrollment-group update --gid {gid} --ps disabled --etag '*'")

    unchanged = {name: value for name, value in held.items() if name not in READ_ONLY}
    assert written == [{**unchanged, "provisioningStatus": "disabled"}]


def test_record_without_an_etag_is_written_by_force_only(one_record, run_offline):
    held = json.loads((DATA / SEEDS["minimum"]).read_text())
    written = one_record(held)

    ran = run_offline(f"enrollment-group update --gid {held['enrollmentGroupId']} --ee", expect=1)

    assert "has no etag" in ran.err
    assert "--etag '*'" in ran.err
    assert written == []


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | NUMBERS | NAMES
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
AWKWARD = st.sampled_from(["version", "count", "metadata", "$version", "$metadata", "", "a.b", "="])
TWINS = st.dictionaries(AWKWARD | NAMES, JSON, max_size=5)
# What a record newer than this release may hold.
UNKNOWN = st.dictionaries(st.from_regex(r"new[A-Z][a-z]{0,5}", fullmatch=True), JSON, max_size=4)
ONE_FLAG = st.sampled_from(
    [
        ("--ee", "capabilities"),
        ("--ps=disabled", "provisioningStatus"),
        ("--rp=never", "reprovisionPolicy"),
        ("--ap=hashed", "allocationPolicy"),
        ("--tags=a=1", "initialTwin"),
        ("--props=a=1", "initialTwin"),
        ("--set=zz=1", "zz"),
    ]
)
FEW = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FEW
@given(tags=TWINS, desired=TWINS)
def test_twins_come_back_as_they_went(run, tags, desired):
    run("enrollment-group delete --gid g1", expect=None)
    words = [f"--tags={json.dumps(tags)}", f"--props={json.dumps(desired)}"]

    run(["enrollment-group", "create", "--gid", "g1", *words])

    twin = run("enrollment-group show --gid g1").json["initialTwin"]
    assert twin == {"tags": tags, "properties": {"desired": desired}}


@FEW
@given(tags=TWINS, desired=TWINS)
def test_twins_survive_an_update_of_something_else(run, tags, desired):
    run("enrollment-group delete --gid g1", expect=None)
    words = [f"--tags={json.dumps(tags)}", f"--props={json.dumps(desired)}"]
    run(["enrollment-group", "create", "--gid", "g1", *words])

    twin = run(f"{UPDATE} --ee").json["initialTwin"]

    assert twin == {"tags": tags, "properties": {"desired": desired}}


@FEW
@given(flag=ONE_FLAG, unknown=UNKNOWN, twin=TWINS)
def test_one_flag_leaves_the_rest_of_the_body_identical(
    one_record, run_offline, flag, unknown, twin
):
    held = record(**unknown, initialTwin={"tags": twin, "properties": {"desired": twin, "x": 1}})
    held |= {"provisioningStatus": None, "capabilities": {"iotEdge": False, "new": twin}}
    written = one_record(held)
    words, field = flag

    run_offline([*UPDATE.split(), words])

    others = {name: value for name, value in held.items() if name != field}
    assert {name: value for name, value in written[0].items() if name != field} == others
    assert written[0]["initialTwin"]["properties"]["x"] == 1
    assert written[0]["capabilities"]["new"] == twin


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("{'location':{'region':'US'}}", id="python-quotes"),
        pytest.param('{"location":{"region":"US"}}', id="json"),
        pytest.param("location.region=US", id="words"),
    ],
)
def test_twin_of_the_seed_is_read_in_every_spelling(run, value):
    group = run(["enrollment-group", "create", "--gid", "g1", "--props", value]).json

    assert group["initialTwin"]["properties"]["desired"] == {"location": {"region": "US"}}


def test_shorthand_of_the_documentation_is_read(run):
    words = ["site=eu", "rack:=7", "a.b=x", r"c\.d=y", "empty="]

    group = run(["enrollment-group", "create", "--gid", "g1", "--tags", *words]).json

    expected = {"site": "eu", "rack": 7, "a": {"b": "x"}, "c.d": "y", "empty": ""}
    assert group["initialTwin"]["tags"] == expected

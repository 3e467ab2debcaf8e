"""What goes into a record comes out of it: twins, unknown fields, the documentation's records."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

UPDATE = "enrollment-group update --gid g1"
DATA = Path(__file__).parents[2] / "data"
READ_ONLY = ("createdDateTimeUtc", "lastUpdatedDateTimeUtc", "registrationState")
IDS = {"enrollment-group": "enrollmentGroupId", "enrollment": "registrationId"}
of_the_documentation = pytest.mark.parametrize(
    ("noun", "size"), [(noun, size) for noun in IDS for size in ("maximum", "minimum")]
)


def seed(noun, size):
    """Read a record of Microsoft's REST reference."""
    return json.loads((DATA / f"{noun}-{size}.json").read_text())


@of_the_documentation
def test_record_of_the_documentation_survives_show(one_record, run_offline, noun, size):
    held = seed(noun, size)
    one_record(held)

    assert run_offline(f"{noun} show --eid {held[IDS[noun]]} --show-keys").json == held


@of_the_documentation
def test_record_of_the_documentation_survives_an_update(one_record, run_offline, noun, size):
    held = seed(noun, size)
    written = one_record(held)

    run_offline(f"{noun} update --eid {held[IDS[noun]]} --ps disabled --etag '*'")

    unchanged = {name: value for name, value in held.items() if name not in READ_ONLY}
    assert written == [{**unchanged, "provisioningStatus": "disabled"}]


def test_record_without_an_etag_is_written_by_force_only(one_record, run_offline):
    held = seed("enrollment-group", "minimum")
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
FEW = settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])


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
    held = {"enrollmentGroupId": "g1", "attestation": {"type": "none"}, "etag": "e1", **unknown}
    held |= {"initialTwin": {"tags": twin, "properties": {"desired": twin, "x": 1}}}
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
def test_twin_of_az_help_is_read_in_every_spelling(run, value):
    group = run(["enrollment-group", "create", "--gid", "g1", "--props", value]).json

    assert group["initialTwin"]["properties"]["desired"] == {"location": {"region": "US"}}


def test_shorthand_of_the_documentation_is_read(run):
    words = ["site=eu", "rack:=7", "a.b=x", r"c\.d=y", "empty="]

    group = run(["enrollment-group", "create", "--gid", "g1", "--tags", *words]).json

    expected = {"site": "eu", "rack": 7, "a": {"b": "x"}, "c.d": "y", "empty": ""}
    assert group["initialTwin"]["tags"] == expected


LONG = "3.14159265358979323846"
WITH_LONG = (
    '{"enrollmentGroupId":"g1","attestation":{"type":"none"},"etag":"e1",'
    f'"initialTwin":{{"tags":{{"pi":{LONG},"e":2.718281828459045,"t":0.10}}}}}}'
)


@pytest.mark.parametrize("flags", ["--ee", "--ee --dry-run"])
def test_record_with_more_digits_than_can_be_kept_is_not_written(odd_service, run_offline, flags):
    path = "/enrollmentGroups/g1"
    odd_service.expect_request(path, method="GET").respond_with_data(WITH_LONG)

    ran = run_offline(f"{UPDATE} {flags}", expect=2)

    assert f"holds {LONG}, which has more digits" in ran.err
    assert [request.method for request, _ in odd_service.log] == ["GET"]


def test_number_with_too_many_digits_can_be_replaced(odd_service, run_offline):
    path = "/enrollmentGroups/g1"
    odd_service.expect_request(path, method="GET").respond_with_data(WITH_LONG)
    odd_service.expect_request(path, method="PUT").respond_with_data("{}")

    run_offline(f"{UPDATE} --set initialTwin.tags.pi:=3.14")

    tags = json.loads(odd_service.log[1][0].get_data())["initialTwin"]["tags"]
    assert tags == {"pi": 3.14, "e": 2.718281828459045, "t": 0.1}

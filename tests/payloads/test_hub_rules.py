"""What hubs take, by the limits that docs/service.md#c1 names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.payloads.hub_rules import hub_problems
from dpsctl.text.paths import show_path

LONGEST = 2**52 - 1


def nested(levels, leaf=1):
    for _ in range(levels):
        leaf = {"n": leaf}
    return leaf


def told_of(**fields):
    return [
        (show_path(problem.path), problem.says, problem.is_warning)
        for problem in hub_problems(fields)
    ]


def tags_told_of(tags):
    """Tell where *tags* break a rule; each of them is a warning."""
    told = told_of(initialTwin={"tags": tags})
    assert all(is_warning for *_, is_warning in told)
    return {path.removeprefix("initialTwin."): says for path, says, _ in told}


@pytest.mark.parametrize("device_id", ["pump-7", "A.b:c+d%e_f#g*h?i!(j),=@;$'", "x" * 128])
def test_device_id_of_either_list_is_taken(device_id):
    assert told_of(deviceId=device_id) == []


@pytest.mark.parametrize(
    ("device_id", "problem"),
    [
        ("bad id", "' ' cannot be in a device id: hubs take letters"),
        ("gerät", "'ä' cannot be in a device id"),
        ("a/b", "'/' cannot be in a device id"),
        ('a"b', "'\"' cannot be in a device id"),
        ("a\r", "'\\r' cannot be in a device id"),
        ("x" * 129, "a device id of 129 characters, and hubs take 128"),
    ],
)
def test_device_id_that_no_hub_takes_is_refused(device_id, problem):
    ((path, says, is_warning),) = told_of(deviceId=device_id)

    assert (path, is_warning) == ("deviceId", False)
    assert problem in says


@pytest.mark.parametrize(
    "hub",
    [
        "https://hub.azure-devices.net/",
        "hub.azure-devices.net/",
        "HostName=hub.azure-devices.net;SharedAccessKeyName=o;SharedAccessKey=c2VjcmV0",
        "hub_.example_",
        "",
    ],
)
@pytest.mark.parametrize("field", ["iotHubs", "iotHubHostName"])
def test_hub_that_is_no_host_is_refused_and_not_repeated(field, hub):
    value = [hub] if field == "iotHubs" else hub

    ((path, says, is_warning),) = told_of(**{field: value})

    assert (path, is_warning) == (field, False)
    assert says == "a hub is its host name, such as my-hub.azure-devices.net"


def test_hub_without_its_domain_is_doubted():
    assert told_of(iotHubs=["hub-1.azure-devices.net", "hub-2"]) == [
        ("iotHubs", "'hub-2' is no host name; a hub's is such as hub-2.azure-devices.net", True)
    ]


@pytest.mark.parametrize(
    ("tags", "path", "problem"),
    [
        pytest.param({"a.b": 1}, r"tags.a\.b", "a hub takes no '.' in a name", id="dot"),
        pytest.param({"x": {"$z": 1}}, "tags.x.$z", "a hub takes no '$' in a name", id="dollar"),
        pytest.param({"s p": 1}, r"tags.s\ p", "a hub takes no ' ' in a name", id="blank"),
        pytest.param({"a\x9f": 1}, "tags.a\x9f", r"a hub takes no '\x9f' in a name", id="control"),
        pytest.param({"n" * 1025: 1}, "tags." + "n" * 1025, "names of 1024 bytes", id="name"),
        pytest.param({"a": "x" * 4097}, "tags.a", "texts of 4096 bytes at most", id="text"),
        pytest.param({"a": "ä" * 2049}, "tags.a", "texts of 4096 bytes at most", id="bytes"),
        pytest.param({"a": 2**53 + 1}, "tags.a", "a hub's integers are from", id="2^53"),
        pytest.param({"a": LONGEST + 1}, "tags.a", f"to {LONGEST}", id="integer"),
        pytest.param({"a": -LONGEST - 2}, "tags.a", f"from {-LONGEST - 1}", id="negative"),
        pytest.param({"a": [{"b": 2**60}]}, "tags.a.0.b", "a hub's integers", id="in-a-list"),
        pytest.param(nested(12), "tags" + ".n" * 11, "nested 11 levels deep", id="deep"),
    ],
)
def test_what_a_twin_cannot_hold_is_told_with_its_path(tags, path, problem):
    told = tags_told_of(tags)

    assert list(told) == [path]
    assert problem in told[path]


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param({"a": LONGEST, "b": -LONGEST - 1, "c": 1e300, "d": True}, id="numbers"),
        pytest.param(nested(11), id="ten-levels"),
        pytest.param({"a": "x" * 4096}, id="text"),
        pytest.param({"version": "3.2.0", "properties": "none", "tags": ["a"]}, id="names"),
        pytest.param({}, id="empty"),
    ],
)
def test_twin_at_the_limits_is_taken(tags):
    assert tags_told_of(tags) == {}


@pytest.mark.parametrize(
    ("part", "limit"), [("tags", 8192), ("desired", 32768)], ids=["tags", "desired"]
)
def test_size_is_that_of_names_and_values(part, limit):
    texts = {f"{number:04}": "x" * 1020 for number in range(limit // 1024)}
    more = {**texts, "n": 1}
    wrap = {
        "tags": lambda value: {"tags": value},
        "desired": lambda value: {"properties": {"desired": value}},
    }[part]

    assert told_of(initialTwin=wrap(texts)) == []
    ((path, says, is_warning),) = told_of(initialTwin=wrap(more))

    assert path.endswith(part)
    assert is_warning
    assert says == f"{limit + 9} bytes, and a hub takes {limit} at most"


@pytest.mark.parametrize(
    "whole",
    [
        {"tags": {"stage": "dev"}, "properties": {"desired": {}}},
        {"tags": {"stage": "dev"}, "properties": {"desired": {"a": 1}}, "etag": "x"},
        {"properties": {"desired": {"a": 1}}},
    ],
)
def test_whole_twin_in_one_of_its_parts_is_doubted(whole):
    (tags,) = told_of(initialTwin={"tags": whole})
    (desired,) = told_of(initialTwin={"properties": {"desired": whole}})

    assert tags == (
        "initialTwin.tags",
        "a whole twin is in it, where only what its tags hold belongs",
        True,
    )
    assert desired == (
        "initialTwin.properties.desired",
        "a whole twin is in it, where only what its properties.desired holds belongs",
        True,
    )


@pytest.mark.parametrize(
    "part",
    [
        {},
        {"tags": {"a": 1}, "other": 2},
        {"properties": {"desired": {"a": 1}}, "other": 2},
        {"properties": {"a": 1}},
        {"tags": "eu"},
        {"tags": "eu", "properties": {"desired": {}}},
        {"": {"a": 1}},
    ],
)
def test_part_that_only_has_names_of_a_twin_is_not_doubted(part):
    assert told_of(initialTwin={"tags": part}) == []


def test_part_within_itself_is_doubted():
    assert tags_told_of({"tags": {"site": "eu"}})["tags"].startswith("a whole twin is in it")
    assert told_of(initialTwin={"properties": {"desired": {"desired": {"a": 1}}}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.fixed_dictionaries({"deviceId": JSON, "iotHubs": JSON, "initialTwin": JSON}))
def test_any_record_can_be_judged(record):
    assert all(problem.says for problem in hub_problems(record))

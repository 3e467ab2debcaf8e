"""Where a complaint points: the line that it names holds the key that is wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.errors import UsageError
from dpsctl.manifests.inputs import Inputs
from dpsctl.manifests.wanted import read_fleet
from dpsctl.run import Run
from dpsctl.text.documents import dump

RECORD = {
    "attestation": {"type": "symmetricKey"},
    "capabilities": {"iotEdge": True},
    "reprovisionPolicy": {"updateHubAssignment": True, "migrateDeviceData": False},
    "allocationPolicy": "hashed",
    "initialTwin": {"tags": {"a": [1, {"b": "x\ny"}]}, "properties": {"desired": {"c": None}}},
}
# What is wrong, where, and the name that stands on its line.
WRONG = [
    (("capabilities", "iotEdge"), "yes"),
    (("reprovisionPolicy", "migrateDeviceData"), 7),
    (("allocationPolicy",), "hash"),
    (("attestation", "type"), "key"),
    (("initialTwin", "tags", "a"), [{"$nope": 1}]),
    (("initialTwin", "properties", "desired"), []),
]


def changed(record, path, value):
    if not path:
        return value
    return {**record, path[0]: changed(record.get(path[0]), path[1:], value)}


def flow(record):
    return json.dumps(record)


def as_documents(records):
    return "".join(f"---\n{dump(one)}" for one in records)


def as_list(records):
    return dump(records)


def as_flow(records):
    return "".join(f"- {flow(one)}\n" for one in records)


def as_json(records):
    return json.dumps(records, indent=3)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return tmp_path_factory.mktemp("manifests") / "f.yaml"


@given(
    st.sampled_from([as_documents, as_list, as_flow, as_json]),
    st.sampled_from(WRONG),
    st.integers(0, 3),
)
def test_line_that_is_named_holds_the_wrong_key(manifest, write, wrong, number):
    path, value = wrong
    records = [{"enrollmentGroupId": f"line-{n}", **RECORD} for n in range(4)]
    records[number] = changed(records[number], path, value)
    text = write(records)
    manifest.write_text(text, encoding="utf-8")

    with pytest.raises(UsageError) as failure:
        read_fleet([str(manifest)], None, Inputs(Run({})), "2021-10-01")

    told = failure.value.message.splitlines()[1]
    line, column = map(int, told.removeprefix(f"{manifest}:").split(":")[:2])
    shown = text.split("\n")[line - 1][column - 1 :]
    last = path[-1] if value != [{"$nope": 1}] else "$nope"
    assert shown.lstrip("\"'").startswith(last), (told, shown)

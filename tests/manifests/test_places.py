"""Where a complaint points: the line that it names holds the key that is wrong."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.errors import UsageError
from dpsctl.manifests.inputs import Inputs
from dpsctl.manifests.wanted import read_fleet
from dpsctl.run import Run
from dpsctl.text.documents import dump

KEY = base64.b64encode(b"k" * 32).decode()
RECORD = {
    "attestation": {"type": "symmetricKey", "symmetricKey": {"primaryKey": KEY}},
    "provisioningStatus": "enabled",
    "capabilities": {"iotEdge": True},
    "reprovisionPolicy": {"updateHubAssignment": True, "migrateDeviceData": False},
    "allocationPolicy": "custom",
    "iotHubs": ["a.x", "b.x"],
    "customAllocationDefinition": {"webhookUrl": "https://f.x/", "apiVersion": "2021-10-01"},
    "initialTwin": {"tags": {"a": [1, {"b": "x\ny"}]}, "properties": {"desired": {"c": None}}},
}


def paths_of(value, above=()):
    for name, part in value.items():
        yield (*above, name)
        if isinstance(part, dict) and above[-1:] != ("initialTwin",) and name not in TWINS:
            yield from paths_of(part, (*above, name))


TWINS = ("tags", "desired")
# What no field takes, and what no reference is.
WRONG = st.sampled_from([7, {"$nope": 1}, {"$env": 7}, {"$var": "nope"}])


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
    st.sampled_from(list(paths_of(RECORD))),
    WRONG,
    st.integers(0, 3),
)
def test_line_that_is_named_holds_the_wrong_key(manifest, write, path, value, number):
    records = [{"enrollmentGroupId": f"line-{n}", **RECORD} for n in range(4)]
    records[number] = changed(records[number], path, value)
    text = write(records)
    manifest.write_text(text, encoding="utf-8")

    with pytest.raises(UsageError) as failure:
        read_fleet([str(manifest)], None, Inputs(Run({})), "2021-10-01")

    told = failure.value.message.splitlines()[1]
    line, column = map(int, told.removeprefix(f"{manifest}:").split(":")[:2])
    shown = text.split("\n")[line - 1][column - 1 :]
    inner = next((name for name in ("$nope", "$env") if name in str(value)), path[-1])
    assert shown.lstrip("\"'").startswith(inner), (told, shown)

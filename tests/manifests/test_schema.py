"""The schema and the reader take the same records."""

import copy

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.manifests.fields import GROUP, INDIVIDUAL, KINDS
from dpsctl.manifests.judgement import problems_of
from dpsctl.manifests.schema import schema_of

KEY = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="
VALIDATOR = jsonschema_rs.validator_for(schema_of())
RECORD = {
    "enrollmentGroupId": "line-4",
    "attestation": {
        "type": "symmetricKey",
        "symmetricKey": {"primaryKey": KEY, "secondaryKey": KEY},
        "x509": {
            "signingCertificates": {"primary": {"certificate": "x"}, "secondary": None},
            "caReferences": {"primary": "ca"},
        },
    },
    "provisioningStatus": "enabled",
    "capabilities": {"iotEdge": True},
    "reprovisionPolicy": {"updateHubAssignment": True, "migrateDeviceData": False},
    "allocationPolicy": "static",
    "iotHubs": ["a.azure-devices.net"],
    "initialTwin": {"tags": {"a": 1}, "properties": {"desired": {"b": None}}},
    "customAllocationDefinition": {"webhookUrl": "https://f.x/", "apiVersion": "2021-10-01"},
    "namespaceName": "nnn",
    "certificateAuthorityName": "ccc",
    "certificatePolicyName": "ppp",
    "etag": "x",
}
# What a field may be given: right values of other fields, and values of every type.
VALUES = st.sampled_from(
    [None, True, 7, "", "x", "line-4", "disabled", "static", "hashed", "symmetricKey", "x509", KEY,
     KEY[:-1], "YWJj", [], ["a.azure-devices.net"], ["a.azure-devices.net"] * 2, [7], {},
     {"certificate": "x"}, {"info": {}}, {"x": 1}, "a b", "ends-with.", "x" * 129]
)  # fmt: skip


def paths_of(value, above=()):
    for name, part in value.items():
        yield (*above, name)
        if isinstance(part, dict):
            yield from paths_of(part, (*above, name))


PATHS = [path for path in paths_of(RECORD) if path[0] != "customAllocationDefinition"]


def changed(record, path, value, *, is_removed):
    record = copy.deepcopy(record)
    part = record
    for name in path[:-1]:
        part = part.get(name)
        if not isinstance(part, dict):
            return record
    if is_removed:
        part.pop(path[-1], None)
    else:
        part[path[-1]] = value
    return record


CHANGES = st.lists(st.tuples(st.sampled_from(PATHS), VALUES, st.booleans()), max_size=6)


def is_accepted(kind, record):
    hub_rules = {("iotHubs",), ("initialTwin", "tags"), ("initialTwin", "properties", "desired")}
    return not [
        problem
        for problem in problems_of(kind, record, "2026-11-01")
        if not problem.is_warning and (problem.path not in hub_rules or "hub" not in problem.says)
    ]


@given(CHANGES)
def test_record_validates_if_the_reader_accepts_it_and_only_then(changes):
    record = changed(RECORD, ("attestation", "x509"), None, is_removed=True)
    for path, value, is_removed in changes:
        record = changed(record, path, value, is_removed=is_removed)
    if "enrollmentGroupId" not in record:
        return

    assert VALIDATOR.is_valid(record) is is_accepted(GROUP, record), record


REFERENCES = [{"$var": "x"}, {"$column": "c", "as": "json"}, {"$format": "{x}"}, {"$literal": 7}]


@pytest.mark.parametrize("path", [path for path in PATHS if path != ("attestation", "x509")])
@pytest.mark.parametrize("reference", REFERENCES, ids=lambda value: next(iter(value)))
def test_every_value_may_be_a_reference(path, reference):
    record = changed(RECORD, ("attestation", "x509"), None, is_removed=True)

    assert VALIDATOR.is_valid(changed(record, path, reference, is_removed=False))


def test_secrets_and_certificates_may_come_from_elsewhere():
    for reference in ({"$env": "X"}, {"$file": "k"}, {"$command": ["pass", "x"]}):
        keys = {"primaryKey": reference}
        attestation = {"type": "symmetricKey", "symmetricKey": keys}
        assert VALIDATOR.is_valid({"enrollmentGroupId": "a", "attestation": attestation})
        assert not VALIDATOR.is_valid({"enrollmentGroupId": "a", "allocationPolicy": reference})
    slots = {"primary": {"certificate": {"$file": "a.pem"}}}
    attestation = {"type": "x509", "x509": {"signingCertificates": slots}}
    assert VALIDATOR.is_valid({"enrollmentGroupId": "a", "attestation": attestation})


@pytest.mark.parametrize(
    ("document", "is_valid"),
    [
        ({"$fleet": 1, "owns": {"EnrollmentGroup": ["line-*"]}, "protect": ["a"]}, True),
        ({"$fleet": 1, "service": {"$var": "dps"}, "limits": {"percent": 30}}, True),
        ({"$fleet": 2}, False),
        ({"$fleet": 1, "owns": {"Pump": ["a"]}}, False),
        ({"$fleet": 1, "prune": True}, False),
        ([{"enrollmentGroupId": "a"}, {"registrationId": "b"}], True),
        ([{"enrollmentGroupId": "a"}, {"x": 1}], False),
        ({"registrationId": {"$format": "p-{n}"}, "$each": "p.csv", "$exact": True}, True),
        ({"registrationId": "a", "$exact": "yes"}, False),
    ],
)
def test_documents_of_every_kind_have_a_shape(document, is_valid):
    assert VALIDATOR.is_valid(document) is is_valid


def test_schema_of_one_kind_has_that_kind_alone(run_offline):
    schema = run_offline("schema --kind individualenrollment").json

    assert set(schema["definitions"]) == {"IndividualEnrollment", "reference", "secret"}
    validator = jsonschema_rs.validator_for(schema)
    assert validator.is_valid({"registrationId": "a"})
    assert not validator.is_valid({"enrollmentGroupId": "a"})


def test_every_known_field_is_described():
    schema = schema_of()
    for name, kind in KINDS.items():
        properties = schema["definitions"][name]["properties"]
        assert set(kind.fields) <= set(properties)
        assert all(one["description"] for one in properties.values())
    assert INDIVIDUAL.fields["deviceId"].about

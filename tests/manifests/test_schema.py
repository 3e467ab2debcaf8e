"""The schema and the reader take the same records."""

import copy
import io
import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from issuing import make_certificate

from dpsctl.errors import UsageError
from dpsctl.manifests.fields import GROUP, INDIVIDUAL, KINDS
from dpsctl.manifests.inputs import Inputs
from dpsctl.manifests.schema import schema_of
from dpsctl.manifests.wanted import read_fleet
from dpsctl.payloads.hub_rules import hub_problems
from dpsctl.run import Run
from dpsctl.text.documents import read_records
from dpsctl.text.values import StandardInput

ROOT = Path(__file__).parents[2]
MANIFEST = re.compile(r"^cat > \S+\.yaml <<'EOF'\n(.*?)^EOF$", re.MULTILINE | re.DOTALL)

KEY = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="
VALIDATOR = jsonschema_rs.validator_for(schema_of())
PEM = make_certificate("schema", days=400).pem.decode()
SHARED = {
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


def proof(certificates, **more):
    slots = {"primary": {"certificate": PEM}, "secondary": {"info": {"sha256Thumbprint": "A"}}}
    return {
        "type": "symmetricKey",
        "symmetricKey": {"primaryKey": KEY, "secondaryKey": KEY},
        "x509": {certificates: slots, "caReferences": {"primary": "ca"}},
        **more,
    }


RECORDS = {
    GROUP: {"enrollmentGroupId": "line-4", "attestation": proof("signingCertificates"), **SHARED},
    INDIVIDUAL: {
        "registrationId": "pump-4",
        "attestation": proof("clientCertificates", tpm={"endorsementKey": KEY}),
        "deviceId": "d",
        "iotHubHostName": "a.azure-devices.net",
        "optionalDeviceInformation": {"a": 1},
        **SHARED,
    },
}
# What a field may be given: right values of other fields, and values of every type.
VALUES = st.sampled_from(
    [None, True, 7, "", "x", "line-4", "disabled", "static", "hashed", "symmetricKey", "x509", KEY,
     KEY[:-1], "YWJj", [], ["a.azure-devices.net"], ["a.azure-devices.net"] * 2, [7], {},
     {"certificate": PEM}, {"certificate": None}, {"certificate": 7}, {"info": {}}, {"info": 7},
     {"x": 1}, "a b", "ends-with.", "x" * 129]
)  # fmt: skip


def paths_of(value, above=()):
    for name, part in value.items():
        yield (*above, name)
        if isinstance(part, dict):
            yield from paths_of(part, (*above, name))


# What no schema says: whether a text is a certificate, and which versions a webhook knows.
UNSAID = {"customAllocationDefinition", "webhookUrl", "apiVersion", "certificate"}
PATHS = {
    kind: [path for path in paths_of(record) if path[-1] not in UNSAID]
    for kind, record in RECORDS.items()
}
WAYS = {
    "keys": ("symmetricKey", ["x509", "tpm"]),
    "certificates": ("x509", ["symmetricKey", "tpm", "caReferences"]),
    "names": ("x509", ["symmetricKey", "tpm", "signingCertificates", "clientCertificates"]),
    "tpm": ("tpm", ["symmetricKey", "x509"]),
}


def record_of(kind, way):
    """A record that devices prove themselves to in one way."""
    record = copy.deepcopy(RECORDS[kind])
    attestation = record["attestation"]
    attestation["type"], left_out = WAYS[way]
    for name in left_out:
        attestation.pop(name, None)
        attestation.get("x509", {}).pop(name, None)
    return record


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


CHANGES = st.sampled_from(list(RECORDS)).flatmap(
    lambda kind: st.tuples(
        st.just(kind.name),
        st.sampled_from([way for way, (name, _) in WAYS.items() if name in kind.attestations]),
        st.lists(st.tuples(st.sampled_from(PATHS[kind]), VALUES, st.booleans()), max_size=6),
    )
)


def is_accepted(record):
    """Whether the reader takes a record, but for what only a hub would mind."""
    stdin = StandardInput(io.BytesIO(json.dumps(record).encode()))
    try:
        read_fleet(["-"], None, Inputs(Run({}, stdin=stdin)), "2026-11-01")
    except UsageError as refused:
        minded = tuple(problem.says for problem in hub_problems(record))
        told = [line for line in refused.message.splitlines() if line.startswith("standard input")]
        return bool(minded) and all(line.endswith(minded) for line in told)
    return True


@given(CHANGES)
@example(
    (
        "EnrollmentGroup",
        "certificates",
        [(("attestation", "x509", "caReferences"), {"third": "ca"}, False)],
    )
)
@example(
    (
        "EnrollmentGroup",
        "certificates",
        [(("attestation", "x509", "caReferences"), {"primary": None}, False)],
    )
)
def test_record_validates_if_the_reader_accepts_it_and_only_then(drawn):
    name, way, changes = drawn
    record = record_of(KINDS[name], way)
    for path, value, is_removed in changes:
        record = changed(record, path, value, is_removed=is_removed)

    assert VALIDATOR.is_valid(record) is is_accepted(record), record


def test_every_manifest_on_a_page_validates():
    found = [
        record.value
        for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
        for text in MANIFEST.findall(page.read_text(encoding="utf-8"))
        for record in read_records(text, page.name)
    ]

    assert len(found) > 4
    for record in found:
        assert VALIDATOR.is_valid(record), record


REFERENCES = [{"$var": "x"}, {"$column": "c", "as": "json"}, {"$format": "{x}"}, {"$literal": 7}]


@pytest.mark.parametrize("path", [one for one in PATHS[GROUP] if "x509" not in one])
@pytest.mark.parametrize("reference", REFERENCES, ids=lambda value: next(iter(value)))
def test_every_value_may_be_a_reference(path, reference):
    record = record_of(GROUP, "keys")

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

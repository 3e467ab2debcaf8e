"""The certificate policy of a record, from three flags, and which versions know of it."""

import pytest

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import CertificatePolicy
from dpsctl.payloads.certificate_policy import changed_policy, fields_beyond, names_policy

NAMES = {
    "namespaceName": "ns",
    "certificateAuthorityName": "ca",
    "certificatePolicyName": "policy",
}
OLD = {"credentialPolicyName": "old"}


def flags(namespace=None, ca=None, policy=None):
    return CertificatePolicy(adr_namespace=namespace, adr_ca_name=ca, adr_cert_policy_name=policy)


@pytest.mark.parametrize(
    ("record", "wanted", "changed"),
    [
        pytest.param({"a": 1, **NAMES}, flags(), {"a": 1, **NAMES}, id="nothing-asked"),
        pytest.param({"a": 1}, flags("ns", "ca", "policy"), {"a": 1, **NAMES}, id="new"),
        pytest.param(
            {"a": 1, **OLD}, flags("ns", "ca", "policy"), {"a": 1, **NAMES}, id="for-the-old-name"
        ),
        pytest.param(
            NAMES, flags(policy="other"), {**NAMES, "certificatePolicyName": "other"}, id="one"
        ),
        pytest.param({"a": 1, **NAMES, **OLD}, flags("", "", ""), {"a": 1}, id="taken-away"),
    ],
)
def test_policy_is_filled_up_from_what_the_record_has(record, wanted, changed):
    assert changed_policy(record, wanted) == changed


@pytest.mark.parametrize(
    ("record", "wanted", "missing"),
    [
        ({}, flags("ns"), "--adr-ca-name and --adr-cert-policy-name are missing"),
        ({}, flags("ns", "ca"), "--adr-cert-policy-name is missing"),
        (NAMES, flags(namespace=""), "--adr-namespace is missing"),
        ({"certificatePolicyName": "p"}, flags(ca="ca"), "--adr-namespace is missing"),
    ],
)
def test_policy_of_fewer_than_three_names_is_refused(record, wanted, missing):
    with pytest.raises(UsageError) as failure:
        changed_policy(record, wanted)

    said = f"{missing}: a certificate policy is named by three names"
    assert failure.value.message == said
    assert failure.value.hint == "Give all three, or three empty ones to take the policy away."


@pytest.mark.parametrize(
    ("version", "beyond"),
    [
        ("2021-10-01", [*NAMES, "credentialPolicyName", "certificatePolicyResourceId"]),
        ("2025-07-01-preview", [*NAMES, "certificatePolicyResourceId"]),
        ("2026-07-01-preview", [*NAMES, "credentialPolicyName"]),
        ("2026-11-01", ["credentialPolicyName", "certificatePolicyResourceId"]),
    ],
)
def test_fields_that_a_version_lacks_are_named(version, beyond):
    record = {**NAMES, **OLD, "certificatePolicyResourceId": "/x", "etag": "e"}

    assert fields_beyond(record, version) == beyond
    assert fields_beyond(dict.fromkeys(record), version) == []


def test_policy_is_known_by_any_of_its_names():
    assert names_policy({"namespaceName": "x"})
    assert not names_policy(OLD)

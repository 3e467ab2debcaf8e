"""Certificate policies: each version has its own fields and takes its own names."""

import pytest

NAMES = {
    "namespaceName": "plant-1",
    "certificateAuthorityName": "ca1",
    "certificatePolicyName": "Pol-1",
}
OLD = {"credentialPolicyName": "p1"}
BY_ID = {"certificatePolicyResourceId": "/subscriptions/s/p1"}
STABLE = "2026-11-01"


@pytest.fixture(params=["enrollmentGroups", "enrollments"])
def put(request, api):
    id_field = "enrollmentGroupId" if request.param == "enrollmentGroups" else "registrationId"

    def put_record(version, **fields):
        body = {id_field: "r1", "attestation": {"type": "symmetricKey"}, **fields}
        return api("PUT", f"/{request.param}/r1", body, params={"api-version": version})

    return put_record


@pytest.mark.parametrize(
    ("version", "fields"),
    [
        (STABLE, NAMES),
        (STABLE, {"namespaceName": "a-b"}),
        ("2026-11-02-preview", NAMES),
        ("2025-07-01-preview", OLD),
        ("2026-04-01", OLD),
        ("2026-07-01-preview", BY_ID),
        ("2021-10-01", dict.fromkeys(NAMES)),
    ],
)
def test_version_takes_its_own_fields(put, version, fields):
    answer = put(version, **fields)

    assert answer.status_code == 200
    assert {name: answer.json().get(name) for name in fields} == fields


@pytest.mark.parametrize(
    ("version", "fields"),
    [
        ("2021-10-01", NAMES),
        ("2018-09-01-preview", OLD),
        ("2026-04-01", NAMES),
        (STABLE, OLD),
        (STABLE, BY_ID),
        (STABLE, {"namespaceName": "Plant"}),
        (STABLE, {"namespaceName": "plant-"}),
        (STABLE, {"namespaceName": "ab"}),
        (STABLE, {"namespaceName": "a" * 65}),
        (STABLE, {"certificateAuthorityName": "-ca"}),
        (STABLE, {"certificatePolicyName": "p" * 64}),
        (STABLE, {"certificatePolicyName": "p_1"}),
        (STABLE, {"certificatePolicyName": "pol\n"}),
        (STABLE, {"certificatePolicyName": ""}),
        (STABLE, {"certificatePolicyName": 7}),
    ],
)
def test_version_refuses_what_it_does_not_have(put, version, fields):
    refused = put(version, **fields)

    assert (refused.status_code, refused.json()["errorCode"]) == (400, 400004)
    assert next(iter(fields)) in refused.json()["message"]


def test_bulk_is_judged_by_its_version_too(api):
    record = {"registrationId": "r1", "attestation": {"type": "symmetricKey"}, **NAMES}

    refused = api("POST", "/enrollments", {"mode": "create", "enrollments": [record]})

    assert refused.json()["errors"][0]["errorCode"] == 400004

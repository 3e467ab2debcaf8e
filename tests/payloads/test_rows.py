"""Rows of a file as drafts of enrollments."""

import pytest

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import Settings
from dpsctl.options.words import AttestationType, ProvisioningStatus, Toggle
from dpsctl.payloads.individual import Draft
from dpsctl.payloads.rows import check_columns, draft_of


@pytest.mark.parametrize(
    ("values", "field", "expected"),
    [
        pytest.param({"eid": "d1"}, "record_id", "d1", id="alias of a flag"),
        pytest.param({"registrationId": "d1"}, "record_id", "d1", id="field"),
        pytest.param({"at": "TPM"}, "attestation_type", AttestationType.tpm, id="word in any case"),
        pytest.param(
            {"attestation": {"type": "x509"}},
            "attestation_type",
            AttestationType.x509,
            id="field in an object",
        ),
        pytest.param(
            {"attestation.x509.clientCertificates.primary.certificate": "PEM"},
            "certificates",
            {"primary": "PEM"},
            id="certificate",
        ),
    ],
)
def test_value_of_a_row_takes_its_place_in_the_draft(values, field, expected):
    assert getattr(draft_of(values, Draft()), field) == expected


def test_row_is_laid_over_the_defaults():
    defaults = Draft(settings=Settings(edge_enabled=Toggle.true, webhook_url="https://a"))

    draft = draft_of({"provisioning-status": "Disabled", "edge-enabled": False}, defaults)

    expected = Settings(
        edge_enabled=Toggle.false,
        webhook_url="https://a",
        provisioning_status=ProvisioningStatus.disabled,
    )
    assert vars(draft.settings) == vars(expected)


def test_fields_without_a_flag_become_edits():
    values = {"reprovisionPolicy": {"migrateDeviceData": False}, "initialTwin.tags.a\\.b": "x"}

    edits = draft_of(values, Draft()).edits

    assert edits.set_values == [
        "reprovisionPolicy.migrateDeviceData:=false",
        'initialTwin.tags.a\\.b:="x"',
    ]


def test_what_the_service_writes_itself_is_passed_over():
    values = {
        "etag": "x",
        "registrationState": {"status": "assigned"},
        "createdDateTimeUtc": "2026-01-01T00:00:00Z",
        "attestation": {"x509": {"clientCertificates": {"primary": {"info": {"version": 3}}}}},
    }

    draft = draft_of(values, Draft())

    assert (draft.record_id, draft.certificates, draft.edits.set_values) == (None, {}, [])
    assert not any(vars(draft.attestation).values())


@pytest.mark.parametrize("name", ["device_id", "-d", "tags.site", "deviceID", "registrationid", ""])
def test_name_of_nothing_is_refused(name):
    with pytest.raises(UsageError, match="neither a flag nor a field"):
        check_columns([name], "f.csv")

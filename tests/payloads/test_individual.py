"""One individual enrollment as somebody wants it: what cannot be made, and what is asked for."""

import pytest

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import Settings
from dpsctl.options.individual import Device, IndividualAttestation
from dpsctl.options.records import Edits
from dpsctl.options.words import AttestationType, Toggle
from dpsctl.payloads.individual import Draft

X509, TPM, KEYS = AttestationType.x509, AttestationType.tpm, AttestationType.symmetric_key


@pytest.mark.parametrize(
    ("draft", "complaint", "hint"),
    [
        pytest.param(
            Draft(),
            "--enrollment-id is missing",
            "An enrollment has the id of its device.",
            id="nothing",
        ),
        pytest.param(
            Draft(attestation_type=KEYS),
            "--enrollment-id is missing",
            "An enrollment has the id of its device.",
            id="no id",
        ),
        pytest.param(
            Draft(record_id="d1"),
            "--attestation-type is missing",
            f"It takes {', '.join(AttestationType)}.",
            id="no type",
        ),
        pytest.param(
            Draft(record_id="d1", attestation_type=TPM),
            "--attestation-type tpm needs --endorsement-key",
            "The device's TPM tells it.",
            id="a TPM without its key",
        ),
        pytest.param(
            Draft(record_id="d1", attestation_type=KEYS, certificates={"primary": "PEM"}),
            "a certificate does not fit --attestation-type symmetricKey",
            "It is for --attestation-type x509.",
            id="a row's certificate beside keys",
        ),
        pytest.param(
            Draft(
                record_id="d1",
                attestation_type=KEYS,
                edits=Edits(set_values=["registrationId=d2"]),
            ),
            "--set and --remove cannot change registrationId",
            "It names the record, or has an option of its own.",
            id="an edit of the id",
        ),
    ],
)
def test_draft_of_what_cannot_be_is_refused(draft, complaint, hint):
    with pytest.raises(UsageError) as refused:
        draft.check()

    assert (refused.value.message, refused.value.hint) == (complaint, hint)


@pytest.mark.parametrize(
    "draft",
    [
        pytest.param(Draft(record_id="d1", attestation_type=KEYS), id="keys of the service"),
        pytest.param(
            Draft(record_id="d1", attestation_type=X509, certificates={"primary": "PEM"}),
            id="a row's certificate",
        ),
        pytest.param(
            Draft(
                record_id="d1",
                attestation_type=TPM,
                attestation=IndividualAttestation(endorsement_key="AAAA"),
            ),
            id="a TPM",
        ),
    ],
)
def test_draft_that_can_be_made_has_its_id(draft):
    assert draft.check() == "d1"


def test_change_asks_for_all_that_the_draft_says():
    draft = Draft(
        settings=Settings(edge_enabled=Toggle.true),
        edits=Edits(set_values=["a=b"]),
        device=Device(device_id="pump"),
    )

    change = draft.change({"primary": "PEM"})

    assert change.attestation == {
        "type": "x509",
        "x509": {"clientCertificates": {"primary": {"certificate": "PEM"}}},
    }
    assert change.collection == "clientCertificates"
    assert (change.settings, change.edits, change.device) == (
        draft.settings,
        draft.edits,
        draft.device,
    )


def test_change_without_certificates_takes_the_key_of_the_draft():
    draft = Draft(attestation=IndividualAttestation(primary_key="KEY"))

    assert draft.change({}).attestation == {
        "type": "symmetricKey",
        "symmetricKey": {"primaryKey": "KEY"},
    }

"""Symmetric keys are left out of results of every form, and nothing else is."""

import pytest

from dpsctl.output.hidden_keys import without_keys

GROUP = {
    "enrollmentGroupId": "g",
    "attestation": {"type": "symmetricKey", "symmetricKey": {"primaryKey": "k"}},
}
HIDDEN = {"enrollmentGroupId": "g", "attestation": {"type": "symmetricKey"}}


def test_record_keeps_all_but_its_keys():
    assert without_keys(GROUP) == HIDDEN


def test_records_of_a_list_and_of_pages_lose_their_keys():
    assert without_keys([GROUP, GROUP]) == [HIDDEN, HIDDEN]
    assert list(without_keys(iter([GROUP]))) == [HIDDEN]


@pytest.mark.parametrize(
    "result",
    [
        None,
        "text",
        {},
        {"attestation": None},
        {"attestation": {"type": "x509", "x509": {}}},
        {"method": "PUT", "body": GROUP},
    ],
)
def test_result_without_keys_of_its_own_is_left_as_it_is(result):
    assert without_keys(result) == result

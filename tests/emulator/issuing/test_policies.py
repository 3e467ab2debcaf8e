"""Which certificate policy an enrollment names, and how long its certificates are valid."""

import pytest

from dpsctl.emulator.answers import Refusal
from dpsctl.emulator.issuing.policies import days_of, read_policies
from dpsctl.errors import UsageError

NAMES = {
    "namespaceName": "plant-1",
    "certificateAuthorityName": "ca1",
    "certificatePolicyName": "Pol-1",
}
RESOURCE = (
    "/subscriptions/s/resourceGroups/r/providers/Microsoft.DeviceRegistry"
    "/deviceRegistryNamespaces/Plant-1/certificateAuthorities/ca1/certificatePolicies/pol-1"
)
POLICIES = (("plant-2/ca1/pol-1", 3), ("plant-1/CA1/pol-1", 7), ("plant-1/ca1/old", 9))


@pytest.mark.parametrize(
    ("record", "days"),
    [
        pytest.param(NAMES, 7, id="three names"),
        pytest.param({"certificatePolicyName": "pol-1"}, 3, id="the policy's alone: the first"),
        pytest.param({"credentialPolicyName": "OLD"}, 9, id="a preview's name"),
        pytest.param({"certificatePolicyResourceId": RESOURCE}, 7, id="a resource"),
        pytest.param({"namespaceName": "plant-1"}, None, id="no policy's name"),
        pytest.param({"credentialPolicyName": ""}, None, id="an empty name"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_days_are_those_of_the_policy_that_is_named(record, days):
    assert days_of(record, POLICIES) == days
    assert days_of(record, ()) == (None if days is None else 30)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (NAMES | {"certificateAuthorityName": "ca2"}, "plant-1/ca2/pol-1"),
        ({"credentialPolicyName": "p9"}, "policy p9"),
        ({"certificatePolicyResourceId": "/pol-9"}, "policy pol-9"),
    ],
)
def test_policy_that_is_not_there_is_refused(record, said):
    with pytest.raises(Refusal, match=said) as refused:
        days_of(record, POLICIES)

    assert refused.value.code == 400004


def test_policies_are_read_as_the_flag_has_them():
    texts = ["plant-1/ca1/Pol-1=90", "plant-1/ca1/pol-2"]

    assert read_policies(texts) == (("plant-1/ca1/pol-1", 90), ("plant-1/ca1/pol-2", 30))


@pytest.mark.parametrize(
    "text",
    ["", "p1=3", "plant-1/ca1=3", "plant-1/ca1/p=3", "plant-1/ca1/pol-1/x=3", "Plant/ca1/pol-1=3"]
    + [f"plant-1/ca1/pol-1={days}" for days in ("0", "91", "-1", "1.5", "٣", "9" * 5000, "x")],
)
def test_policy_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match=r"^--policy "):
        read_policies([text])


def test_policy_that_is_named_twice_is_refused():
    with pytest.raises(UsageError, match="is there already"):
        read_policies(["plant-1/ca1/pol-1=3", "plant-1/CA1/pol-1"])

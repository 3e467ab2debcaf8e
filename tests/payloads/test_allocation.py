import pytest

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import Settings
from dpsctl.options.words import AllocationPolicy
from dpsctl.payloads.allocation import changed_allocation

WEBHOOK = {"webhookUrl": "https://w.example", "apiVersion": "2019-03-31"}
CUSTOM = {"allocationPolicy": "custom", "customAllocationDefinition": WEBHOOK}


@pytest.mark.parametrize(
    ("record", "settings", "changed"),
    [
        pytest.param({}, {}, {}, id="nothing-asked"),
        pytest.param({"iotHubs": ["a"]}, {}, {"iotHubs": ["a"]}, id="old-record-is-not-judged"),
        pytest.param(
            {"allocationPolicy": "hashed"},
            {"iot_hubs": ["a,b"]},
            {"allocationPolicy": "hashed", "iotHubs": ["a", "b"]},
            id="hubs-under-the-old-policy",
        ),
        pytest.param(
            {"iotHubs": ["a"]},
            {"allocation_policy": AllocationPolicy.static},
            {"allocationPolicy": "static", "iotHubs": ["a"]},
            id="static-with-the-old-hub",
        ),
        pytest.param(
            CUSTOM,
            {"api_version": "2021-10-01"},
            {**CUSTOM, "customAllocationDefinition": {**WEBHOOK, "apiVersion": "2021-10-01"}},
            id="one-half-of-the-webhook",
        ),
        pytest.param(
            {**CUSTOM, "customAllocationDefinition": {**WEBHOOK, "new": 1}},
            {"webhook_url": "https://x.example"},
            {
                **CUSTOM,
                "customAllocationDefinition": {
                    **WEBHOOK,
                    "webhookUrl": "https://x.example",
                    "new": 1,
                },
            },
            id="unknown-field-of-the-webhook",
        ),
        pytest.param(
            CUSTOM,
            {"allocation_policy": AllocationPolicy.hashed},
            {**CUSTOM, "allocationPolicy": "hashed"},
            id="webhook-stays-when-the-policy-changes",
        ),
        pytest.param(
            {"customAllocationDefinition": WEBHOOK},
            {"allocation_policy": AllocationPolicy.custom},
            CUSTOM,
            id="custom-with-the-old-webhook",
        ),
    ],
)
def test_allocation_is_merged_into_the_record(record, settings, changed):
    assert changed_allocation(record, Settings(**settings)) == changed


def test_record_that_was_handed_in_stays_as_it_was():
    record = {**CUSTOM, "customAllocationDefinition": dict(WEBHOOK)}

    changed_allocation(record, Settings(api_version="2021-10-01", iot_hubs=["h"]))

    assert record == CUSTOM


@pytest.mark.parametrize(
    ("version", "is_taken"),
    [
        ("2018-09-01-preview", True),
        ("2018-09-01", True),
        ("2021-10-01", True),
        ("2099-01-01-preview", True),
        ("2018-08-31", False),
        ("2018-08-31-preview", False),
        ("2017-11-15", False),
        ("v1", False),
        ("20210-10-1", False),
        ("2021/10/01", False),
    ],
)
def test_version_of_the_webhook_is_compared_by_date(version, is_taken):
    settings = Settings(api_version=version)

    if is_taken:
        assert changed_allocation(CUSTOM, settings)
    else:
        with pytest.raises(UsageError, match=r"^--api-version "):
            changed_allocation(CUSTOM, settings)

from contextlib import nullcontext

import pytest

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import Settings
from dpsctl.options.words import AllocationPolicy
from dpsctl.payloads.allocation import changed_allocation, check_allocation, given_allocation

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
    record = changed_allocation(CUSTOM, settings)

    with nullcontext() if is_taken else pytest.raises(UsageError, match=r"^--api-version "):
        check_allocation(record, settings, [])


@pytest.mark.parametrize(
    ("url", "is_taken"),
    [
        ("https://w.example", True),
        ("HTTP://w", True),
        ("w.example", False),
        ("ftp://w.example", False),
        ("://", False),
    ],
)
def test_webhook_is_reached_over_http(url, is_taken):
    settings = Settings(webhook_url=url)
    record = changed_allocation(CUSTOM, settings)

    with nullcontext() if is_taken else pytest.raises(UsageError, match=r"^--webhook-url "):
        check_allocation(record, settings, [])


ODD = {"webhookUrl": "old", "apiVersion": "old"}


@pytest.mark.parametrize(
    ("record", "edited"),
    [
        pytest.param({"iotHubs": ["a"]}, [], id="touched-by-nothing"),
        pytest.param({"iotHubs": ["a"]}, ["initialTwin"], id="touched-elsewhere"),
        pytest.param(
            {"allocationPolicy": "newest", "iotHubs": []}, ["allocationPolicy"], id="new-policy"
        ),
        pytest.param(
            {"allocationPolicy": "custom", "customAllocationDefinition": ODD},
            ["allocationPolicy"],
            id="old-webhook-that-stays",
        ),
        pytest.param({"customAllocationDefinition": ODD}, ["iotHubs"], id="old-webhook-unused"),
        pytest.param(
            {"allocationPolicy": "hashed", "customAllocationDefinition": ODD},
            ["customAllocationDefinition"],
            id="webhook-for-later",
        ),
        pytest.param({}, ["customAllocationDefinition", "iotHubs"], id="all-removed"),
    ],
)
def test_what_the_service_may_hold_is_not_judged(record, edited):
    check_allocation(record, Settings(), edited)


@pytest.mark.parametrize(
    ("record", "edited", "said"),
    [
        pytest.param({"iotHubs": ["a"]}, "iotHubs", "without an allocation policy", id="no-policy"),
        pytest.param({"iotHubs": "a"}, "iotHubs", "--set iotHubs", id="text-for-hubs"),
        pytest.param({"allocationPolicy": "static"}, "iotHubs", "exactly one hub", id="no-hub"),
        pytest.param(
            {"allocationPolicy": "custom"}, "allocationPolicy", "--webhook-url", id="no-webhook"
        ),
        pytest.param(
            {"customAllocationDefinition": "https://w"},
            "customAllocationDefinition",
            "--set customAllocationDefinition",
            id="text-for-a-webhook",
        ),
        pytest.param(
            {"allocationPolicy": "custom", "customAllocationDefinition": {**WEBHOOK, **ODD}},
            "customAllocationDefinition",
            "--api-version old",
            id="odd-webhook",
        ),
    ],
)
def test_what_an_edit_makes_is_judged(record, edited, said):
    with pytest.raises(UsageError, match=said):
        check_allocation(record, Settings(), [edited])


@pytest.mark.parametrize(
    ("record", "edited", "message", "hint"),
    [
        (
            {"iotHubs": "a"},
            "iotHubs",
            "--set iotHubs: hubs are a list",
            "Write iotHubs:='[\"HOST\"]'.",
        ),
        (
            {"iotHubs": ["a"]},
            "iotHubs",
            "--iot-hubs: hubs without an allocation policy are refused by the service",
            "Add --allocation-policy hashed, geoLatency, static or custom.",
        ),
        (
            {"allocationPolicy": "static", "iotHubs": ["a", "b"]},
            "iotHubs",
            "--allocation-policy static takes exactly one hub, not 2",
            "Name it with --iot-hubs HOST.",
        ),
        (
            {"allocationPolicy": "custom", "customAllocationDefinition": {"webhookUrl": "x"}},
            "allocationPolicy",
            "--allocation-policy custom needs --api-version",
            "Give both --webhook-url and --api-version.",
        ),
    ],
)
def test_allocation_that_makes_no_sense_is_told_in_the_words_of_the_flags(
    record, edited, message, hint
):
    with pytest.raises(UsageError) as failure:
        check_allocation(record, Settings(), [edited])

    assert (failure.value.message, failure.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"webhook_url": "ftp://x"}, "--webhook-url is no URL"),
        (
            {"api_version": "2017-01-01"},
            "--api-version 2017-01-01: webhooks know 2018-09-01-preview and later",
        ),
        ({"iot_hubs": ["a,,b"]}, "--iot-hubs: an empty value in 'a,,b'"),
    ],
)
def test_flags_that_fit_no_record_are_refused_without_one(given, message):
    with pytest.raises(UsageError) as failure:
        given_allocation(Settings(**given))

    assert failure.value.message.startswith(message)


def test_flags_that_fit_a_record_are_given_alone():
    assert given_allocation(Settings(webhook_url="https://w/x")) == {
        "customAllocationDefinition": {"webhookUrl": "https://w/x"}
    }

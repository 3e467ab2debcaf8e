"""Where devices go: the allocation policy of a body, its hubs and its webhook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import Settings
from dpsctl.text.values import parse_list

Json = dict[str, Any]
# The earliest version whose types a webhook can be sent (docs/service.md#a3).
EARLIEST_WEBHOOK_VERSION = "2018-09-01-preview"
_URL = re.compile(r"""(?i)https?://[^\s/?#"'<>]+([/?][^\s"'<>]*)?""")
_WEBHOOK = "customAllocationDefinition"
_FIELDS = frozenset({"allocationPolicy", "iotHubs", _WEBHOOK})
_FLAGS = {"webhookUrl": "--webhook-url", "apiVersion": "--api-version"}


class Fault(Enum):
    """What can be wrong with an allocation; the value is the field that is to be changed."""

    no_policy = "allocationPolicy"
    not_one_hub = "iotHubs"
    no_webhook_url = "webhookUrl"
    no_webhook_version = "apiVersion"
    old_webhook_version = "the webhook's apiVersion"
    no_url = "the webhook's address"


def changed_allocation(record: Json, settings: Settings) -> Json:
    """Return *record* with the allocation that the flags ask for."""
    changed = dict(record)
    if settings.allocation_policy is not None:
        changed["allocationPolicy"] = settings.allocation_policy.value
    if settings.iot_hubs:
        changed["iotHubs"] = parse_list(settings.iot_hubs, "--iot-hubs")
    if webhook := _given_webhook(settings):
        old = record.get(_WEBHOOK) or {}
        changed[_WEBHOOK] = {**old, **webhook}
    return changed


def check_allocation(record: Json, settings: Settings, edited: Iterable[str]) -> None:
    """Refuse a *record* whose allocation makes no sense, if flags or edits have touched it.

    *edited* are the fields that `--set` and `--remove` name. What nothing touches is not judged:
    an old record may hold more than these rules allow. Raises UsageError.
    """
    webhook = _given_webhook(settings)
    fields = _FIELDS.intersection(edited)
    if not (fields or webhook or settings.iot_hubs or settings.allocation_policy):
        return
    hubs, definition = record.get("iotHubs") or [], record.get(_WEBHOOK) or {}
    if not isinstance(hubs, list):
        raise UsageError("--set iotHubs: hubs are a list", "Write iotHubs:='[\"HOST\"]'.")
    if not isinstance(definition, dict):
        raise UsageError(
            "--set customAllocationDefinition: a webhook is an object",
            "Set customAllocationDefinition.webhookUrl and .apiVersion.",
        )
    changed = definition if _WEBHOOK in fields else webhook
    for fault in allocation_faults(record, changed):
        raise _as_usage_error(fault, record)
    if record.get("allocationPolicy") != "custom" and webhook:
        raise UsageError(
            f"{_FLAGS[next(iter(webhook))]} is for --allocation-policy custom only",
            "Add --allocation-policy custom, or leave the webhook out.",
        )


def given_allocation(settings: Settings) -> Json:
    """Return what the flags say of an allocation. Raises UsageError if it fits no record."""
    given = changed_allocation({}, settings)
    for fault in webhook_faults(given.get(_WEBHOOK, {})):
        raise _as_usage_error(fault, given)
    return given


def allocation_faults(record: Json, webhook: Json) -> Iterator[Fault]:
    """Yield what the service would not take of a *record*'s allocation.

    Of the *webhook* only the fields that are given here are judged by their values: an old record
    may hold more than these rules allow.
    """
    policy, hubs = record.get("allocationPolicy"), record.get("iotHubs") or []
    if hubs and not policy:
        yield Fault.no_policy
    if policy == "static" and len(hubs) != 1:
        yield Fault.not_one_hub
    if policy != "custom":
        return
    definition = record.get(_WEBHOOK) or {}
    if not definition.get("webhookUrl"):
        yield Fault.no_webhook_url
    if not definition.get("apiVersion"):
        yield Fault.no_webhook_version
    yield from webhook_faults(webhook)


def webhook_faults(webhook: Json) -> Iterator[Fault]:
    """Yield what the service would not take of the fields that are given of a *webhook*."""
    if webhook.get("apiVersion") and not _is_version(str(webhook["apiVersion"])):
        yield Fault.old_webhook_version
    if webhook.get("webhookUrl") and not _URL.fullmatch(str(webhook["webhookUrl"])):
        yield Fault.no_url


def _given_webhook(settings: Settings) -> Json:
    given = {"webhookUrl": settings.webhook_url, "apiVersion": settings.api_version}
    return {name: value for name, value in given.items() if value is not None}


def _as_usage_error(fault: Fault, record: Json) -> UsageError:
    """Say what is wrong in the words of the flags."""
    if fault is Fault.no_policy:
        return UsageError(
            "--iot-hubs: hubs without an allocation policy are refused by the service",
            "Add --allocation-policy hashed, geoLatency, static or custom.",
        )
    if fault is Fault.not_one_hub:
        count = len(record.get("iotHubs") or [])
        return UsageError(
            f"--allocation-policy static takes exactly one hub, not {count}",
            "Name it with --iot-hubs HOST.",
        )
    if fault in (Fault.no_webhook_url, Fault.no_webhook_version):
        return UsageError(
            f"--allocation-policy custom needs {_FLAGS[fault.value]}",
            "Give both --webhook-url and --api-version.",
        )
    if fault is Fault.old_webhook_version:
        version = record[_WEBHOOK]["apiVersion"]
        return UsageError(
            f"--api-version {version}: webhooks know {EARLIEST_WEBHOOK_VERSION} and later",
            "2021-10-01 is a good choice. --service-api-version chooses what dpsctl itself speaks.",
        )
    return UsageError(
        "--webhook-url is no URL", "Write it whole, such as https://my.example/api/allocate."
    )


def _is_version(version: str) -> bool:
    """Compare by date, as the versions are named; a preview counts as its date."""
    date = version[:10]
    is_date = len(date) == 10 and date[4] == date[7] == "-" and date.replace("-", "").isdigit()
    return is_date and date >= EARLIEST_WEBHOOK_VERSION[:10]

"""Where devices go: the allocation policy of a body, its hubs and its webhook."""

from __future__ import annotations

from typing import Any

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import Settings
from dpsctl.values import parse_list

Json = dict[str, Any]
# The earliest version whose types a webhook can be sent (seed, CustomAllocationDefinition).
_EARLIEST_WEBHOOK_VERSION = "2018-09-01-preview"


def changed_allocation(record: Json, settings: Settings) -> Json:
    """Return *record* with the allocation that the flags ask for.

    Raises UsageError if the flags together with what the record already says make no sense. What
    no flag touches is not judged: an old record may hold more than these rules allow.
    """
    given = _given(settings)
    if not given:
        return record
    changed = {**record, **given}
    webhook = {
        name: value
        for name, value in (
            ("webhookUrl", settings.webhook_url),
            ("apiVersion", settings.api_version),
        )
        if value is not None
    }
    if webhook:
        old = record.get("customAllocationDefinition") or {}
        changed["customAllocationDefinition"] = {**old, **webhook}
    _check_hubs(changed)
    _check_webhook(changed, settings)
    return changed


def _given(settings: Settings) -> Json:
    given: Json = {}
    if settings.allocation_policy is not None:
        given["allocationPolicy"] = settings.allocation_policy.value
    if settings.iot_hubs:
        given["iotHubs"] = parse_list(settings.iot_hubs, "--iot-hubs")
    if settings.webhook_url is not None or settings.api_version is not None:
        given["customAllocationDefinition"] = {}
    return given


def _check_hubs(record: Json) -> None:
    policy, hubs = record.get("allocationPolicy"), record.get("iotHubs") or []
    if hubs and not policy:
        raise UsageError(
            "--iot-hubs: hubs without an allocation policy are refused by the service",
            "Add --allocation-policy hashed, geoLatency, static or custom.",
        )
    if policy == "static" and len(hubs) != 1:
        raise UsageError(
            f"--allocation-policy static takes exactly one hub, not {len(hubs)}",
            "Name it with --iot-hubs HOST.",
        )


def _check_webhook(record: Json, settings: Settings) -> None:
    given = "--webhook-url" if settings.webhook_url is not None else "--api-version"
    if record.get("allocationPolicy") != "custom":
        if settings.webhook_url is not None or settings.api_version is not None:
            raise UsageError(
                f"{given} is for --allocation-policy custom only",
                "Add --allocation-policy custom, or leave the webhook out.",
            )
        return
    definition = record.get("customAllocationDefinition") or {}
    for field, flag in (("webhookUrl", "--webhook-url"), ("apiVersion", "--api-version")):
        if not definition.get(field):
            raise UsageError(
                f"--allocation-policy custom needs {flag}",
                "Give both --webhook-url and --api-version.",
            )
    if settings.api_version is not None:
        _check_version(settings.api_version)
    if settings.webhook_url is not None and "://" not in settings.webhook_url:
        raise UsageError(
            "--webhook-url is no URL", "Write it whole, such as https://my.example/api/allocate."
        )


def _check_version(version: str) -> None:
    """Compare by date, as the versions are named; a preview counts as its date."""
    date = version[:10]
    is_date = len(date) == 10 and date[4] == date[7] == "-" and date.replace("-", "").isdigit()
    if not is_date or date < _EARLIEST_WEBHOOK_VERSION[:10]:
        raise UsageError(
            f"--api-version {version}: webhooks know {_EARLIEST_WEBHOOK_VERSION} and later",
            "2021-10-01 is a good choice. --service-api-version chooses what dpsctl itself speaks.",
        )

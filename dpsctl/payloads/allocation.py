"""Where devices go: the allocation policy of a body, its hubs and its webhook."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import Settings
from dpsctl.text.values import parse_list

Json = dict[str, Any]
# The earliest version whose types a webhook can be sent (docs/service.md#a3).
_EARLIEST_WEBHOOK_VERSION = "2018-09-01-preview"
_WEBHOOK = "customAllocationDefinition"
_FIELDS = frozenset({"allocationPolicy", "iotHubs", _WEBHOOK})
_FLAGS = {"webhookUrl": "--webhook-url", "apiVersion": "--api-version"}


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
    policy = record.get("allocationPolicy")
    _check_hubs(policy, hubs)
    if policy == "custom":
        _check_definition(definition, definition if _WEBHOOK in fields else webhook)
    elif webhook:
        raise UsageError(
            f"{_FLAGS[next(iter(webhook))]} is for --allocation-policy custom only",
            "Add --allocation-policy custom, or leave the webhook out.",
        )


def _given_webhook(settings: Settings) -> Json:
    given = {"webhookUrl": settings.webhook_url, "apiVersion": settings.api_version}
    return {name: value for name, value in given.items() if value is not None}


def _check_hubs(policy: Any, hubs: list[Any]) -> None:
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


def _check_definition(definition: Json, changed: Json) -> None:
    """Refuse a webhook that is not whole, or whose *changed* parts cannot be right."""
    for field, flag in _FLAGS.items():
        if not definition.get(field):
            raise UsageError(
                f"--allocation-policy custom needs {flag}",
                "Give both --webhook-url and --api-version.",
            )
    if "apiVersion" in changed:
        _check_version(str(changed["apiVersion"]))
    url = str(changed.get("webhookUrl", "https://"))
    if not url.lower().startswith(("https://", "http://")):
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

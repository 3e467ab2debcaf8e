"""Whether a device that is let in gets a hub (docs/service.md#b10)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import parse_qs, urlsplit

from dpsctl.admission.findings import Finding, Verdict
from dpsctl.admission.known import Json, Known, title_of

_LINK = "'az iot dps linked-hub create' links one."
_NAME_IT = "Name the service by -n and -g to have its linked hubs looked up."
_FUNCTIONS = ".azurewebsites.net"


def allocation_findings(record: Json, known: Known) -> Iterator[Finding]:
    """Judge a *record* that takes a device by the hubs that are linked to the service."""
    hubs = known.hubs
    if hubs is None:
        message = "whether a hub is linked to the service was not looked at"
        yield Finding("hubsUnknown", message, known.obstacle or _NAME_IT, is_unknown=True)
    elif not hubs:
        message = "no hub is linked to the service (400208)"
        yield Finding("noHub", message, _LINK, Verdict.fails)
    elif missing := _not_linked(record, hubs):
        named = ", ".join(missing)
        message = f"{title_of(record)} names only hubs that are not linked, {named} (401001)"
        hint = f"Linked: {', '.join(hubs)}. Link one that is named, or 'update --iot-hubs'."
        yield Finding("hubNotLinked", message, hint, Verdict.fails)
    if record.get("allocationPolicy") == "custom":
        yield from _webhook(record)


def _not_linked(record: Json, hubs: Sequence[str]) -> list[str]:
    """Name the hubs of *record* if none of them is linked."""
    named = [str(hub) for hub in record.get("iotHubs") or [record.get("iotHubHostName")] if hub]
    linked = {hub.lower() for hub in hubs}
    return named if not any(hub.lower() in linked for hub in named) else []


def _webhook(record: Json) -> Iterator[Finding]:
    url = str((record.get("customAllocationDefinition") or {}).get("webhookUrl") or "")
    if not url:
        message = f"{title_of(record)} has the allocation policy custom and no webhook (400207)"
        hint = "'update --webhook-url URL --api-version VERSION' names the function to ask."
        yield Finding("noWebhook", message, hint, Verdict.fails)
        return
    message = f"the webhook of {title_of(record)} chooses the hub, and was not asked"
    hint = "Its function's log tells what it answers; a failure is 400207."
    yield Finding("webhookDecides", message, hint, Verdict.undecided, is_unknown=True)
    try:
        place = urlsplit(url)
        is_function = (place.hostname or "").endswith(_FUNCTIONS)
        lacks_key = "code" not in parse_qs(place.query)
    except ValueError:
        is_function = lacks_key = False
    if is_function and lacks_key:
        message = "the webhook's URL has no function key: unless the function is open to all"
        advice = "Write ?code=KEY at the end of --webhook-url."
        yield Finding("functionKey", f"{message}, it refuses the service", advice)

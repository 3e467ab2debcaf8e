"""What the service says of a registration that failed, in words (docs/service.md#b6)."""

from __future__ import annotations

from typing import Any

_WEBHOOK = 400207
_WEBHOOK_SAYS = "Custom allocation failed"
_MEANINGS = {
    _WEBHOOK: "the custom allocation webhook failed",
    400208: "no hub is linked to the service",
    400209: "the hub refuses the service",
    401001: "the hub is gone, or not linked",
}
_HINTS = {
    _WEBHOOK: "Look at the logs of the custom allocation webhook.",
    400208: "Link a hub to the provisioning service.",
    400209: "The service's connection to the hub has been refused: link the hub anew.",
    401001: "The hub is gone: link another one to the service, or change the enrollment's hubs.",
}
_FUNCTION_KEY = (
    "The webhook wants its function key: 'update --webhook-url' with ?code=KEY at the URL's end."
)


def why_failed(registration: Any) -> str | None:
    """Say why a device was not assigned to a hub, or return None where nothing is said of it."""
    if not isinstance(registration, dict):
        return None
    code, said = registration.get("errorCode"), registration.get("errorMessage")
    if not code and not said:
        is_disabled = str(registration.get("status")).lower() == "disabled"
        return "its enrollment is disabled" if is_disabled else None
    told = _MEANINGS.get(code, "") if isinstance(code, int) else ""
    if code == _WEBHOOK and str(said).startswith(_WEBHOOK_SAYS):
        told += str(said).removeprefix(_WEBHOOK_SAYS).rstrip(".")
    told = told or str(said or "no reason is given").strip().rstrip(".")
    return f"{told} ({code})" if code else told


def failure_hint(error_code: object, said: object) -> str | None:
    """Say what to do about a registration that failed with *error_code*, of which *said* tells."""
    if error_code == _WEBHOOK and str(said).endswith(("401", "403")):
        return _FUNCTION_KEY
    return _HINTS.get(error_code) if isinstance(error_code, int) else None

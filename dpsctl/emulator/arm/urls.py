"""The URLs of Resource Manager, and the handler of each; all ask for a token of its own."""

from __future__ import annotations

from collections.abc import Callable

from dpsctl.emulator.answers import Answer
from dpsctl.emulator.arm import certificates, services
from dpsctl.emulator.call import Call

_PROVIDER = "providers/Microsoft.Devices/provisioningServices"
_SUBSCRIPTION = "/subscriptions/<subscription>"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/<group>"
_SERVICE = f"{_GROUP}/{_PROVIDER}/<name>"
_CERTIFICATE = f"{_SERVICE}/certificates/<id>"

Url = tuple[str, str, Callable[..., Answer]]  # method, path, handler


def _there(handler: Callable[..., Answer]) -> Callable[..., Answer]:
    """Return *handler* as one that is asked only under the service's own name."""

    def handle(call: Call, subscription: str, group: str, name: str, *ids: str) -> Answer:
        place = services.Place(subscription, group, name)
        services.check_name(call, place)
        return handler(call, place, *ids)

    return handle


SUBSCRIPTIONS: Url = ("GET", "/subscriptions", services.list_subscriptions)
URLS: tuple[Url, ...] = (
    ("GET", f"{_SUBSCRIPTION}/{_PROVIDER}", services.list_services),
    ("GET", f"{_GROUP}/{_PROVIDER}", services.list_services),
    ("GET", _SERVICE, _there(services.show)),
    ("POST", f"{_SERVICE}/listkeys", _there(services.list_keys)),
    ("GET", f"{_SERVICE}/certificates", _there(certificates.list_certificates)),
    ("GET", _CERTIFICATE, _there(certificates.show)),
    ("PUT", _CERTIFICATE, _there(certificates.write)),
    ("DELETE", _CERTIFICATE, _there(certificates.remove)),
    ("POST", f"{_CERTIFICATE}/generateVerificationCode", _there(certificates.generate_code)),
    ("POST", f"{_CERTIFICATE}/verify", _there(certificates.verify)),
)

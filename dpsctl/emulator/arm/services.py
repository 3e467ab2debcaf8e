"""The service as a resource: found by name, its state and its keys (docs/service.md#h2)."""

from __future__ import annotations

from typing import NamedTuple

from dpsctl.emulator.answers import Answer, Json
from dpsctl.emulator.arm.answers import ArmRefusal
from dpsctl.emulator.arm.guards import version_of
from dpsctl.emulator.call import Call
from dpsctl.emulator.settings import OWNER_POLICY

_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
_NAME = "emulated-dps"
_GROUP = "emulator"
_LOCATION = "emulator"
_TYPE = "Microsoft.Devices/provisioningServices"
_OWNER_RIGHTS = "ServiceConfig, DeviceConnect, EnrollmentWrite"
_LOCAL_AUTH_SINCE = "2026-06-01"


class Place(NamedTuple):
    """Where the service is asked for: it is in every subscription and resource group."""

    subscription: str
    group: str
    name: str

    @property
    def resource_id(self) -> str:
        """Return the service's id for Resource Manager."""
        scope = f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
        return f"{scope}/providers/{_TYPE}/{self.name}"


def list_subscriptions(call: Call) -> Answer:
    """Answer with one subscription; every other one is as good where it is named."""
    del call
    own = {
        "id": f"/subscriptions/{_SUBSCRIPTION}",
        "subscriptionId": _SUBSCRIPTION,
        "displayName": "emulator",
        "state": "Enabled",
    }
    return Answer(body={"value": [own], "count": {"type": "Total", "value": 1}})


def list_services(call: Call, subscription: str, group: str = _GROUP) -> Answer:
    """Answer with the one service, as one of the subscription, or of the resource group."""
    name = call.settings.dps_name or _NAME
    return Answer(body={"value": [_resource(call, Place(subscription, group, name))]})


def show(call: Call, place: Place) -> Answer:
    """Answer with the service."""
    return Answer(body=_resource(call, place))


def list_keys(call: Call, _: Place) -> Answer:
    """Answer with all policies and their keys, whether these open anything or not."""
    rights = {OWNER_POLICY: _OWNER_RIGHTS} | {
        policy: ", ".join(sorted(has)) for policy, has in call.settings.policies
    }
    return Answer(body={"value": [_policy(call, *policy) for policy in rights.items()]})


def check_name(call: Call, place: Place) -> None:
    """Refuse a name that the service has not got; if nobody named it, it has all of them."""
    own = call.settings.dps_name
    if own is not None and own.lower() != place.name.lower():
        raise ArmRefusal(
            404,
            "ResourceNotFound",
            f"The Resource '{_TYPE}/{place.name}' under resource group '{place.group}' was not "
            "found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        )


def _policy(call: Call, name: str, rights: str) -> Json:
    primary, secondary = call.service.identity.keys_of(name)
    return {
        "keyName": name,
        "primaryKey": primary,
        "secondaryKey": secondary,
        "rights": rights,
    }


def _resource(call: Call, place: Place) -> Json:
    return {
        "etag": "AAAAAAAAAAE=",  # nothing changes it
        "name": place.name,
        "location": _LOCATION,
        "properties": _properties(call),
        "resourcegroup": place.group,
        "type": _TYPE,
        "id": place.resource_id,
        "subscriptionid": place.subscription,
        "tags": {},
        "sku": {"name": "S1", "tier": "Standard", "capacity": 1},
    }


def _properties(call: Call) -> Json:
    host = call.header("Host")
    properties: Json = {
        "state": "Active",
        "provisioningState": "Succeeded",
        "iotHubs": [_hub(name, weight) for name, weight in call.settings.hubs],
        "allocationPolicy": "Hashed",
        "serviceOperationsHostName": host,
        "deviceProvisioningHostName": host,
        "idScope": call.service.identity.id_scope,
    }
    if version_of(call) >= _LOCAL_AUTH_SINCE:
        properties["disableLocalAuth"] = call.service.local_auth.is_disabled
    return properties


def _hub(name: str, weight: int) -> Json:
    secret = f"HostName={name};SharedAccessKeyName=iothubowner;SharedAccessKey=****"
    return {
        "applyAllocationPolicy": True,
        "allocationWeight": weight,
        "name": name,
        "connectionString": secret,
        "location": _LOCATION,
    }

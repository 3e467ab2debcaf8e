"""Is an answer what the service promises? What is read further on is checked here, once.

A shape is a kind of JSON, an object of shapes by name, or a list with the shape of its items. What
a shape does not name may be anything, and what it names may be absent or null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dpsctl.errors import BadAnswer

Json = dict[str, Any]
Shape = type | Mapping[str, Any] | list[Any]
_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "a truth value"}
_HINT = "Is this the host of the service that was meant? --debug shows the answer."


def _texts(*names: str) -> Mapping[str, Any]:
    return dict.fromkeys(names, str)


_SLOT = {
    "certificate": str,
    "info": _texts("sha1Thumbprint", "sha256Thumbprint", "subjectName"),
}
_SLOTS = {"primary": _SLOT, "secondary": _SLOT}
# docs/service.md#a3
MECHANISM: Shape = {
    **_texts("type"),
    "symmetricKey": _texts("primaryKey", "secondaryKey"),
    "tpm": _texts("endorsementKey", "storageRootKey"),
    "x509": {
        "clientCertificates": _SLOTS,
        "signingCertificates": _SLOTS,
        "caReferences": _texts("primary", "secondary"),
    },
}
REGISTRATION: Mapping[str, Any] = _texts(
    "registrationId", "deviceId", "assignedHub", "status", "etag", "errorMessage"
)
ENROLLMENT: Shape = {
    **_texts("enrollmentGroupId", "registrationId", "deviceId", "etag"),
    **_texts("provisioningStatus", "allocationPolicy", "iotHubHostName"),
    "attestation": MECHANISM,
    "capabilities": {"iotEdge": bool},
    "customAllocationDefinition": _texts("webhookUrl", "apiVersion"),
    "initialTwin": {"tags": dict, "properties": {"desired": dict}},
    "iotHubs": [str],
    "registrationState": dict,
    "reprovisionPolicy": {"updateHubAssignment": bool, "migrateDeviceData": bool},
}
# docs/service.md#c
_RESULT = {**REGISTRATION, "issuedCertificateChain": [str]}
OPERATION: Shape = {**_texts("operationId", "status"), "registrationState": _RESULT}
BULK: Shape = {"errors": [_texts("registrationId", "errorStatus")], "isSuccessful": bool}
# docs/service.md#f2
CENTRAL: Mapping[str, Any] = {
    **_texts("id", "etag", "displayName", "verificationCode"),
    "info": _texts("sha1Thumbprint"),
}
DEVICE: Shape = {**CENTRAL, "template": str, "type": [str]}
# docs/service.md#h
SERVICE: Shape = {
    **_texts("id", "name"),
    "properties": {
        **_texts("serviceOperationsHostName", "state", "idScope"),
        "disableLocalAuth": bool,
        "iotHubs": [_texts("name")],
    },
}
SUBSCRIPTION: Shape = _texts("subscriptionId", "displayName")
POLICY: Shape = _texts("keyName", "primaryKey", "secondaryKey", "rights")
CERTIFICATE: Shape = {
    **_texts("name", "etag"),
    "properties": {**_texts("thumbprint", "verificationCode"), "isVerified": bool},
}
CERTIFICATES: Shape = {"value": [CERTIFICATE]}


def as_object(body: Any, shape: Shape = dict) -> Json:
    """Return *body*, an object of *shape*. Raises BadAnswer if it is something else."""
    return _object(body, shape, "The service's answer")


def as_list(body: Any, shape: Shape, what: str = "The service's answer") -> list[Json]:
    """Return *body*, a list of objects of *shape*. Raises BadAnswer if it is something else."""
    if not isinstance(body, list):
        raise _wrong(what, body, list)
    return [_object(item, shape, "An item of the service's answer") for item in body]


def misfit(record: Json, shape: Shape) -> str | None:
    """Say what in *record*, which somebody else has kept, is not of *shape*, or return None."""
    try:
        _check(record, shape, "", "")
    except BadAnswer as error:
        return error.message
    return None


def kind_of(value: Any) -> str:
    """Name the kind of JSON that *value* is."""
    return "nothing" if value is None else _KINDS.get(type(value), "a number")


def _object(value: Any, shape: Shape, what: str) -> Json:
    if not isinstance(value, dict):
        raise _wrong(what, value, dict)
    _check(value, shape, "", " in the service's answer")
    return value


def _check(value: Any, shape: Any, path: str, where: str) -> None:
    kind: Any = shape if isinstance(shape, type) else list if isinstance(shape, list) else dict
    if not isinstance(value, kind):
        raise _wrong(f"{path}{where}", value, kind)
    for name, inner in shape.items() if isinstance(shape, Mapping) else ():
        if value.get(name) is not None:
            _check(value[name], inner, f"{path}.{name}" if path else name, where)
    for number, item in enumerate(value) if isinstance(shape, list) else ():
        _check(item, shape[0], f"{path}[{number}]", where)


def _wrong(what: str, found: Any, wanted: type) -> BadAnswer:
    return BadAnswer(f"{what} is {kind_of(found)} instead of {_KINDS[wanted]}", _HINT)

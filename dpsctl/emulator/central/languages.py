"""What can be asked of IoT Central's records: the fields and operators of each kind of filter."""

from __future__ import annotations

import operator

from dpsctl.emulator.central.conditions import Comparison, Language

_ORDER: dict[str, Comparison] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "le": operator.le,
    "lt": operator.lt,
    "ge": operator.ge,
    "gt": operator.gt,
}
_SIGNS: dict[str, Comparison] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
}
_DEVICE = {
    "id": ("id", str),
    "displayName": ("displayName", str),
    "enabled": ("enabled", bool),
    "provisioned": ("provisioned", bool),
    "simulated": ("simulated", bool),
    "template": ("template", str),
    "scopes": ("organizations", str),
}
_DEVICE_GROUP = {
    "id": ("id", str),
    "displayName": ("displayName", str),
    "description": ("description", str),
    "scopes": ("organizations", str),
}

# docs/service.md#f8 lists operators and fields.
DEVICE_FILTER = Language(_ORDER, _DEVICE, "'", has_functions=True)
DEVICE_GROUP_FILTER = Language(_ORDER, _DEVICE_GROUP, "'", has_functions=True)
# Emulated devices report no properties, so a group can only ask for what Central itself knows.
DEVICE_QUERY = Language(
    _SIGNS,
    {f"${name}": field for name, field in _DEVICE.items() if name != "scopes"},
    "\"'",
)

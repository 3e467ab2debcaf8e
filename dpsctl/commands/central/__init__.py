"""`dpsctl central`: devices, device groups and enrollment groups of IoT Central."""

from __future__ import annotations

from dpsctl.commands.central import device, device_group, enrollment_group
from dpsctl.frame.verbs import Noun

command = Noun(
    "central",
    "Manage devices and groups of IoT Central.",
    [device.command, device_group.command, enrollment_group.command],
)

"""`dpsctl device`: what a device does, in the words of dpsctl and in those of az."""

from dpsctl.commands.device.explain import explain
from dpsctl.commands.device.register import register
from dpsctl.commands.device.registration import create, operation_status
from dpsctl.frame.verbs import Noun

command = Noun(
    "device",
    "Register as a device does.",
    [
        register,
        explain,
        Noun("registration", "Register a device in az's words.", [create, operation_status]),
    ],
)

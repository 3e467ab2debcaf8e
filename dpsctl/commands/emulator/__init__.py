"""`dpsctl emulator`: the provisioning service on this machine, for people and for tests."""

from __future__ import annotations

from dpsctl.commands.emulator.environment import env
from dpsctl.commands.emulator.serving import exec_command, run_emulator
from dpsctl.frame.verbs import Noun

command = Noun(
    "emulator", "Run the provisioning service on this machine.", [run_emulator, exec_command, env]
)

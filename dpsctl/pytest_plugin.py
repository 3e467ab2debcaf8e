"""The pytest fixture `dps_emulator`, for every project that installs `dpsctl[emulator]`.

    import os
    import subprocess

    CREATE = ["dpsctl", "enrollment-group", "create", "--group-id", "line-4", "--output", "none"]


    def test_group_is_made_though_the_service_is_busy(dps_emulator):
        dps_emulator.faults.replace(["429 twice, Retry-After 0"])

        subprocess.run(CREATE, env={**os.environ, **dps_emulator.environment}, check=True)

        assert [asked["status"] for asked in dps_emulator.requests()] == [429, 429, 200]


    def test_group_of_another_test_is_gone(dps_emulator):
        dps_emulator.seed({"registrations": [{"registrationId": "device-1"}]})

        subprocess.run(CREATE, env={**os.environ, **dps_emulator.environment}, check=True)

pytest loads this module whenever it starts, so what is heavy waits until a test wants the fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dpsctl.emulator.server import Emulator
    from dpsctl.emulator.settings import EmulatorSettings

__all__ = ["dps_emulator", "dps_emulator_settings"]


@pytest.fixture(scope="session")
def dps_emulator_settings() -> EmulatorSettings:
    """Return the settings of the emulator; a project's own fixture of this name replaces them."""
    from dpsctl.emulator.settings import EmulatorSettings

    return EmulatorSettings(hubs=(("emulated-hub.azure-devices.net", 1),), retry_after_seconds=0)


@pytest.fixture(scope="session")
def _dps_emulator_of_the_session(dps_emulator_settings: EmulatorSettings) -> Iterator[Emulator]:
    from dpsctl.emulator import make_emulator

    with make_emulator(dps_emulator_settings) as emulator:
        yield emulator


@pytest.fixture
def dps_emulator(_dps_emulator_of_the_session: Emulator) -> Emulator:
    """Run an emulated Azure device provisioning service over HTTPS that holds nothing yet.

    `endpoint`, `host`, `connection_string`, `id_scope` and `ca_file` say how to reach it,
    `control_token` lets a client change it under `/_emulator/`, and `environment` is all that a
    child process needs; `seed(...)` writes records,
    `faults.replace([...])` makes it fail as `dpsctl emulator run --fault` does, `requests()` tells
    what it was asked.
    """
    _dps_emulator_of_the_session.reset()
    return _dps_emulator_of_the_session

"""An emulator that Microsoft's own clients reach at the ports they know, and one of these."""

import os
import socket
import sys

import pytest
from azure.iot.deviceprovisioning import DeviceProvisioningClient

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings

HUB = "hub-1.azure-devices.net"


@pytest.fixture(scope="session")
def running_emulator():
    """Run at the ports that azure-iot-device knows; each process of a test run has an address."""
    if sys.platform != "linux":
        pytest.skip("only Linux answers at all of 127.0.0.0/8")
    number = os.getpid()
    address = f"127.88.{number >> 8 & 255}.{number & 255 or 1}"
    port = 443 if may_listen(address, 443) else 0
    settings = EmulatorSettings(
        host=address, port=port, mqtt_port=8883, hubs=((HUB, 1),), retry_after_seconds=0
    )
    with Emulator(settings) as running:
        yield running


def may_listen(address, port):
    with socket.socket() as probe:
        try:
            probe.bind((address, port))
        except PermissionError:
            return False
    return True


@pytest.fixture
def service(emulator, monkeypatch):
    """Microsoft's service SDK (azure-iot-deviceprovisioning), signed in."""
    monkeypatch.setenv("NO_PROXY", emulator.settings.host)
    with DeviceProvisioningClient.from_connection_string(
        emulator.connection_string, connection_verify=emulator.ca_file, retry_total=0
    ) as client:
        yield client

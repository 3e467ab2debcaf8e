"""Callers of the emulated Resource Manager."""

import pytest
import requests


@pytest.fixture
def arm(emulator):
    """Send requests with the emulator's access token, and with *headers* over it."""
    with requests.Session() as session:
        session.trust_env = False

        def send(method, path, body=None, *, at=emulator, headers=None, version="2022-12-12"):
            return session.request(
                method,
                f"{at.endpoint}{path}",
                params={"api-version": version} if version else {},
                json=body,
                headers={"Authorization": f"Bearer {at.access_token}", **(headers or {})},
                verify=at.ca_file,
                timeout=10,
            )

        yield send

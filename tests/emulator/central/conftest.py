"""Callers of the emulated IoT Central application."""

import pytest
import requests

STABLE = "2022-07-31"


@pytest.fixture
def central(emulator):
    """Send requests with the application's token; returns the answers."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = emulator.ca_file

        def send(method, path, body=None, version=STABLE, headers=None, **query):
            return session.request(
                method,
                path if "://" in path else f"{emulator.endpoint}/api{path}",
                params=query if "://" in path else {"api-version": version, **query},
                json=body,
                headers={"Authorization": emulator.central_token, **(headers or {})},
                timeout=10,
            )

        yield send


@pytest.fixture
def preview(central):
    """Send requests in the preview version."""

    def send(method, path, body=None, **more):
        return central(method, path, body, version="2022-10-31-preview", **more)

    return send

"""dpsctl against the emulated IoT Central application, and the requests that it made."""

import pytest


@pytest.fixture
def central(run_offline, signed_in, monkeypatch):
    """Run `dpsctl central LINE` against the emulator."""
    monkeypatch.setenv("DPSCTL_CENTRAL_APP", signed_in.endpoint)
    monkeypatch.setenv("DPSCTL_CENTRAL_TOKEN", signed_in.central_token)

    def run(line, **given):
        return run_offline(f"central {line}", **given)

    return run


@pytest.fixture
def requests_of(central, emulator):
    """Run a command line and return its result and the requests that it made, oldest first."""

    def run(line, **given):
        emulator.service.log.clear()
        ran = central(line, **given)
        return ran, emulator.service.log.entries()

    return run


@pytest.fixture
def x509_group(central, issue):
    """A group by certificate, its root already set as primary; returns the root."""
    root = issue("mytestrootcert", is_ca=True)
    central(
        "enrollment-group create --id myx509eg --display-name 'My group' --type iot --at x509"
        f" --certificate-path {root.path}"
    )
    return root

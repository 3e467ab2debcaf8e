"""How a scenario runs dpsctl."""

import json

import pytest


@pytest.fixture
def dpsctl(run_process, signed_in, monkeypatch):
    """Run dpsctl as a process that finds the emulator as service and as device endpoint."""
    monkeypatch.setenv("DPSCTL_ID_SCOPE", signed_in.id_scope)
    monkeypatch.setenv("DPSCTL_DEVICE_ENDPOINT_URL", signed_in.endpoint)

    def dpsctl(line, *, expect=0):
        done = run_process(*line.split())
        assert done.returncode == expect, done.stderr
        return json.loads(done.stdout) if done.stdout else done.stderr

    return dpsctl

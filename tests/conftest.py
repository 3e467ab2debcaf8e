"""What most tests need: a running emulator, and a way to run dpsctl against it."""

import io
import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass

import pytest

from dpsctl.__main__ import main
from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings

HUB = "hub-1.azure-devices.net"


@dataclass(frozen=True)
class Ran:
    """What a run of dpsctl left behind."""

    line: str
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture(scope="session")
def running_emulator():
    with Emulator(EmulatorSettings(hubs=((HUB, 1),))) as emulator:
        yield emulator


@pytest.fixture
def emulator(running_emulator):
    """An emulator that holds nothing yet."""
    running_emulator.reset()
    return running_emulator


@pytest.fixture(autouse=True)
def _environment_of_its_own(monkeypatch, tmp_path_factory):
    """Keep the developer's own settings out of every test."""
    for name in list(os.environ):
        if name.startswith(("DPSCTL_", "AZURE_", "REQUESTS_CA", "SSL_CERT", "CURL_CA", "GITHUB_")):
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def signed_in(emulator, monkeypatch):
    """Point dpsctl at the emulator through its environment."""
    monkeypatch.setenv("DPSCTL_LOGIN", emulator.connection_string)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(emulator.ca_file))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return emulator


@pytest.fixture
def run_offline(capsys, monkeypatch):
    """Run a dpsctl command line in this process, with no service to ask."""

    def run(line, *, expect=0, stdin=""):
        words = shlex.split(line) if isinstance(line, str) else [str(word) for word in line]
        raw = stdin if isinstance(stdin, bytes) else stdin.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        capsys.readouterr()
        code = main(words)
        captured = capsys.readouterr()
        ran = Ran(shlex.join(words), code, captured.out, captured.err)
        if expect is not None and code != expect:
            pytest.fail(f"{ran.line}\nexit {code}, wanted {expect}\n{ran.out}\n{ran.err}")
        return ran

    return run


@pytest.fixture
def run(run_offline, signed_in):  # noqa: ARG001 - it sets the environment
    """Run a dpsctl command line in this process, against the emulator."""
    return run_offline


@pytest.fixture
def run_process():
    """Run dpsctl as a process of its own, as a shell would."""

    def run(*words, **given):
        command = [sys.executable, "-m", "dpsctl", *map(str, words)]
        given = {"capture_output": True, "text": True, "check": False, "timeout": 60, **given}
        return subprocess.run(command, **given)  # noqa: PLW1510 - check is given

    return run

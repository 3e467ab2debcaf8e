"""What most tests need: a running emulator, and a way to run dpsctl against it."""

import inspect
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from issuing import make_certificate

from dpsctl.__main__ import main
from dpsctl.emulator.environment import client_environment
from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings

HUB = "hub-1.azure-devices.net"
# How long an example takes tells of the machine, and of who else works on it. CI tries the same
# examples each time, so that a checkout that was green stays so; developers' machines try others.
settings.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("any machine")
# A test that a bare machine skips fails there; read here, for no test sees the variable.
SKIPS_NOTHING = bool(os.environ.get("DPSCTL_TESTS_SKIP_NOTHING"))


# What a test names, or a fixture it uses, when it starts a server or a process.
STARTERS = {"subprocess", "multiprocessing", "fork", "socket", "HTTPServer", "Emulator"}
TREE_WIDE = 30  # cases; the command tree has more commands


def pytest_collection_modifyitems(items):
    """Mark each test by what it takes: a service or a process, the whole tree, or neither."""
    cases = Counter(item.originalname for item in items)
    for item in items:
        walks_the_tree = hasattr(item.module, "tree") and cases[item.originalname] > TREE_WIDE
        marks = ["sweep"] if walks_the_tree else []
        marks += ["whole"] if takes_a_while(item) else []
        for mark in marks or ["quick"]:
            item.add_marker(mark)


def takes_a_while(item):
    """Whether a test or what it uses starts something, or tries many examples."""
    fixtures = [found[-1].func for found in item._fixtureinfo.name2fixturedefs.values()]
    named = set().union(*(names_in(inspect.unwrap(part)) for part in [item.function, *fixtures]))
    return bool(named & STARTERS) or getattr(item.obj, "is_hypothesis_test", False)


@cache
def names_in(function):
    """Every name in a function, and in the functions and classes of its module that it uses."""
    waiting, named = [function], set()
    for each in waiting:
        codes = [each.__code__]
        for code in codes:
            codes += filter(inspect.iscode, code.co_consts)
            named |= set(code.co_names)
        used = [value for name, value in each.__globals__.items() if name in named]
        used += [part for value in filter(inspect.isclass, used) for part in vars(value).values()]
        waiting += [
            part
            for part in map(inspect.unwrap, filter(inspect.isfunction, used))
            if part.__module__ == function.__module__ and part not in waiting
        ]
    return named


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if SKIPS_NOTHING and report.skipped and not item.get_closest_marker("may_skip"):
        report.outcome, report.longrepr = "failed", f"may not be skipped: {report.longrepr[-1]}"
    return report


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
    with Emulator(EmulatorSettings(hubs=((HUB, 1),), retry_after_seconds=0)) as emulator:
        yield emulator


@pytest.fixture
def emulator(running_emulator):
    """An emulator that holds nothing yet."""
    running_emulator.reset()
    return running_emulator


# Files and folders whose many processes run what other tests measure, too: a process takes twice as
# long where it is measured.
UNMEASURED = {
    "installation",
    "reference",
    "scenarios",
    "test_crashes",
    "test_interrupts",
    "test_pages",
}


@pytest.fixture(autouse=True)
def _environment_of_its_own(request, monkeypatch, tmp_path_factory):
    """Keep the developer's own settings out of every test."""
    if UNMEASURED & {request.path.stem, request.path.parent.name}:
        monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
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
def inside(emulator, monkeypatch, tmp_path_factory, run_offline):
    """Run a dpsctl command line in the environment that 'dpsctl emulator' gives."""
    folder = tmp_path_factory.mktemp("emulator")
    for name, value in client_environment(emulator.ready(), os.environ, folder).items():
        monkeypatch.setenv(name, value)
    return run_offline


@pytest.fixture
def unmeasured():
    """Run a piece of Python in a process of its own, without what measures coverage loaded."""

    def run(code):
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")
        }
        return subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)

    return run


@pytest.fixture
def run_process():
    """Run dpsctl as a process of its own, as a shell would."""

    def run(*words, **given):
        command = [sys.executable, "-m", "dpsctl", *map(str, words)]
        given = {"capture_output": True, "text": True, "check": False, "timeout": 60, **given}
        return subprocess.run(command, **given)  # noqa: PLW1510 - check is given

    return run


FAKE_KEY = "ZmFrZS1wb2xpY3kta2V5LW9mLXRoZS10ZXN0cyE="


@pytest.fixture
def odd_service(httpserver, monkeypatch):
    """Point dpsctl at a server that answers as the test says; `log` holds what was asked."""
    monkeypatch.setenv(
        "DPSCTL_LOGIN",
        f"HostName=dps.example;SharedAccessKeyName=owner;SharedAccessKey={FAKE_KEY}",
    )
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", f"http://localhost:{httpserver.port}")
    monkeypatch.setenv("NO_PROXY", "localhost")
    return httpserver


@pytest.fixture
def certificate_file(tmp_path):
    """Write a certificate to a file and return its path; *days* is how long it is valid."""

    def write(name="ca.pem", *, is_ca=True, days=400, subject="Test CA", with_key=False):
        made = make_certificate(subject, ca=is_ca, age=500, days=days)
        path = tmp_path / name
        path.write_bytes(made.pem + (made.key_pem() if with_key else b""))
        return path

    return write


@dataclass(frozen=True)
class Issued:
    """A certificate's file and its private key's, and what it takes to issue more."""

    path: Path
    key_path: Path
    certificate: object
    key: object


@pytest.fixture
def issue(tmp_path):
    """Issue a certificate for a common name, signed by *issuer* or by itself."""

    def issue(subject, issuer=None, *, is_ca=False, password=None):
        made = make_certificate(subject, issuer, ca=is_ca, days=100)
        path, key_path = tmp_path / f"{subject}.pem", tmp_path / f"{subject}.key"
        path.write_bytes(made.pem)
        key_path.write_bytes(made.key_pem(password))
        return Issued(path, key_path, *made)

    return issue


@pytest.fixture(scope="session")
def program():
    """Find a program; without it the test is skipped."""
    return lambda name: shutil.which(name) or pytest.skip(f"needs the program {name}")


@pytest.fixture
def openssl(program, tmp_path):
    """Run the openssl program in the test's folder and return its exit code and all it says."""
    path = program("openssl")

    def run(line, /, **files):
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            (tmp_path / name).write_bytes(data)
        words = [path, *shlex.split(line)]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return run

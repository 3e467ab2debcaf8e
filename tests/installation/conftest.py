"""The files of a release, made once by `make`, and an environment of one's own to install them."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
# Before any fixture hides it: package tools need the machine's proxies, indexes, caches and CAs.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("DPSCTL_", "COVERAGE_", "PYTEST_", "MAKE", "MFLAGS"))
}
CACHE = Path(ENVIRONMENT.get("XDG_CACHE_HOME") or Path.home() / ".cache")
CACHES = {"UV_CACHE_DIR": str(CACHE / "uv"), "PIP_CACHE_DIR": str(CACHE / "pip")}
# `make release` has made them already, and has these very files tried.
RELEASE = os.environ.get("DPSCTL_TESTS_RELEASE")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory):
    """A folder that is the same for every process of a test run."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@contextmanager
def only_one(lock):
    """Let one process of a test run at a time do something; the others find it done."""
    import fcntl  # Windows has none

    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make(target, folder):
    """Make a target of the Makefile with this environment, and what it makes in *folder*."""
    done = folder.with_suffix(f".{target}")
    with only_one(folder.with_suffix(".lock")):
        if not done.exists():
            given = {"cwd": ROOT, "env": ENVIRONMENT, "capture_output": True, "text": True}
            command = ["make", "-o", "setup", target, f"BIN={BIN}", f"DIST={folder}"]
            ran = subprocess.run(command, check=False, **given)
            assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
            done.touch()
    return folder


@pytest.fixture(scope="session")
def packages(shared_folder):
    """A folder with the wheel and the source archive, built with what is installed."""
    return Path(RELEASE) if RELEASE else make("packages", shared_folder / "packages")


@pytest.fixture(scope="session")
def wheel(packages):
    return next(packages.glob("*.whl"))


@pytest.fixture(scope="session")
def release(shared_folder):
    """A folder with every file of a release."""
    return Path(RELEASE) if RELEASE else make("programs", shared_folder / "release")


@pytest.fixture(scope="session")
def checkout(shared_folder):
    """A copy of this project, as somebody has it who has just cloned it."""
    folder = shared_folder / "checkout"
    with only_one(folder.with_suffix(".lock")):
        if not folder.exists():
            ignored = shutil.ignore_patterns("__pycache__", ".*", "dist", "build")
            shutil.copytree(ROOT, folder, ignore=ignored)
    return folder


@pytest.fixture
def install(tmp_path, tools):
    """Run an installation's command line in a clean folder, with a home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    places = {"PIPX_HOME": "pipx", "UV_TOOL_DIR": "uv", "SHIV_ROOT": "shiv"}
    given = {name: str(home / place) for name, place in places.items()}
    given |= {name: str(home / "bin") for name in ("PIPX_BIN_DIR", "UV_TOOL_BIN_DIR")}
    given |= {"HOME": str(home), "PIPX_MAN_DIR": f"{home}/man", **CACHES}
    given["PATH"] = os.pathsep.join([str(tools), ENVIRONMENT["PATH"]])

    def run(*words, expect=0, folder=tmp_path):
        ran = subprocess.run(
            [str(word) for word in words],
            cwd=folder,
            env=ENVIRONMENT | given,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert ran.returncode == expect, f"{words}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    return run


@pytest.fixture
def installed(install, tmp_path):
    """Install into an environment that has nothing; return the `dpsctl` of that environment."""

    def into(name, *what):
        install("uv", "venv", "-q", "--python", sys.executable, name)
        install("uv", "pip", "install", "-q", "--python", name, *what)
        return tmp_path / name / "bin" / "dpsctl"

    return into


@pytest.fixture(scope="session")
def tools(shared_folder):
    """A folder with pipx and uv, as their own users have them."""
    folder, uv = shared_folder / "tools", BIN / "uv"
    with only_one(folder.with_suffix(".lock")):
        if not folder.exists():
            for words in (
                ["venv", "-q", folder],
                ["pip", "install", "-q", "--python", folder, "pipx"],
            ):
                subprocess.run(
                    [uv, *words], env=ENVIRONMENT | CACHES, check=True, capture_output=True
                )
            (folder / "bin" / "uv").symlink_to(uv.resolve())
    return folder / "bin"

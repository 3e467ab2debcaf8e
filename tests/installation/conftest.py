"""The wheel, built once, and a machine's own environment for the tools that install it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Before any fixture hides it: package tools need the machine's proxies, indexes and CAs.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("DPSCTL_")}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel, built with what is installed: nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


@pytest.fixture
def install(tmp_path):
    """Run an installation's command line in a clean folder, with a home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    places = {"PIPX_HOME": "pipx", "UV_TOOL_DIR": "uv", "SHIV_ROOT": "shiv"}
    given = {name: str(home / place) for name, place in places.items()}
    bins = {name: str(home / "bin") for name in ("PIPX_BIN_DIR", "UV_TOOL_BIN_DIR")}
    environment = ENVIRONMENT | given | bins | {"HOME": str(home), "PIPX_MAN_DIR": f"{home}/man"}

    def run(*words, expect=0):
        ran = subprocess.run(
            [str(word) for word in words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert ran.returncode == expect, f"{words}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    return run


@pytest.fixture(scope="session")
def tools(tmp_path_factory):
    """The folder of pipx, uv and shiv, each as its own users get it."""
    folder = tmp_path_factory.mktemp("tools")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    command = [folder / "bin/pip", "install", "-q", "pipx", "uv", "shiv"]
    subprocess.run(command, env=ENVIRONMENT, check=True, capture_output=True)
    yield folder / "bin"
    shutil.rmtree(folder)

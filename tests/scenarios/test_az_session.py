"""A shell session written for az runs with `az iot dps` replaced by `dpsctl`, and nothing else."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings
from dpsctl.keys import derive_device_key

TRANSCRIPT = Path(__file__).with_name("az_transcript.txt")
PRIMARY_KEY = "cHJpbWFyeS1rZXktb2YtdGhlLWxpbmUtaW4tdGhlLXBsYW50"
MARK = "@@@"


AZ = re.compile(r"(az iot (?:[a-z][a-z-]* ?)+)((?: ?-[^|;)]*)?)")
TYPED = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


@pytest.fixture(scope="module")
def session():
    """The lines that are typed, each with what az prints after it."""
    return TYPED.findall(TRANSCRIPT.read_text(encoding="utf-8"))


@pytest.fixture
def my_dps():
    """A service of the name that the session has for it."""
    settings = EmulatorSettings(
        dps_name="my-dps", hubs=(("hub-1.azure-devices.net", 1),), retry_after_seconds=0
    )
    with Emulator(settings) as emulator:
        yield emulator


def test_session_is_of_many_shapes_and_has_every_noun(session):
    shapes = {shape for line, _ in session for shape in shapes_in(line)}

    assert len(shapes) >= 70
    assert {command.split()[3] for command, _ in shapes} == {
        *("show", "list", "connection-string", "policy", "certificate", "registration"),
        *("enrollment-group", "enrollment", "compute-device-key", "device"),
    }


def shapes_in(line):
    """Name what tells uses of az apart: the command, and the flags as they are spelled."""
    unquoted = re.sub(r"'[^']*'|\"[^\"$]*\"", "X", line)
    for command, flags in AZ.findall(unquoted):
        yield command.strip(), tuple(sorted(re.findall(r"(?<= )--?[a-z][a-z-]*", flags)))


# Each of its many lines is a process: beside other work that takes longer than a test may else.
@pytest.mark.timeout(900)
@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_session_of_az_prints_the_same(session, my_dps, openssl, tmp_path, subtests):
    assert openssl
    filled = {
        "{id_scope}": my_dps.id_scope,
        "{policy_key}": my_dps.policy_key,
        "{host}": my_dps.host,
        "{device_key}": derive_device_key(PRIMARY_KEY, "sensor-1"),
    }
    program = f"{sys.executable} -m dpsctl"
    script = ""
    for line, _ in session:
        ours = line.replace("az iot dps", program).replace("az iot", program)
        script += f"echo '{MARK}'\n{ours}\n"

    ran = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, **my_dps.environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    _, *printed = ran.stdout.split(f"{MARK}\n")
    assert len(printed) == len(session), ran.stderr
    for (line, expected), got in zip(session, printed, strict=True):
        with subtests.test(line):
            wanted = re.sub(r"\{\w+\}", lambda name: filled.get(name[0], name[0]), expected)
            assert got == wanted, ran.stderr

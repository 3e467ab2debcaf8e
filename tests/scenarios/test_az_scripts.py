"""Scripts written for az, which name their service on every line, beside the emulator."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("az.sh")
PRINTED = """\
Active
provisioningserviceowner
ServiceConfig, DeviceConnect, EnrollmentWrite
true
root-1
assigned
device-1
assigned
assigned
device-2
[]
"""


@pytest.fixture
def beside(tmp_path):
    """Run a program in `dpsctl emulator exec`, where `dpsctl` is this one."""
    program = tmp_path / "bin" / "dpsctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m dpsctl "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    path = os.pathsep.join([str(program.parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join(sys.path)}

    def run(*words, options=()):
        command = [program, "emulator", "exec", *options, "--", *words]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    return run


@pytest.mark.parametrize("options", [(), ("--dps-name", "my-dps")], ids=["any name", "one name"])
def test_script_that_names_the_service_on_every_line_runs(beside, options):
    bash = shutil.which("bash") or pytest.skip("needs bash")

    ran = beside(bash, SCRIPT, options=options)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, PRINTED, "")


def test_root_is_proved_and_a_device_under_it_registers_with_dpsctl_alone(beside):
    story = """
        set -e
        dpsctl certificate root --cn factory-root -o none
        dpsctl certificate certify --dps-name my-dps -n root-1 -o none \
            --certificate-path factory-root.pem --key-path factory-root.key
        dpsctl enrollment-group create --gid line-4 --root-ca-name root-1 -o none
        dpsctl certificate device --rid device-1 --issuer factory-root.pem -o none
        dpsctl device register --rid device-1 --cp device-1.pem --kp device-1.key --query status
    """

    ran = beside("sh", "-c", story)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, '"assigned"\n', "")

"""The fixture `dps_emulator`, as another project's tests use it."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dpsctl import pytest_plugin

# Plugins of our own tests, which take longer to load than these tests to run.
OTHERS = ["schemathesis", "pytest_httpserver", "hypothesispytest", "xdist", "cacheprovider"]
PYTEST = [sys.executable, "-m", "pytest", "-q", *(f"-pno:{name}" for name in OTHERS)]
HEAVY = ["dpsctl.emulator", "dpsctl.errors", "werkzeug", "cryptography", "OpenSSL", "requests"]


@pytest.fixture
def run_pytest(tmp_path):
    """Run pytest on the text of a test module, in a project that knows dpsctl as installed."""

    def run(text, conftest=""):
        (tmp_path / "test_line.py").write_text(text)
        (tmp_path / "conftest.py").write_text(conftest)
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return subprocess.run(
            PYTEST,
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    return run


def test_example_of_the_module_passes(run_pytest):
    example = pytest_plugin.__doc__.split("\n\n", 1)[1].rpartition("\n\n")[0]

    ran = run_pytest(textwrap.dedent(example))

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"^[1-9]\d* passed", ran.stdout, re.MULTILINE)


def test_each_test_finds_the_emulator_as_if_it_were_new(run_pytest):
    text = """
        import pytest, requests

        @pytest.mark.parametrize("turn", range(2))
        def test_turn(dps_emulator, turn):
            assert dps_emulator.requests() == []
            assert dps_emulator.faults.texts() == []
            assert dps_emulator.store.get("EnrollmentGroup", "g1") is None
            dps_emulator.seed({
                "enrollmentGroups": [
                    {"enrollmentGroupId": "g1", "attestation": {"type": "symmetricKey"}}
                ]
            })
            dps_emulator.faults.replace(["503"])
            url = f"{dps_emulator.endpoint}/enrollmentGroups/g1"
            assert requests.get(url, verify=dps_emulator.ca_file).status_code == 503
        """

    ran = run_pytest(textwrap.dedent(text))

    assert ran.stdout.splitlines()[-1].startswith("2 passed"), ran.stdout


def test_all_tests_share_one_server_of_the_projects_own_settings(run_pytest):
    conftest = """
        import pytest
        from dpsctl.emulator.settings import EmulatorSettings

        @pytest.fixture(scope="session")
        def dps_emulator_settings():
            return EmulatorSettings(host="127.0.0.3", tls=False)
        """
    text = """
        import pytest

        seen = set()

        @pytest.mark.parametrize("turn", range(2))
        def test_turn(dps_emulator, turn):
            seen.add(dps_emulator.endpoint)
            assert len(seen) == 1
            assert dps_emulator.endpoint.startswith("http://127.0.0.3:")
        """

    ran = run_pytest(textwrap.dedent(text), conftest=textwrap.dedent(conftest))

    assert ran.stdout.splitlines()[-1].startswith("2 passed"), ran.stdout


def test_plugin_loads_nothing_of_the_emulator_until_a_test_wants_it(run_pytest):
    text = f"""
        import sys

        def test_start():
            assert "dpsctl.pytest_plugin" in sys.modules
            assert not set({HEAVY}) & set(sys.modules)
        """

    ran = run_pytest(textwrap.dedent(text))

    assert ran.returncode == 0, ran.stdout

"""Microsoft's Node SDKs, for services, devices and management, work with the emulator."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import software_tpm
from issuing import make_certificate
from software_tpm import running_tpm

from dpsctl.keys import sign

HUB = "hub-1.azure-devices.net"
HERE = Path(__file__).parent / "node"


@pytest.fixture(scope="session")
def installed(program, tmp_path_factory):
    """Install the SDKs into a folder of their own, beside the script that uses them."""
    program("node")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json", "clients.js"):
        shutil.copy(HERE / name, folder)
    command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    npm = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if npm.returncode:
        pytest.skip(f"npm cannot install the SDKs: {npm.stderr[-500:]}")
    return folder


@pytest.fixture
def tell(installed, program, emulator):
    """Tell one of the stories of clients.js, and return what its clients were told."""
    if emulator.port != 443:
        pytest.skip("needs port 443, for the SDKs know no other")

    def run(*words):
        ran = subprocess.run(
            [program("node"), "clients.js", *map(str, words)],
            cwd=installed,
            env={**os.environ, **emulator.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    return run


def test_service_sdk_updates_what_has_not_changed_and_nothing_else(tell):
    told = tell("etags")

    assert told["exists"] == ["DeviceAlreadyExistsError", 409, 409202]
    assert told["updated"] == "disabled"
    assert told["keysKept"]
    assert told["stale"][1:] == told["staleDelete"][1:] == [412, 412202]
    assert told["shown"]["attestation"] == {"type": "symmetricKey"}
    assert told["gone"][1:] == [404, 404202]


def test_service_sdk_reads_page_after_page_to_the_end(tell):
    assert tell("paging") == [["pump-0", "pump-1"], ["pump-2", "pump-3"], ["pump-4"]]


def test_service_sdk_is_told_what_became_of_each_item_of_a_bulk(tell):
    told = tell("bulk")

    exists = {"errorCode": 409201, "errorStatus": "Enrollment already exists."}
    assert told == {
        "created": {"isSuccessful": True, "errors": []},
        "again": {
            "isSuccessful": False,
            "errors": [{"registrationId": f"pump-{number}", **exists} for number in (1, 2)],
        },
        "deleted": {"isSuccessful": True, "errors": []},
    }


def test_device_sdk_registers_with_a_derived_key_and_the_service_sdk_shows_it(tell):
    told = tell("symmetricKey")

    for state in (told["told"], told["shown"]):
        assert (state["status"], state["assignedHub"]) == ("assigned", HUB)
        assert (state["registrationId"], state["deviceId"]) == ("pump-7", "pump-7")
    assert told["listed"] == [["pump-7"]]
    assert told["wrongKey"][1:] == [401, 401000]


def test_device_sdk_registers_with_a_certificate(tell, tmp_path):
    own = make_certificate("pump-9", ca=False)
    (tmp_path / "pump-9.pem").write_bytes(own.pem)
    (tmp_path / "pump-9.key").write_bytes(own.key_pem())

    told = tell("certificate", tmp_path / "pump-9.pem", tmp_path / "pump-9.key")

    assert told["told"]["assignedHub"] == told["shown"]["assignedHub"] == HUB
    assert told["shown"]["status"] == "assigned"


def test_device_sdk_registers_with_a_tpm_and_has_its_key_for_the_hub(
    tell, program, emulator, tmp_path
):
    for name in ("swtpm", "tpm2_activatecredential"):
        program(name)
    with running_tpm(tmp_path) as tpm:
        words = [sys.executable, software_tpm.__file__, tmp_path, tpm.port]
        told = tell("tpm", json.dumps(tpm.keys), *words)
        signature = tpm.sign(b"to the hub")

    assert told["told"]["registrationState"]["assignedHub"] == HUB
    assert told["shown"]["status"] == "assigned"
    assert signature == sign(emulator.store.get("Tpm", "pump-5")["hub"], "to the hub")


def test_management_sdk_reads_the_service_and_its_keys(tell, emulator):
    told = tell("management")

    assert told["listed"] == ["emulated-dps"]
    assert told["shown"]["properties"]["idScope"] == emulator.id_scope
    assert told["shown"]["properties"]["iotHubs"][0]["name"] == HUB
    assert told["keyIsTheOwners"]
    assert told["certificates"] == []
    assert told["wrongToken"] == [401, "InvalidAuthenticationToken"]


def test_management_sdk_uploads_a_certificate_and_gets_its_code(tell, tmp_path):
    (tmp_path / "root.pem").write_bytes(make_certificate("factory root").pem)

    told = tell("authority", tmp_path / "root.pem")

    assert told["uploaded"]["properties"]["subject"] == "factory root"
    assert len(told["code"]) == 48
    assert (told["stale"], told["gone"]) == (412, 404)

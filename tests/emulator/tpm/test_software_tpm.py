"""A device with a TPM registers over HTTPS: challenged, it signs with the key that it is sent."""

import base64
import subprocess
import time
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA256
from software_tpm import CREDENTIAL_FILE, parts_of, running_tpm

from dpsctl.emulator.tpm.activation import credential
from dpsctl.emulator.tpm.public_areas import name_of
from dpsctl.keys import sign

ENDORSEMENT_KEY = Path(__file__).parents[2] / "data" / "endorsement-key.txt"


@pytest.fixture(scope="module")
def software_tpm(program, tmp_path_factory):
    for name in ("swtpm", "tpm2_activatecredential"):
        program(name)
    with running_tpm(tmp_path_factory.mktemp("tpm")) as tpm:
        yield tpm


def test_device_registers_with_the_key_that_its_tpm_activates(emulator, software_tpm, device, run):
    run(f"enrollment create --eid d1 --at tpm --ek {software_tpm.keys['endorsementKey']}")
    body = {"registrationId": "d1", "tpm": software_tpm.keys}
    challenge = device("d1").send(body=body)
    assert (challenge.status_code, challenge.json()["keyName"]) == (401, "registration")

    software_tpm.activate(challenge.json()["authenticationKey"])
    resource, ends = f"{emulator.id_scope}%2fregistrations%2fd1", int(time.time()) + 3600
    signature = quote_plus(software_tpm.sign(f"{resource}\n{ends}".encode()))
    token = f"SharedAccessSignature sr={resource}&sig={signature}&se={ends}&skn=registration"
    own = device("d1", token=token)
    accepted = own.send(body=body)
    done = own.send("GET", f"/operations/{accepted.json()['operationId']}").json()

    assert accepted.status_code == 202
    assert done["status"] == "assigned"
    assert run("enrollment registration show --eid d1").json["status"] == "assigned"
    software_tpm.activate(done["registrationState"]["tpm"]["authenticationKey"])
    key = emulator.store.get("Tpm", "d1")["hub"]
    assert software_tpm.sign(b"to the hub") == sign(key, "to the hub")


def test_credential_is_byte_for_byte_that_of_tpm2_makecredential(program, tmp_path):
    program("tpm2_makecredential")
    key = rsa.generate_private_key(65537, 2048)
    (tmp_path / "key").write_bytes(public_area_of(key))
    (tmp_path / "value").write_bytes(b"sixteen bytes...")
    name = name_of(b"any key")
    line = f"tpm2_makecredential -T none -u key -s value -n {name.hex()} -o made"

    subprocess.run(line.split(), cwd=tmp_path, check=True, capture_output=True)

    made = (tmp_path / "made").read_bytes().removeprefix(CREDENTIAL_FILE)
    id_object, secret = parts_of(made)
    padding = OAEP(MGF1(SHA256()), SHA256(), b"IDENTITY\0")
    seed = key.decrypt(secret[2:], padding)
    assert credential(seed, name, b"sixteen bytes...") == id_object[2:]


def public_area_of(key):
    """Write a public key as an endorsement key is written, which differs in the modulus alone."""
    known = base64.b64decode(ENDORSEMENT_KEY.read_text())
    return known[:-256] + key.public_key().public_numbers().n.to_bytes(256, "big")

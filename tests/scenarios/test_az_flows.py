"""The flows that az's own integration tests walk, each signed in in the three ways that az has.

Every line is az's, with `az iot dps` replaced; what is looked at are the fields and the failures
that az's tests look at (docs/service.md#b9), with dpsctl's exit codes.
"""

import json
import shlex
from pathlib import Path

import pytest

from dpsctl.emulator.environment import client_environment
from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings
from dpsctl.keys import derive_device_key

HUB = "hub-1.azure-devices.net"
DPS = "--dps-name my-dps -g my-rg --subscription 7d15dd33-75f7-4fe7-bdd1-0d6b1b8e7a5d"
PRIMARY = "cHJpbWFyeS1rZXktb2YtdGhlLWxpbmUtaW4tdGhlLXBsYW50"
SECONDARY = "c2Vjb25kYXJ5LWtleS1vZi10aGUtbGluZS1pbi10aGUtcGxhbnQ="
WEBHOOK = "--webhook-url https://www.test.test --api-version 2019-03-31"
# As az's tests write one: a Python dictionary, with names that twins have of their own.
TWIN = {"key": "value", "count": None, "metadata": None, "version": None}
FAILED, USAGE, NOT_FOUND, UNAUTHORIZED, REFUSED = range(1, 6)
NOUNS = {"group": "enrollment-group", "individual": "enrollment"}


class Az:
    """Runs lines of az against an emulator, signed in in one way."""

    def __init__(self, run, emulator, sign_in):
        self.run = run
        self.emulator = emulator
        self.sign_in = sign_in

    def __call__(self, line, *, expect=0):
        """Run a line and return what it prints, read as JSON, or its exit code if that is not 0."""
        assert line.startswith(("az iot dps ", "az iot device "))
        ours = line.removeprefix("az iot ").removeprefix("dps ")
        manages = ours.startswith(("certificate ", "show ", "policy "))
        words = [*shlex.split(ours), *([] if manages else self.sign_in)]
        ran = self.run(words, expect=expect)
        return json.loads(ran.out) if ran.out else None

    def state(self, line, **given):
        """Register a device, and return its state after a look at what goes with it."""
        operation = self(line, **given)
        state = operation["registrationState"]
        assert operation["operationId"]
        assert operation["status"] == state["status"] == "assigned"
        assert (state["assignedHub"], state["substatus"]) == (HUB, "initialAssignment")
        return state


@pytest.fixture(scope="module")
def my_dps():
    settings = EmulatorSettings(dps_name="my-dps", hubs=((HUB, 1),), retry_after_seconds=0)
    with Emulator(settings) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def hubless():
    with Emulator(EmulatorSettings(dps_name="my-dps", retry_after_seconds=0)) as emulator:
        yield emulator


SIGN_INS = ["connection string", "looked-up key", "token"]


@pytest.fixture
def az_beside(run_offline, monkeypatch, tmp_path, request):
    """Make what runs lines of az beside an emulator that holds nothing yet."""
    monkeypatch.chdir(tmp_path)

    def beside(emulator):
        emulator.reset()
        folder = tmp_path / "emulator"
        folder.mkdir()
        for name, value in client_environment(emulator.ready(), {}, folder).items():
            monkeypatch.setenv(name, value)
        login = emulator.connection_string
        for name in ("DPSCTL_LOGIN", "DPSCTL_ID_SCOPE"):
            monkeypatch.delenv(name)
        ways = (["--login", login], [], ["--auth-type", "login"])
        return Az(run_offline, emulator, dict(zip(SIGN_INS, ways, strict=True))[request.param])

    return beside


@pytest.fixture
def az(az_beside, my_dps, request):
    yield az_beside(my_dps)
    check_sign_in(my_dps, request.node.callspec.params["az_beside"])


def check_sign_in(emulator, sign_in):
    """Hold what was asked against how az asks when it is signed in so."""
    asked = emulator.requests()
    looks_up_keys = any(one["path"].endswith("/listkeys") for one in asked)
    assert looks_up_keys is (sign_in == "looked-up key")


pytestmark = pytest.mark.parametrize("az_beside", SIGN_INS, indirect=True)


@pytest.mark.parametrize("kind", NOUNS)
def test_symmetric_keys_are_given_and_changed(az, kind):
    noun = NOUNS[kind]
    own = "--attestation-type symmetricKey --device-id pump-1" if kind == "individual" else ""
    eid = f"--enrollment-id e1 {DPS}"

    made = az(
        f"az iot dps {noun} create {eid} {own} --pk {PRIMARY} --sk {SECONDARY} --show-keys "
        f'--provisioning-status enabled --initial-twin-tags "{TWIN}" '
        f'--initial-twin-properties "{TWIN}" --allocation-policy geolatency '
        f"--rp reprovisionandresetdata --iot-hubs {HUB} --edge-enabled"
    )
    listed = az(f"az iot dps {noun} list {DPS}")
    shown = az(f"az iot dps {noun} show {eid}")
    changed = az(
        f"az iot dps {noun} update {eid} --provisioning-status disabled --etag {made['etag']} "
        f"--edge-enabled False --allocation-policy custom {WEBHOOK} --show-keys"
    )

    assert made["attestation"]["symmetricKey"]["primaryKey"] == PRIMARY
    assert (made["allocationPolicy"], made["iotHubs"]) == ("geoLatency", [HUB])
    assert made["initialTwin"] == {"tags": TWIN, "properties": {"desired": TWIN}}
    assert made["capabilities"] == {"iotEdge": True}
    assert made["reprovisionPolicy"] == {"updateHubAssignment": True, "migrateDeviceData": False}
    id_field = "enrollmentGroupId" if kind == "group" else "registrationId"
    assert [one[id_field] for one in listed] == [shown[id_field]] == ["e1"]
    assert shown["attestation"] == {"type": "symmetricKey"}
    assert changed["attestation"]["symmetricKey"]["secondaryKey"] == SECONDARY
    assert (changed["allocationPolicy"], changed["iotHubs"]) == ("custom", [HUB])
    assert changed["customAllocationDefinition"]["webhookUrl"] == "https://www.test.test"
    assert changed["initialTwin"] == made["initialTwin"]
    assert (changed["provisioningStatus"], changed["capabilities"]) == (
        "disabled",
        {"iotEdge": False},
    )
    assert changed["etag"] != made["etag"]
    az(f"az iot dps {noun} delete {eid} --etag {made['etag']}", expect=REFUSED)
    az(f"az iot dps {noun} delete {eid}")
    az(f"az iot dps {noun} show {eid}", expect=NOT_FOUND)


def test_keys_of_a_group_are_the_services_and_change_places(az):
    eid = f"--enrollment-id e1 {DPS}"
    made = az(f"az iot dps enrollment-group create {eid}")
    keys = az(f"az iot dps enrollment-group show {eid} --show-keys")["attestation"]["symmetricKey"]
    computed = f"az iot dps enrollment-group compute-device-key {eid} --registration-id myDevice"

    first = az(computed)
    az(
        f"az iot dps enrollment-group update {eid} --etag {made['etag']} "
        f"--pk {keys['secondaryKey']} --sk {keys['primaryKey']}"
    )
    second = az(computed)

    assert first == derive_device_key(keys["primaryKey"], "myDevice")
    assert second == derive_device_key(keys["secondaryKey"], "myDevice")


@pytest.mark.parametrize("kind", NOUNS)
def test_certificates_are_given_and_taken_away(az, issue, kind):
    noun = NOUNS[kind]
    own = "--attestation-type x509 --device-id pump-1" if kind == "individual" else ""
    issue("plant", is_ca=True)
    eid = f"--enrollment-id e1 {DPS}"

    made = az(
        f"az iot dps {noun} create {eid} {own} --cp plant.pem --scp plant.pem "
        f"--allocation-policy hashed --iot-hubs {HUB} --edge-enabled"
    )
    if kind == "group":
        az(f"az iot dps {noun} compute-device-key {eid} --registration-id d", expect=USAGE)
    changed = az(
        f"az iot dps {noun} update {eid} --provisioning-status disabled --rsc "
        f"--etag {made['etag']} --rp never --edge-enabled False"
    )

    slots = "signingCertificates" if kind == "group" else "clientCertificates"
    assert (made["attestation"]["type"], made["allocationPolicy"]) == ("x509", "hashed")
    assert set(made["attestation"]["x509"][slots]) == {"primary", "secondary"}
    assert not changed["attestation"]["x509"][slots].get("secondary")
    assert changed["attestation"]["x509"][slots]["primary"]["info"]["subjectName"] == "CN=plant"
    assert changed["reprovisionPolicy"] == {
        "updateHubAssignment": False,
        "migrateDeviceData": False,
    }
    az(f"az iot dps {noun} delete {eid}")
    assert az(f"az iot dps {noun} list {DPS}") == []


def test_group_goes_from_its_certificate_to_one_of_the_service(az, issue):
    issue("plant", is_ca=True)
    eid = f"--enrollment-id e1 {DPS}"
    etag = az(f"az iot dps enrollment-group create {eid} --cp plant.pem")["etag"]
    made = az(f"az iot dps certificate create {DPS} --name plant-ca --path plant.pem")

    changed = az(
        f"az iot dps enrollment-group update {eid} --cn plant-ca --etag {etag} "
        f"--allocation-policy custom {WEBHOOK}"
    )

    assert made["name"] == "plant-ca"
    assert changed["attestation"]["x509"]["caReferences"]["primary"] == "plant-ca"
    assert "signingCertificates" not in changed["attestation"]["x509"]
    az(f"az iot dps certificate delete {DPS} --name plant-ca --etag {made['etag']}")


def test_tpm_is_enrolled_and_its_information_stays(az):
    key = Path(__file__).parents[1].joinpath("data", "endorsement-key.txt").read_text().strip()
    eid = f"--enrollment-id e1 {DPS}"
    made = az(
        f"az iot dps enrollment create {eid} --attestation-type tpm --endorsement-key {key} "
        f'--device-id pump-1 --device-information "{TWIN}" --allocation-policy static '
        f"--iot-hubs {HUB}"
    )

    changed = az(
        f"az iot dps enrollment update {eid} --provisioning-status disabled "
        f"--etag {made['etag']} --info ''"
    )

    assert az(f"az iot dps enrollment show {eid}")["attestation"]["tpm"]["endorsementKey"] == key
    assert (changed["deviceId"], changed["provisioningStatus"]) == ("pump-1", "disabled")
    assert made["optionalDeviceInformation"] == changed["optionalDeviceInformation"] == TWIN


def test_device_registers_by_the_key_of_its_enrollment(az):
    register = f"az iot device registration create {DPS} --registration-id d1"
    az(register, expect=NOT_FOUND)
    keys = az(
        f"az iot dps enrollment create --eid d1 {DPS} --attestation-type symmetricKey --show-keys"
    )["attestation"]["symmetricKey"]
    scope = az(f"az iot dps show {DPS}")["properties"]["idScope"]

    first = az.state(register)
    for proof in (
        f"--id-scope {scope} --key {keys['primaryKey']}",
        f"--key {keys['secondaryKey']} --host my-dps.azure-devices-provisioning.net",
    ):
        again = az.state(f"{register} {proof}")
    az(f"{register} --key {PRIMARY}", expect=UNAUTHORIZED)
    of_service = az(f"az iot dps enrollment registration show {DPS} --eid d1")

    assert (first["deviceId"], first["registrationId"]) == ("d1", "d1")
    for name in ("assignedHub", "deviceId", "etag", "lastUpdatedDateTimeUtc", "substatus"):
        assert of_service[name] == again[name]
    az(f"az iot dps enrollment registration delete {DPS} --eid d1")
    az(f"az iot dps enrollment update --eid d1 {DPS} --device-id pump-1")
    moved = az.state(f"""{register} --payload '{{"Thermostat": {{"$metadata": {{}}}}}}'""")
    assert (moved["deviceId"], moved["registrationId"]) == ("pump-1", "d1")


def test_devices_register_by_the_key_of_their_group(az):
    register = f"az iot device registration create {DPS} --registration-id"
    az(f"{register} d1 --group-id g1", expect=NOT_FOUND)
    keys = az(f"az iot dps enrollment-group create --group-id g1 {DPS} --show-keys")["attestation"]
    primary, secondary = keys["symmetricKey"]["primaryKey"], keys["symmetricKey"]["secondaryKey"]
    device_key = az(
        f"az iot dps enrollment-group compute-device-key {DPS} --group-id g1 --registration-id d1"
    )

    for proof in (
        "--group-id g1",
        f"--group-id g1 --key {primary} --ck --host my-dps.azure-devices-provisioning.net",
        f"--key {device_key}",
        f"--key {secondary} --ck",
    ):
        state = az.state(f"{register} d1 {proof}")
        assert (state["deviceId"], state["registrationId"]) == ("d1", "d1")
    other = az.state(f"{register} d2 --group-id g1")
    az(f"{register} d1 --key {primary}", expect=UNAUTHORIZED)
    listed = az(f"az iot dps enrollment-group registration list {DPS} --group-id g1")
    shown = az(f"az iot dps enrollment-group registration show {DPS} --registration-id d2")

    assert sorted(one["registrationId"] for one in listed) == ["d1", "d2"]
    assert (shown["etag"], shown["assignedHub"]) == (other["etag"], HUB)


@pytest.mark.parametrize("kind", NOUNS)
def test_device_registers_by_its_certificate(az, issue, kind):
    plant = issue("plant", is_ca=True)
    issue("pump-7", plant if kind == "group" else None)
    trusted = "plant.pem" if kind == "group" else "pump-7.pem"
    register = f"az iot device registration create {DPS} --registration-id pump-7"
    proof = "--cp pump-7.pem --kp pump-7.key"
    az(f"{register} {proof}", expect=UNAUTHORIZED)

    own = "--eid pump-7 --at x509" if kind == "individual" else "--group-id g1"
    az(f"az iot dps {NOUNS[kind]} create {own} {DPS} --cp {trusted}")
    az(register, expect=USAGE if kind == "individual" else NOT_FOUND)
    state = az.state(f"{register} {proof}")
    shown = az(f"az iot dps enrollment-group registration show {DPS} --rid pump-7")

    assert (state["deviceId"], state["registrationId"]) == ("pump-7", "pump-7")
    assert shown["etag"] == state["etag"]


def test_authority_is_uploaded_and_proved_and_lets_its_devices_in(az, issue):
    plant = issue("plant", is_ca=True)
    issue("pump-7", plant)
    named = f"{DPS} -n plant-ca"
    group = "az iot dps enrollment-group create --group-id g1"
    register = f"az iot device registration create {DPS} --rid pump-7 --cp pump-7.pem --kp"

    made = az(f"az iot dps certificate create {named} -p plant.pem")
    az(f"{group} {DPS} --ca-name plant-ca")
    az(f"{register} pump-7.key", expect=UNAUTHORIZED)
    coded = az(f"az iot dps certificate generate-verification-code {named} -e '*'")
    issue(coded["properties"]["verificationCode"], plant)
    proof = f"{coded['properties']['verificationCode']}.pem"
    az(f"az iot dps certificate verify {named} -p plant.pem -e '*'", expect=FAILED)
    proved = az(f"az iot dps certificate verify {named} -p {proof} -e '*'")

    assert made["properties"]["isVerified"] is False
    assert proved["properties"]["isVerified"] is True
    assert az.state(f"{register} pump-7.key")["deviceId"] == "pump-7"


@pytest.mark.parametrize("kind", NOUNS)
def test_device_that_is_disabled_is_refused_and_remembered(az, kind):
    own = "--eid d1 --at symmetricKey" if kind == "individual" else "--group-id g1"
    proof = "" if kind == "individual" else "--group-id g1"
    az(f"az iot dps {NOUNS[kind]} create {own} {DPS} --provisioning-status disabled")

    az(f"az iot device registration create {DPS} --rid d1 {proof}", expect=REFUSED)
    shown = az(f"az iot dps enrollment registration show {DPS} --enrollment-id d1")

    assert (shown["registrationId"], shown["status"]) == ("d1", "disabled")
    assert shown["etag"]
    assert shown["lastUpdatedDateTimeUtc"]


def test_device_of_a_service_without_hubs_fails_and_is_remembered(az_beside, hubless):
    az = az_beside(hubless)
    az(f"az iot dps enrollment-group create --group-id g1 {DPS}")

    az(f"az iot device registration create {DPS} --group-id g1 --rid d1", expect=FAILED)
    shown = az(f"az iot dps enrollment-group registration show {DPS} --registration-id d1")

    assert (shown["registrationId"], shown["status"]) == ("d1", "failed")
    assert shown["etag"]


@pytest.mark.parametrize("kind", NOUNS)
def test_certificate_policy_stays_through_an_update(az, kind):
    noun = NOUNS[kind]
    own = "--at symmetricKey" if kind == "individual" else ""
    policy = "--adr-namespace plant-1 --adr-ca-name ca1 --adr-cert-policy-name pol1"
    eid = f"--enrollment-id e1 {DPS}"

    made = az(f"az iot dps {noun} create {eid} {own} {policy}")
    changed = az(f"az iot dps {noun} update {eid} --provisioning-status disabled")

    for record in (made, changed):
        named = [record[name] for name in ("namespaceName", "certificateAuthorityName")]
        assert [*named, record["certificatePolicyName"]] == ["plant-1", "ca1", "pol1"]


def test_what_is_missing_is_not_found(az):
    for line in (
        "enrollment show --eid nope",
        "enrollment-group show --eid nope",
        "enrollment update --eid nope --ps disabled",
        "enrollment-group delete --eid nope",
        "enrollment registration show --eid nope",
        "enrollment-group registration show --rid nope",
        "enrollment-group compute-device-key --gid nope --rid d1",
    ):
        az(f"az iot dps {line} {DPS}", expect=NOT_FOUND)

"""Devices with a TPM, as far as the service alone goes; tests/emulator/tpm has a TPM itself."""

import base64
from pathlib import Path

import pytest
from software_tpm import parts_of

ENDORSEMENT_KEY, OTHER_ENDORSEMENT_KEY, STORAGE_ROOT_KEY = (
    (Path(__file__).parents[2] / "data" / f"{name}-key.txt").read_text().strip()
    for name in ("endorsement", "other-endorsement", "storage-root")
)
KEYS = {"endorsementKey": ENDORSEMENT_KEY, "storageRootKey": STORAGE_ROOT_KEY}
MESSAGE = "Endorsement key is invalid, or does not match the Enrollment."


@pytest.fixture
def enroll(api):
    def put(endorsement_key=ENDORSEMENT_KEY, *, etag=None, more=None, **fields):
        tpm = {"endorsementKey": endorsement_key, **(more or {})}
        body = {"registrationId": "d1", "attestation": {"type": "tpm", "tpm": tpm}, **fields}
        answer = api("PUT", "/enrollments/d1", body, headers={"If-Match": etag} if etag else None)
        assert answer.status_code == 200, answer.text

    return put


@pytest.fixture
def secret(emulator):
    """Return what the blobs of a device have in them."""
    return lambda kind, at=emulator: at.store.get("Tpm", "d1")[kind]


@pytest.fixture
def challenged(device):
    """Ask for a challenge and return the answer."""
    return lambda tpm=KEYS: device("d1").send(body={"registrationId": "d1", "tpm": tpm})


def test_challenge_is_as_recorded(enroll, challenged):
    enroll()

    answer = challenged()

    body = answer.json()
    assert answer.status_code == 401
    assert "x-ms-error-code" not in answer.headers
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    blob = base64.b64decode(body.pop("authenticationKey"), validate=True)
    assert body == {
        "message": "Authorization required, resend request using supplied key",
        "unencryptedAuthenticationKey": None,
        "keyName": "registration",
    }
    parts = parts_of(blob)
    assert [len(part) - 2 for part in parts] == [52, 256, 142, 256, 48, 108]
    assert parts[4].hex().startswith("00300008000b0004044000000005000b0020")


def test_device_that_signs_with_the_key_of_the_challenge_is_assigned(
    enroll, challenged, device, secret
):
    enroll(deviceId="pump-1")
    challenged()

    done = device("d1", key=secret("challenge")).register()

    state = done["registrationState"]
    assert (state["status"], state["deviceId"]) == ("assigned", "pump-1")
    assert len(base64.b64decode(state["tpm"]["authenticationKey"])) == 874
    assert secret("hub") != secret("challenge")


def test_each_challenge_takes_the_place_of_the_last_and_the_hubs_key_stays(
    enroll, challenged, device, secret
):
    enroll()
    challenged()
    before, hub = secret("challenge"), secret("hub")
    challenged()

    assert device("d1", key=before).send().status_code == 401
    assert device("d1", key=secret("challenge")).send().status_code == 202
    assert secret("hub") == hub


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(OTHER_ENDORSEMENT_KEY, id="another TPM's"),
        pytest.param(STORAGE_ROOT_KEY, id="its storage root key"),
        pytest.param("", id="empty"),
        pytest.param(None, id="null"),
        pytest.param(7, id="a number"),
        pytest.param("no base64", id="no base64"),
        pytest.param(ENDORSEMENT_KEY[:-4], id="cut"),
        pytest.param(base64.b64encode(bytes(316)).decode(), id="zeros"),
    ],
)
def test_wrong_endorsement_key_is_400(enroll, challenged, emulator, key):
    enroll()

    answer = challenged({**KEYS, "endorsementKey": key})

    assert (answer.status_code, answer.json()["errorCode"]) == (400, 400004)
    assert answer.json()["message"] == MESSAGE
    assert emulator.store.get("Tpm", "d1") is None


@pytest.mark.parametrize("key", ["", None, 7, [], "no base64", STORAGE_ROOT_KEY[:-8]])
def test_wrong_storage_root_key_is_400(enroll, challenged, key):
    enroll()

    answer = challenged({**KEYS, "storageRootKey": key})

    assert answer.json()["message"] == "Storage root key is invalid."


def test_storage_root_key_may_be_the_enrollments(enroll, challenged):
    enroll(more={"storageRootKey": STORAGE_ROOT_KEY})

    assert "authenticationKey" in challenged({"endorsementKey": ENDORSEMENT_KEY}).json()


@pytest.mark.parametrize("tpm", [None, [], "x", 7])
def test_device_that_names_no_tpm_is_told_401_without_a_challenge(enroll, challenged, tpm):
    enroll()

    answer = challenged(tpm)

    assert (answer.status_code, answer.json()["errorCode"]) == (401, 401002)
    assert "authenticationKey" not in answer.json()


def test_device_that_names_a_tpm_is_challenged_only_where_it_is_enrolled_with_one(api, challenged):
    body = {"registrationId": "d1", "attestation": {"type": "symmetricKey"}}

    unknown = challenged()
    api("PUT", "/enrollments/d1", body)

    assert (unknown.status_code, challenged().status_code) == (401, 401)
    assert "authenticationKey" not in {*unknown.json(), *challenged().json()}


def test_token_of_a_device_that_was_not_challenged_is_401(enroll, device, emulator):
    enroll()

    answer = device("d1", key=base64.b64encode(bytes(32)).decode()).send(body={"tpm": KEYS})

    assert (answer.status_code, answer.json()["errorCode"]) == (401, 401000)
    assert "has not been sent a key" in emulator.requests()[-1]["reason"]


def test_certificate_is_no_way_around_the_tpm(enroll, device, certificate):
    enroll()

    assert device("d1", chain=[certificate("d1", ca=False)]).send().status_code == 401


def test_another_tpm_makes_the_old_ones_key_worth_nothing(enroll, challenged, device, secret):
    enroll()
    challenged()
    key, hub = secret("challenge"), secret("hub")
    enroll(OTHER_ENDORSEMENT_KEY, etag="*")

    assert device("d1", key=key).send().status_code == 401
    challenged({**KEYS, "endorsementKey": OTHER_ENDORSEMENT_KEY})
    assert secret("hub") != hub


def test_challenge_outlives_a_restart_of_the_emulator(start, caller, device, secret, tmp_path):
    settings = {"hubs": (("hub.example", 1),), "db": str(tmp_path / "dps.sqlite")}
    first = start(**settings)
    tpm = {"type": "tpm", "tpm": KEYS}
    caller(first)("PUT", "/enrollments/d1", {"registrationId": "d1", "attestation": tpm})
    device("d1", at=first).send(body={"tpm": KEYS})
    key = secret("challenge", first)
    first.stop()

    done = device("d1", key=key, at=start(**settings)).register()

    assert done["status"] == "assigned"


def test_disabled_device_is_told_so_without_a_key_for_a_hub(enroll, challenged, device, secret):
    enroll(provisioningStatus="disabled")
    challenged()

    answer = device("d1", key=secret("challenge")).send()

    assert (answer.status_code, answer.json()["status"]) == (200, "disabled")
    assert answer.json()["registrationState"]["tpm"] == {}


def test_look_up_tells_the_key_for_the_hub_and_makes_no_challenge(
    enroll, challenged, device, secret
):
    enroll()
    challenged()
    own = device("d1", key=secret("challenge"))
    own.register()

    assert "authenticationKey" in own.send("POST", "").json()["tpm"]
    refused = device("d1").send("POST", "", body={"tpm": KEYS})
    assert (refused.status_code, refused.json()["message"]) == (401, "Unauthorized")


def test_no_key_is_in_the_log_of_requests(enroll, challenged, device, secret, emulator):
    enroll()
    challenged()
    device("d1", key=secret("challenge")).send(body={"tpm": KEYS})

    logged = str(emulator.requests())

    assert ENDORSEMENT_KEY not in logged
    assert secret("challenge") not in logged
    assert emulator.requests()[1]["reason"] == "The TPM is challenged."

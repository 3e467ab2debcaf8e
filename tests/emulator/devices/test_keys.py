"""Devices that sign with a key: which enrollment it belongs to, and who is refused."""

from pathlib import Path

import pytest

# Microsoft's documentation (concepts-symmetric-key-attestation) prints these three together.
GROUP_KEY = (
    "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
)
DEVICE = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"
DEVICE_KEY = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="
# The same key's for the id in upper case: recomputed from the documentation's group key.
UPPER_CASE_KEY = "9GWVnYuoOLXlHc346XjhLRb9pKgIOrKSwxDRSOgnvXo="
OTHER_KEY = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="
ENDORSEMENT_KEY = (Path(__file__).parents[2] / "data" / "endorsement-key.txt").read_text().strip()


def keys(primary, secondary):
    return {
        "type": "symmetricKey",
        "symmetricKey": {"primaryKey": primary, "secondaryKey": secondary},
    }


@pytest.fixture
def individual(api):
    def create(registration_id, **fields):
        body = {"registrationId": registration_id, **fields}
        answer = api("PUT", f"/enrollments/{registration_id}", body)
        assert answer.status_code == 200, answer.text

    return create


@pytest.mark.parametrize(
    "pair", [(GROUP_KEY, OTHER_KEY), (OTHER_KEY, GROUP_KEY)], ids=["primary", "secondary"]
)
def test_key_derived_from_either_key_of_a_group_registers(create_group, device, pair):
    create_group("other")
    create_group("g1", attestation=keys(*pair))

    done = device(DEVICE, key=DEVICE_KEY).register()

    assert done["status"] == "assigned"
    assert done["registrationState"]["symmetricKey"] == {"enrollmentGroupId": "g1"}


@pytest.mark.parametrize(
    "pair", [(DEVICE_KEY, OTHER_KEY), (OTHER_KEY, DEVICE_KEY)], ids=["primary", "secondary"]
)
def test_individual_key_registers_before_any_group(create_group, individual, device, pair):
    create_group("g1", attestation=keys(GROUP_KEY, OTHER_KEY))
    individual(DEVICE, attestation=keys(*pair))

    state = device(DEVICE, key=DEVICE_KEY).register()["registrationState"]

    assert state["symmetricKey"] == {}


@pytest.mark.parametrize(
    ("registration_id", "key"),
    [(DEVICE, GROUP_KEY), (DEVICE, OTHER_KEY), (DEVICE, UPPER_CASE_KEY), ("other", DEVICE_KEY)],
    ids=["the group's own key", "nobody's key", "upper case's key", "another device's key"],
)
def test_wrong_key_is_401(create_group, device, registration_id, key):
    create_group("g1", attestation=keys(GROUP_KEY, GROUP_KEY))

    answer = device(registration_id, key=key).send()

    assert (answer.status_code, answer.json()["errorCode"]) == (401, 401000)


def test_derived_key_is_that_of_the_id_as_the_device_spells_it(create_group, device):
    create_group("g1", attestation=keys(GROUP_KEY, OTHER_KEY))

    done = device(DEVICE.upper(), key=UPPER_CASE_KEY).register()

    assert done["registrationState"]["deviceId"] == DEVICE.upper()


def test_individual_enrollment_with_another_key_blocks_a_device_of_a_group(
    create_group, individual, device
):
    create_group("g1", attestation=keys(GROUP_KEY, OTHER_KEY))
    individual(DEVICE, attestation=keys(OTHER_KEY, OTHER_KEY))

    assert device(DEVICE, key=DEVICE_KEY).send().status_code == 401


@pytest.mark.parametrize("slash", ["%2F", "%2f", "/"])
@pytest.mark.parametrize("rest", ["", "&skn=registration"], ids=["no skn", "skn"])
def test_resource_is_taken_as_it_was_signed(create_group, device, device_sas, slash, rest):
    create_group("g1", attestation=keys(GROUP_KEY, OTHER_KEY))

    token = device_sas(DEVICE, DEVICE_KEY, slash=slash, rest=rest)

    assert device(DEVICE, token=token).send().status_code == 202


@pytest.mark.parametrize(
    ("named", "fields"),
    [(DEVICE, {"expires_in": -1}), ("other", {}), (DEVICE, {"scope": "0ne00000000"})],
    ids=["expired", "for another device", "for another service"],
)
def test_token_that_says_something_else_is_401(create_group, device, device_sas, named, fields):
    create_group("g1", attestation=keys(GROUP_KEY, OTHER_KEY))

    token = device_sas(named, DEVICE_KEY, **fields)

    assert device(DEVICE, token=token).send().status_code == 401


@pytest.mark.parametrize("token", [None, "", "Bearer x", "SharedAccessSignature sr=x"])
def test_device_without_a_proof_is_401(create_group, device, token):
    create_group("g1", attestation=keys(GROUP_KEY, OTHER_KEY))

    answer = device(DEVICE, token=token).send()

    assert (answer.status_code, answer.json()["errorCode"]) == (401, 401002)


def test_unknown_id_scope_is_401(create_group, device):
    create_group("g1", attestation=keys(GROUP_KEY, OTHER_KEY))

    assert device(DEVICE, key=DEVICE_KEY).send(scope="0ne00000000").status_code == 401


def test_policy_key_of_the_service_registers_no_device(emulator, create_group, device, sas):
    create_group("g1")

    assert device("d1", token=sas(emulator.host, emulator.policy_key)).send().status_code == 401

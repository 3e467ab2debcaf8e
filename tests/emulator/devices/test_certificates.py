"""Devices that show a certificate: which enrollment it belongs to, and who is refused."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from dpsctl.emulator.answers import Refusal
from dpsctl.emulator.devices.enrolled import Device
from dpsctl.emulator.devices.identification import identify

INVALID = (401, 401002)


def pem(made):
    return made.certificate.public_bytes(Encoding.PEM).decode()


def trusting(way, **slots):
    return {"type": "x509", "x509": {way: slots}}


def certificates(way, primary, secondary=None):
    slots = {"primary": primary, "secondary": secondary}
    return trusting(
        way, **{name: {"certificate": pem(made)} for name, made in slots.items() if made}
    )


def code_of(answer):
    return answer.status_code, answer.json().get("errorCode")


@pytest.fixture
def x509_group(create_group):
    def create(group_id, primary, secondary=None, **fields):
        attestation = certificates("signingCertificates", primary, secondary)
        create_group(group_id, attestation=attestation, **fields)

    return create


@pytest.fixture
def x509_individual(api):
    def create(registration_id, primary, secondary=None, **fields):
        attestation = certificates("clientCertificates", primary, secondary)
        body = {"registrationId": registration_id, "attestation": attestation, **fields}
        assert api("PUT", f"/enrollments/{registration_id}", body).status_code == 200

    return create


@pytest.fixture
def root(certificate):
    return certificate("root")


@pytest.fixture
def factory(certificate, root):
    return certificate("factory", root)


@pytest.fixture
def line(certificate, factory):
    return certificate("line", factory)


@pytest.fixture
def full_chain(certificate, root, factory, line):
    """The chain of the device d1, up to the root."""
    return [certificate("d1", line, ca=False), line, factory, root]


@pytest.fixture
def referring(start, caller, root, tmp_path):
    """An emulator that holds the root as "our-ca", and a way to send it a body."""
    path = tmp_path / "ca.pem"
    path.write_text(pem(root))
    emulator = start(cas=(("our-ca", str(path)),), hubs=(("h", 1),))

    def put(path, body):
        assert caller(emulator)("PUT", path, body).status_code == 200
        return emulator

    return put


def test_self_signed_certificate_of_an_individual_registers(certificate, x509_individual, device):
    own = certificate("d1", ca=False)
    x509_individual("d1", own)

    state = device("d1", chain=[own]).register()["registrationState"]

    assert (state["status"], state["x509"]) == ("assigned", {})


def test_secondary_certificate_registers_too(certificate, x509_individual, device):
    own = certificate("d1")
    x509_individual("d1", certificate("d1"), own)

    assert device("d1", chain=[own]).register()["status"] == "assigned"


def test_other_certificate_of_the_same_name_is_401(certificate, x509_individual, device):
    x509_individual("d1", certificate("d1"))

    assert code_of(device("d1", chain=[certificate("d1")]).send()) == INVALID


@pytest.mark.parametrize("place", [1, 2, 3], ids=["line", "factory", "root"])
def test_chain_registers_under_any_of_its_authorities(full_chain, x509_group, device, place):
    x509_group("g1", full_chain[place])

    state = device("d1", chain=full_chain).register()["registrationState"]

    assert state["x509"] == {"enrollmentGroupId": "g1"}


def test_bare_leaf_registers_under_an_enrolled_intermediate(certificate, line, x509_group, device):
    x509_group("g1", line)

    assert device("d1", chain=[certificate("d1", line)]).register()["status"] == "assigned"


def test_chain_without_its_root_registers(certificate, root, factory, line, x509_group, device):
    x509_group("g1", root)
    chain = [certificate("d1", line), line, factory]

    assert device("d1", chain=chain).register()["status"] == "assigned"


def test_bare_leaf_whose_issuer_is_missing_is_401(certificate, root, line, x509_group, device):
    x509_group("g1", root)

    assert code_of(device("d1", chain=[certificate("d1", line)]).send()) == INVALID


def test_secondary_signing_certificate_counts(certificate, root, line, x509_group, device):
    x509_group("g1", root, line)

    assert device("d1", chain=[certificate("d1", line)]).register()["status"] == "assigned"


def test_group_of_the_nearest_authority_is_taken(full_chain, x509_group, device):
    x509_group("far", full_chain[3])
    x509_group("near", full_chain[1])

    state = device("d1", chain=full_chain).register()["registrationState"]

    assert state["x509"] == {"enrollmentGroupId": "near"}


def test_first_match_that_is_disabled_stops_provisioning(full_chain, x509_group, device):
    x509_group("far", full_chain[3])
    x509_group("near", full_chain[1], provisioningStatus="disabled")

    assert device("d1", chain=full_chain).send().json()["status"] == "disabled"


def test_disabled_individual_enrollment_blocks_a_device_of_a_group(
    certificate, line, x509_group, x509_individual, device
):
    leaf = certificate("d1", line)
    x509_group("g1", line)
    x509_individual("d1", leaf, provisioningStatus="disabled")

    assert device("d1", chain=[leaf]).send().json()["status"] == "disabled"


def test_group_by_ca_reference_takes_the_services_own_ca(full_chain, referring, device):
    attestation = trusting("caReferences", primary="our-ca")
    body = {"enrollmentGroupId": "g1", "attestation": attestation}
    emulator = referring("/enrollmentGroups/g1", body)

    assert device("d1", chain=full_chain, at=emulator).register()["status"] == "assigned"


def test_ca_reference_to_nothing_is_401(certificate, root, create_group, device):
    create_group("g1", attestation=trusting("caReferences", primary="our-ca"))

    assert code_of(device("d1", chain=[certificate("d1", root), root]).send()) == INVALID


def test_unknown_issuer_is_401(certificate, root, line, x509_group, device):
    x509_group("g1", line)

    answer = device("d1", chain=[certificate("d1", root), root]).send()

    assert code_of(answer) == INVALID
    assert answer.json()["message"] == "Unauthorized"


def test_issuer_of_the_same_name_is_not_the_issuer(certificate, line, x509_group, device):
    x509_group("g1", line)

    chain = [certificate("d1", certificate("line"))]

    assert code_of(device("d1", chain=chain).send()) == INVALID


def test_device_certificate_signs_no_other_device(certificate, line, x509_group, device):
    x509_group("g1", line)
    honest = certificate("d1", line, ca=False)

    chain = [certificate("d2", honest), honest, line]

    assert code_of(device("d2", chain=chain).send()) == INVALID


def test_authority_itself_is_no_device(root, x509_group, device):
    x509_group("g1", root)

    assert code_of(device("root", chain=[root]).send()) == INVALID


def test_name_in_the_certificate_must_be_the_registration_id(certificate, line, x509_group, device):
    x509_group("g1", line)

    answer = device("d2", chain=[certificate("d1", line)]).send()

    assert code_of(answer) == INVALID
    assert answer.json()["message"] == "Invalid certificate."


def test_case_of_the_name_does_not_matter(certificate, line, x509_group, device):
    x509_group("g1", line)

    assert device("D1", chain=[certificate("d1", line)]).register()["status"] == "assigned"


@pytest.mark.parametrize("expired", ["leaf", "intermediate", "enrolled"])
def test_expired_certificate_is_401(certificate, x509_group, device, expired):
    days = {name: -1 if name == expired else 1 for name in ("leaf", "intermediate", "enrolled")}
    enrolled = certificate("enrolled", days=days["enrolled"])
    intermediate = certificate("intermediate", enrolled, days=days["intermediate"])
    leaf = certificate("d1", intermediate, days=days["leaf"])
    x509_group("g1", enrolled)

    assert code_of(device("d1", chain=[leaf, intermediate]).send()) == INVALID


def test_certificate_expires_by_the_emulators_clock(
    emulator, certificate, line, x509_group, device
):
    x509_group("g1", line)
    caller = device("d1", chain=[certificate("d1", line)])
    caller.register()

    emulator.clock.skew = 2 * 86400
    answer = caller.send()
    emulator.clock.skew = 0

    assert code_of(answer) == INVALID


def test_certificate_of_a_symmetric_key_device_is_401(certificate, root, api, x509_group, device):
    x509_group("g1", root)
    body = {"registrationId": "d1", "attestation": {"type": "symmetricKey"}}
    api("PUT", "/enrollments/d1", body)

    assert code_of(device("d1", chain=[certificate("d1", root)]).send()) == INVALID


def test_token_counts_before_a_certificate(certificate, root, x509_group, device):
    x509_group("g1", root)

    caller = device("d1", key="c2l4dGVlbiBieXRlcyBhdCBsZWFzdA==", chain=[certificate("d1", root)])

    assert caller.send().status_code == 401


def test_individual_by_ca_reference_takes_the_services_own_ca(full_chain, referring, device):
    attestation = trusting("caReferences", primary="our-ca")
    emulator = referring("/enrollments/d1", {"registrationId": "d1", "attestation": attestation})

    assert device("d1", chain=full_chain, at=emulator).register()["status"] == "assigned"


def test_individual_by_ca_reference_refuses_another_cas_device(certificate, referring, device):
    attestation = trusting("caReferences", primary="our-ca")
    emulator = referring("/enrollments/d1", {"registrationId": "d1", "attestation": attestation})
    stranger = certificate("root")

    answer = device("d1", chain=[certificate("d1", stranger), stranger], at=emulator).send()

    assert code_of(answer) == INVALID


@pytest.mark.parametrize("damage", ["garbage", "cut"])
def test_damaged_certificate_is_refused(emulator, certificate, damage):
    whole = certificate("d1").certificate.public_bytes(Encoding.DER)
    der = {"garbage": b"\x30\x00", "cut": whole[:-1]}[damage]

    with pytest.raises(Refusal) as refused:
        identify(emulator.service, Device(emulator.id_scope, "d1", None, (der,)))

    assert refused.value.code == 401002

"""Microsoft's device SDK (azure-iot-device) registers over MQTT, and the service shows it."""

from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest
from azure.iot.device import X509, ProvisioningDeviceClient
from azure.iot.device.exceptions import ClientError, CredentialError
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dpsctl.certificates.issuers import Issuer, Validity
from dpsctl.certificates.making import device_certificate, new_key, root_certificate
from dpsctl.keys import derive_device_key

HUB = "hub-1.azure-devices.net"
# The SDK speaks TLS 1.2 in a way that the standard library deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.PROTOCOL_TLSv1_2:DeprecationWarning")


@pytest.fixture
def sdk_client(emulator):
    """Make the SDK's client for a device: with a key, or with an X509 of its own."""
    made = []

    def client(registration_id, proof, **how):
        make = ProvisioningDeviceClient.create_from_symmetric_key
        if isinstance(proof, X509):
            make = ProvisioningDeviceClient.create_from_x509_certificate
        word = "x509" if isinstance(proof, X509) else "symmetric_key"
        one = make(
            provisioning_host=emulator.settings.host,
            registration_id=registration_id,
            id_scope=emulator.id_scope,
            server_verification_cert=Path(emulator.ca_file).read_text(),
            **{word: proof, **how},
        )
        made.append(one)
        return one

    yield client
    for one in made:
        shut_down(one)


def shut_down(client):
    """End what the SDK itself ends only after success; it would go on trying to connect."""
    if client._pipeline._running:
        done = Event()
        client._pipeline.shutdown(callback=lambda **_: done.set())
        assert done.wait(10)


@pytest.fixture
def group_key(service):
    body = {"enrollmentGroupId": "g1", "attestation": {"type": "symmetricKey"}}
    created = service.enrollment_group.create_or_update("g1", body)
    return created["attestation"]["symmetricKey"]["secondaryKey"]


@pytest.fixture
def line_and_device(tmp_path):
    """An authority, and a device's certificate under it in files as the SDK wants them."""
    validity = Validity.of_days(1, datetime.now(UTC))
    key, device_key = new_key(), new_key()
    line = root_certificate("line 4", key, validity)
    own = device_certificate(
        "pump-7", device_key.public_key(), Issuer((line,), key, "line 4"), validity
    )
    (tmp_path / "pump-7.pem").write_bytes(own.public_bytes(Encoding.PEM))
    private = device_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "pump-7.key").write_bytes(private)
    files = X509(str(tmp_path / "pump-7.pem"), str(tmp_path / "pump-7.key"))
    return line.public_bytes(Encoding.PEM).decode(), files


def test_device_with_a_derived_key_is_assigned(service, sdk_client, group_key):
    client = sdk_client("pump-7", derive_device_key(group_key, "pump-7"))
    client.provisioning_payload = {"model": 7}

    result = client.register()

    assert result.status == "assigned"
    state = result.registration_state
    assert (state.assigned_hub, state.device_id) == (HUB, "pump-7")
    assert state.sub_status == "initialAssignment"
    shown = service.device_registration_state.get("pump-7")
    assert (shown["status"], shown["etag"]) == ("assigned", state.etag)
    listed = service.device_registration_state.query("g1")
    assert [each["registrationId"] for each in listed] == ["pump-7"]


def test_device_with_a_certificate_is_assigned(service, sdk_client, line_and_device):
    line, files = line_and_device
    slots = {"signingCertificates": {"primary": {"certificate": line}}}
    body = {"enrollmentGroupId": "g1", "attestation": {"type": "x509", "x509": slots}}
    service.enrollment_group.create_or_update("g1", body)

    result = sdk_client("pump-7", files).register()

    assert result.status == "assigned"
    assert service.device_registration_state.get("pump-7")["assignedHub"] == HUB


def test_device_behind_a_firewall_registers_over_websockets(
    emulator, service, sdk_client, group_key
):
    if emulator.port != 443:
        pytest.skip("needs the right to listen at port 443")
    key = derive_device_key(group_key, "pump-7")

    result = sdk_client("pump-7", key, websockets=True).register()

    assert result.status == "assigned"
    assert service.device_registration_state.get("pump-7")["etag"] == result.registration_state.etag


@pytest.mark.usefixtures("group_key")
def test_wrong_key_is_a_credential_error(sdk_client):
    client = sdk_client("pump-7", "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA==")

    with pytest.raises(CredentialError):
        client.register()


def test_unknown_certificate_is_a_credential_error(sdk_client, line_and_device):
    with pytest.raises(CredentialError):
        sdk_client("pump-7", line_and_device[1]).register()


def test_disabled_group_is_an_error_to_the_device(service, sdk_client, group_key):
    body = service.enrollment_group.get("g1")
    body["attestation"] = service.enrollment_group.get_attestation_mechanism("g1")
    body["provisioningStatus"] = "disabled"
    service.enrollment_group.create_or_update("g1", body, if_match=body["etag"])

    with pytest.raises(ClientError):
        sdk_client("pump-7", derive_device_key(group_key, "pump-7")).register()

    assert service.device_registration_state.get("pump-7")["status"] == "disabled"

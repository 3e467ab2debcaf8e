"""Microsoft's management SDK (azure-mgmt-iothubprovisioningservices) reads the emulated service.

It is told where Resource Manager is (`base_url`), whom to trust, and which token to send; TLS and
tokens are the real ones.
"""

import base64
import time

import pytest
from azure.core import MatchConditions
from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.mgmt.iothubprovisioningservices import IotDpsClient
from azure.mgmt.iothubprovisioningservices.models import (
    CertificateProperties,
    CertificateResponse,
    VerificationCodeRequest,
)
from issuing import make_certificate

SUBSCRIPTION = "91d12660-3dec-467a-be2a-213b5544ddc0"
PLACE = {"resource_group_name": "my-rg", "provisioning_service_name": "my-dps"}
UNCHANGED = MatchConditions.IfNotModified


class Signed:
    """Whoever has *token*; the scopes that it was asked for are kept."""

    def __init__(self, token):
        self.token = token
        self.scopes = []

    def get_token(self, *scopes, **_):
        self.scopes += scopes
        return AccessToken(self.token, int(time.time()) + 3600)


@pytest.fixture
def client_of(emulator, monkeypatch):
    monkeypatch.setenv("NO_PROXY", emulator.settings.host)
    made = []

    def client(credential, **more):
        made.append(
            IotDpsClient(
                credential,
                SUBSCRIPTION,
                base_url=emulator.endpoint,
                connection_verify=emulator.ca_file,
                retry_total=0,
                **more,
            )
        )
        return made[-1]

    yield client
    for each in made:
        each.close()


@pytest.fixture
def management(client_of, emulator):
    return client_of(Signed(emulator.access_token))


@pytest.mark.parametrize("version", ["2022-12-12", "2026-08-31", "2026-11-01"])
def test_service_is_read_and_listed(version, client_of, emulator):
    credential = Signed(emulator.access_token)
    resources = client_of(credential, api_version=version).iot_dps_resource

    shown = resources.get("my-dps", "my-rg")
    in_group = list(resources.list_by_resource_group("my-rg"))
    everywhere = list(resources.list_by_subscription())

    assert (shown.name, shown.resourcegroup, shown.sku.name) == ("my-dps", "my-rg", "S1")
    assert shown.properties.id_scope == emulator.id_scope
    assert shown.properties.service_operations_host_name == emulator.host
    assert shown.properties.disable_local_auth is (None if version < "2026" else False)
    assert [hub.name for hub in shown.properties.iot_hubs] == ["hub-1.azure-devices.net"]
    assert [each.name for each in in_group] == [each.name for each in everywhere]
    assert {*credential.scopes} == {"https://management.azure.com/.default"}


def test_keys_are_listed(management, emulator):
    (owner,) = management.iot_dps_resource.list_keys("my-dps", "my-rg")

    assert owner.key_name == "provisioningserviceowner"
    assert (owner.primary_key, owner.secondary_key) == emulator.identity.keys_of(owner.key_name)


def test_certificate_is_uploaded_proved_and_deleted(management):
    certificates = management.dps_certificate
    root = make_certificate("factory root")
    uploaded = certificates.create_or_update(
        certificate_name="root-1",
        certificate_description=CertificateResponse(
            properties=CertificateProperties(certificate=root.pem, is_verified=False)
        ),
        **PLACE,
    )
    shown = certificates.get("root-1", "my-rg", "my-dps")

    coded = certificates.generate_verification_code(
        "root-1", etag=shown.etag, match_condition=UNCHANGED, **PLACE
    )
    proof = make_certificate(coded.properties.verification_code, root, ca=False)
    verified = certificates.verify_certificate(
        "root-1",
        request=VerificationCodeRequest(certificate=base64.b64encode(proof.pem).decode()),
        etag=coded.etag,
        match_condition=UNCHANGED,
        **PLACE,
    )

    assert (uploaded.etag, uploaded.properties.is_verified) == (shown.etag, False)
    assert verified.properties.is_verified is True
    assert verified.properties.subject == "factory root"
    assert verified.properties.expiry == root.certificate.not_valid_after_utc
    assert [each.name for each in certificates.list(**PLACE).value] == ["root-1"]
    with pytest.raises((ResourceModifiedError, HttpResponseError)) as stale:
        certificates.delete(
            certificate_name="root-1", etag=shown.etag, match_condition=UNCHANGED, **PLACE
        )
    assert stale.value.status_code == 412
    certificates.delete(
        certificate_name="root-1", etag=verified.etag, match_condition=UNCHANGED, **PLACE
    )
    with pytest.raises(ResourceNotFoundError):
        certificates.get("root-1", "my-rg", "my-dps")


def test_another_token_is_an_authentication_error(client_of):
    with pytest.raises(ClientAuthenticationError):
        client_of(Signed("e30.e30.e30")).iot_dps_resource.get("my-dps", "my-rg")

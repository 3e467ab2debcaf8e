"""Bodies of IoT Central, from flags."""

from base64 import b64decode

import pytest

from dpsctl.errors import UsageError
from dpsctl.options.central import DeviceGroupSettings, DeviceSettings, GroupSettings
from dpsctl.options.enrollment import Keys
from dpsctl.options.kinds import Words
from dpsctl.options.words import GroupAttestationType, GroupType, ProvisioningStatus, Toggle
from dpsctl.payloads.central import (
    changed_device,
    changed_device_group,
    changed_enrollment_group,
    encoded_certificate,
    group_attestation,
    new_device,
    new_enrollment_group,
    signing_certificate,
)


def test_new_device_has_the_defaults_that_az_sends():
    body = new_device("d1", DeviceSettings())

    assert body == {"displayName": "d1", "enabled": True, "simulated": False}


@pytest.mark.parametrize(
    ("settings", "body"),
    [
        (DeviceSettings(), {}),
        (DeviceSettings(device_name="Hall"), {"displayName": "Hall"}),
        (DeviceSettings(template="dtmi:a:b;1"), {"template": "dtmi:a:b;1"}),
        (DeviceSettings(simulated=Toggle.false), {"simulated": False}),
        (DeviceSettings(enable=Toggle.true), {"enabled": True}),
        (DeviceSettings(organizations="a,b"), {"organizations": ["a", "b"]}),
        (
            DeviceSettings(deployment_manifest=Words(['{"data": {"x": 1}}'])),
            {"deploymentManifest": {"data": {"x": 1}}},
        ),
    ],
    ids=["nothing", "name", "template", "simulated", "enable", "organizations", "manifest"],
)
def test_changed_device_holds_only_what_was_asked(settings, body):
    assert changed_device(settings) == body


def test_device_of_a_deployment_manifest_is_one_of_iot_edge():
    settings = DeviceSettings(deployment_manifest=Words(['{"modulesContent": {"x": 1}}']))

    body = new_device("d1", settings)

    assert body["deploymentManifest"] == {"data": {"modulesContent": {"x": 1}}}
    assert body["type"] == ["iotEdge"]


def test_simulated_device_has_a_template():
    simulated = DeviceSettings(simulated=Toggle.true, template="dtmi:a:b;1")

    assert new_device("d1", simulated)["simulated"] is True
    with pytest.raises(UsageError, match="--simulated needs --template"):
        new_device("d1", DeviceSettings(simulated=Toggle.true))


def test_deployment_manifest_must_be_an_object():
    with pytest.raises(UsageError, match=r"^--deployment-manifest"):
        changed_device(DeviceSettings(deployment_manifest=Words(["[]"])))


def test_changed_device_group_keeps_an_empty_description():
    settings = DeviceGroupSettings(description="")

    assert changed_device_group(None, None, settings) == {"description": ""}


def test_new_device_group_has_all_that_was_given():
    settings = DeviceGroupSettings(organizations=["a", "b"])

    body = changed_device_group("Hall", "SELECT * FROM devices", settings)

    assert body == {
        "displayName": "Hall",
        "filter": "SELECT * FROM devices",
        "organizations": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("settings", "body"),
    [
        (GroupSettings(), {}),
        (GroupSettings(display_name="G"), {"displayName": "G"}),
        (GroupSettings(device_type=GroupType.iot_edge), {"type": "iotEdge"}),
        (GroupSettings(status=ProvisioningStatus.disabled), {"enabled": False}),
        (GroupSettings(status=ProvisioningStatus.enabled), {"enabled": True}),
    ],
    ids=["nothing", "name", "type", "disabled", "enabled"],
)
def test_changed_enrollment_group_holds_only_what_was_asked(settings, body):
    assert changed_enrollment_group(settings) == body


def test_new_enrollment_group_is_enabled_unless_it_is_not():
    attestation = {"type": "x509"}

    enabled = new_enrollment_group("G", GroupType.iot, attestation, None)
    disabled = new_enrollment_group("G", GroupType.iot, attestation, ProvisioningStatus.disabled)

    assert enabled == {
        "displayName": "G",
        "enabled": True,
        "type": "iot",
        "attestation": attestation,
    }
    assert disabled == {**enabled, "enabled": False}


@pytest.mark.parametrize(
    ("keys", "attestation"),
    [
        (Keys(), {"type": "symmetricKey"}),
        (
            Keys(primary_key="cHA="),
            {"type": "symmetricKey", "symmetricKey": {"primaryKey": "cHA="}},
        ),
        (
            Keys(secondary_key="cHA="),
            {"type": "symmetricKey", "symmetricKey": {"secondaryKey": "cHA="}},
        ),
    ],
    ids=["the service's", "given", "secondary"],
)
def test_attestation_names_only_keys_that_were_given(keys, attestation):
    assert group_attestation(GroupAttestationType.symmetric_key, keys) == attestation


def test_certificate_is_the_base64_of_its_pem_file():
    pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"

    body = signing_certificate(pem, verified=True)

    assert body == {"verified": True, "certificate": encoded_certificate(pem)}
    assert b64decode(body["certificate"], validate=True).decode() == f"{pem}\n"

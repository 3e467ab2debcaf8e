"""Every example of Central's page on devices and its REST API, made by a dpsctl command.

The page's slips (docs/service.md#j7) are left out.
"""

from base64 import b64encode
from typing import NamedTuple

import pytest

STABLE = {"api-version": "2022-07-31"}
PREVIEW = {"api-version": "2022-10-31-preview"}
DEVICE = "device create -d thermostat1"
QUERY = (
    'SELECT * FROM devices WHERE $template = "dtmi:modelDefinition:dtdlv2" AND $provisioned = true'
)
GROUP = (
    "device-group create --device-group-id group1 --display-name 'Device group 1'"
    f" --filter '{QUERY}'"
)
KEYS = (
    "enrollment-group create --id mysymmetric --display-name 'My group' --type iot"
    " --at symmetricKey"
)


class Example(NamedTuple):
    line: str
    method: str
    path: str
    query: dict = STABLE
    body: dict | None = None
    before: str | None = None


EXAMPLES = {
    "add a device": Example(
        "device create -d thermostat1 --device-name CheckoutThermostat"
        " --template 'dtmi:contoso:Thermostat;1' --simulated",
        "PUT",
        "/api/devices/thermostat1",
        body={
            "displayName": "CheckoutThermostat",
            "template": "dtmi:contoso:Thermostat;1",
            "simulated": True,
            "enabled": True,
        },
    ),
    "get a device": Example(
        "device show -d thermostat1", "GET", "/api/devices/thermostat1", before=DEVICE
    ),
    "get device credentials": Example(
        "device show-credentials -d thermostat1",
        "GET",
        "/api/devices/thermostat1/credentials",
        before=DEVICE,
    ),
    "update a device": Example(
        "device update -d thermostat1 --enable false",
        "PATCH",
        "/api/devices/thermostat1",
        body={"enabled": False},
        before=DEVICE,
    ),
    "delete a device": Example(
        "device delete -d thermostat1", "DELETE", "/api/devices/thermostat1", before=DEVICE
    ),
    "list devices": Example("device list", "GET", "/api/devices"),
    "maxpagesize": Example(
        "device list --page-size 10 --top 10",
        "GET",
        "/api/devices",
        {**PREVIEW, "maxpagesize": "10"},
    ),
    "filter": Example(
        """device list --filter "contains(displayName, 'thermostat')" """,
        "GET",
        "/api/devices",
        {**PREVIEW, "filter": "contains(displayName, 'thermostat')"},
    ),
    "orderby": Example(
        "device list --order-by displayName",
        "GET",
        "/api/devices",
        {**PREVIEW, "orderby": "displayName"},
    ),
    "orderby desc": Example(
        "device list --order-by 'displayName desc'",
        "GET",
        "/api/devices",
        {**PREVIEW, "orderby": "displayName desc"},
    ),
    "combined filters": Example(
        """device list --filter "contains(displayName, 'Thermostat')" --page-size 3 --top 3""",
        "GET",
        "/api/devices",
        {**PREVIEW, "filter": "contains(displayName, 'Thermostat')", "maxpagesize": "3"},
    ),
    "add a device group": Example(
        f"{GROUP} --description 'Custom device group.' --organizations seattle",
        "PUT",
        "/api/deviceGroups/group1",
        body={
            "displayName": "Device group 1",
            "description": "Custom device group.",
            "filter": QUERY,
            "organizations": ["seattle"],
        },
    ),
    "get a device group": Example(
        "device-group show --device-group-id group1",
        "GET",
        "/api/deviceGroups/group1",
        before=GROUP,
    ),
    "update a device group": Example(
        "device-group update --device-group-id group1 --display-name 'New group name'",
        "PATCH",
        "/api/deviceGroups/group1",
        body={"displayName": "New group name"},
        before=GROUP,
    ),
    "delete a device group": Example(
        "device-group delete --device-group-id group1",
        "DELETE",
        "/api/deviceGroups/group1",
        before=GROUP,
    ),
    "list device groups": Example("device-group list", "GET", "/api/deviceGroups"),
    "add an X.509 enrollment group": Example(
        "enrollment-group create --id myx509eg --display-name 'My group' --type iot --at x509",
        "PUT",
        "/api/enrollmentGroups/myx509eg",
        body={
            "displayName": "My group",
            "enabled": True,
            "type": "iot",
            "attestation": {"type": "x509"},
        },
        before="enrollment-group delete --id myx509eg",
    ),
    "generate a verification code": Example(
        "enrollment-group generate-verification-code --id myx509eg --entry primary",
        "POST",
        "/api/enrollmentGroups/myx509eg/certificates/primary/generateVerificationCode",
    ),
    "get an X.509 certificate": Example(
        "enrollment-group certificate show --id myx509eg --entry primary",
        "GET",
        "/api/enrollmentGroups/myx509eg/certificates/primary",
    ),
    "delete an X.509 certificate": Example(
        "enrollment-group certificate delete --id myx509eg --entry primary",
        "DELETE",
        "/api/enrollmentGroups/myx509eg/certificates/primary",
    ),
    "get an enrollment group": Example(
        "enrollment-group show --id mysymmetric",
        "GET",
        "/api/enrollmentGroups/mysymmetric",
        before=KEYS,
    ),
    "update an enrollment group": Example(
        "enrollment-group update --id myx509eg --display-name 'My new group name'",
        "PATCH",
        "/api/enrollmentGroups/myx509eg",
        body={"displayName": "My new group name"},
    ),
    "delete an enrollment group": Example(
        "enrollment-group delete --id myx509eg", "DELETE", "/api/enrollmentGroups/myx509eg"
    ),
    "list enrollment groups": Example("enrollment-group list", "GET", "/api/enrollmentGroups"),
}


@pytest.mark.usefixtures("x509_group")
@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_example_of_the_page_is_the_request_that_is_made(central, requests_of, example):
    if example.before:
        central(example.before)

    _, requests = requests_of(example.line)

    made = requests[-1]
    assert (made["method"], made["path"]) == (example.method, example.path)
    assert (made["query"], made["body"]) == (example.query, example.body)
    assert made["status"] in {200, 204}


def test_certificate_is_set_with_the_pages_body(requests_of, x509_group):
    _, requests = requests_of(
        "enrollment-group certificate set --id myx509eg --entry primary"
        f" --certificate-path {x509_group.path}"
    )

    (made,) = requests
    assert (made["method"], made["query"]) == ("PUT", STABLE)
    assert made["path"] == "/api/enrollmentGroups/myx509eg/certificates/primary"
    encoded = b64encode(x509_group.path.read_bytes()).decode()
    assert made["body"] == {"verified": False, "certificate": encoded}


def test_certificate_is_verified_with_the_pages_body(
    central, run_offline, requests_of, x509_group, tmp_path
):
    code = central(
        "enrollment-group generate-verification-code --id myx509eg --entry primary"
        " --query verificationCode -o tsv"
    ).out.strip()
    proof = tmp_path / "proof.pem"
    run_offline(f"certificate verification --code {code} --issuer {x509_group.path} --out {proof}")

    ran, requests = requests_of(
        f"enrollment-group verify-certificate --id myx509eg --certificate-path {proof}"
    )

    (made,) = requests
    assert ran.err == ""
    assert (made["method"], made["query"], made["status"]) == ("POST", STABLE, 204)
    assert made["path"] == "/api/enrollmentGroups/myx509eg/certificates/primary/verify"
    assert made["body"] == {"certificate": b64encode(proof.read_bytes()).decode()}

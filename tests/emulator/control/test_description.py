"""The emulator against its own description: nothing it answers is unsaid, nothing makes it fail."""

import re

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dpsctl.emulator.app import EmulatorApp
from dpsctl.emulator.control.description import read_description
from dpsctl.emulator.routes import ROUTES
from dpsctl.keys import derive_device_key

# Not in every run of pytest: it takes longer to load than most tests take.
pytest_plugins = ["schemathesis.pytest.plugin"]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CONFIG = schemathesis.Config()
CONFIG.projects.default.phases.coverage.enabled = False
SCHEMA = schemathesis.openapi.from_dict(read_description(), config=CONFIG)
KEY = "A" * 43 + "="
ATTESTATION = {"type": "symmetricKey", "symmetricKey": {"primaryKey": KEY}}
ID = re.compile(read_description()["components"]["schemas"]["Id"]["pattern"])


def test_every_route_is_described_and_nothing_else():
    described = {
        (method.upper(), path)
        for path, operations in read_description()["paths"].items()
        for method in operations
        if method != "parameters"
    }
    names = {"scope": "idScope", "operation": "operationId"}
    routes = {
        (route.method, path_of(route.path, names))
        for route in ROUTES
        if not route.path.startswith(("/api/", "/subscriptions"))
    }

    assert described == routes


def path_of(path, names):
    parts = [part.strip("<>") for part in path.split("/")]
    return "/".join(
        f"{{{names.get(name, name)}}}" if part.startswith("<") else part
        for part, name in zip(path.split("/"), parts, strict=True)
    )


@pytest.fixture
def send(emulator, sas, device_sas):
    """Send a case, signed as its path wants it; a group lets every device in."""
    app = EmulatorApp(emulator.service)
    token = sas(emulator.host, emulator.policy_key, expires_in=3600)
    emulator.seed(
        {"enrollmentGroups": [{"enrollmentGroupId": "line-4", "attestation": ATTESTATION}]}
    )

    def send_case(case):
        path = case.path_parameters
        is_control = case.path.startswith("/_emulator")
        case.headers["Authorization"] = f"Bearer {emulator.control_token}" if is_control else token
        if isinstance(case.body, dict):
            named = case.body.get("enrollmentGroupId", case.body.get("registrationId"))
            if isinstance(named, str) and ID.match(named):
                path["id"] = named
        if "idScope" in path:
            path["idScope"] = emulator.id_scope
            device = str(path["id"])
            case.headers["Authorization"] = device_sas(device, derive_device_key(KEY, device))
        return case.call(app=app, environ_base={"REMOTE_ADDR": "127.0.0.1"})

    return send_case


@SCHEMA.exclude(operation_id=["replaceFaults", "changeSettings", "seed", "watch"]).parametrize()
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_is_answered_as_described(send, case):
    answer = send(case)

    case.validate_response(answer, checks=CHECKS)


def test_whatever_lies_beside_no_attestation_is_described(send):
    attestation = {"type": "none", "symmetricKey": {"primaryKey": ""}}
    case = SCHEMA["/enrollmentGroups/{id}"]["PUT"].Case(
        path_parameters={"id": "g"},
        query={"api-version": "2021-10-01"},
        body={"enrollmentGroupId": "g", "attestation": attestation},
    )

    answer = send(case)

    assert answer.json()["attestation"] == attestation
    case.validate_response(answer, checks=CHECKS)


@pytest.fixture
def operation_of_device_2(emulator, device):
    """Fill the emulator: a group, an enrollment, and a device that has registered."""
    emulator.seed(
        {
            "enrollmentGroups": [{"enrollmentGroupId": "line-4", "attestation": ATTESTATION}],
            "enrollments": [{"registrationId": "device-1", "attestation": ATTESTATION}],
        }
    )
    accepted = device("device-2", key=derive_device_key(KEY, "device-2")).send()
    return accepted.json()["operationId"]


@pytest.mark.parametrize(
    ("path", "method", "record_id", "status"),
    [
        ("/enrollmentGroups/{id}", "GET", "line-4", 200),
        ("/enrollmentGroups/{id}/attestationmechanism", "POST", "line-4", 200),
        ("/enrollmentGroups/query", "POST", None, 200),
        ("/registrations/{id}/query", "POST", "line-4", 200),
        ("/enrollmentGroups/{id}", "DELETE", "line-4", 204),
        ("/enrollments/{id}", "GET", "device-1", 200),
        ("/enrollments/{id}/attestationmechanism", "POST", "device-1", 200),
        ("/enrollments/query", "POST", None, 200),
        ("/enrollments/{id}", "DELETE", "device-1", 204),
        ("/registrations/{id}", "GET", "device-2", 200),
        ("/{idScope}/registrations/{id}/operations/{operationId}", "GET", "device-2", 200),
        ("/{idScope}/registrations/{id}", "POST", "device-2", 200),
        ("/{idScope}/registrations/{id}/register", "PUT", "device-2", 202),
        ("/registrations/{id}", "DELETE", "device-2", 204),
        ("/_emulator/devices/{id}", "GET", "device-2", 200),
        ("/_emulator/requests", "GET", None, 200),
        ("/_emulator/", "GET", None, 200),
        ("/_emulator/records/{collection}", "GET", None, 200),
        ("/_emulator/records/{collection}/{id}", "GET", "line-4", 200),
        ("/_emulator/keys/{collection}/{id}", "GET", "line-4", 200),
        ("/_emulator/environment", "GET", None, 200),
    ],
)
def test_what_is_there_is_answered_as_described(
    send, operation_of_device_2, path, method, record_id, status
):
    ids = {"id": record_id} if record_id else {}
    ids |= {"idScope": "set by send"} if "idScope" in path else {}
    ids |= {"collection": "enrollmentGroups"} if "collection" in path else {}
    ids |= {"operationId": operation_of_device_2} if "operationId" in path else {}
    body = {"body": {"query": "SELECT *"}} if path.endswith("s/query") and not ids else {}
    query = {} if path.startswith("/_emulator") else {"api-version": "2021-10-01"}
    case = SCHEMA[path][method].Case(path_parameters=ids, query=query, **body)

    answer = send(case)

    assert answer.status_code == status, answer.content
    case.validate_response(answer, checks=CHECKS)

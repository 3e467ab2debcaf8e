"""Whatever is sent, the emulator answers in the service's shape and stays up."""

import json
import socket
from contextlib import suppress
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from dpsctl.emulator.app import EmulatorApp
from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings

RELAXED = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9)
)
NAMES = st.sampled_from(
    [
        "attestation",
        "type",
        "symmetricKey",
        "primaryKey",
        "x509",
        "signingCertificates",
        "clientCertificates",
        "primary",
        "secondary",
        "certificate",
        "info",
        "caReferences",
        "tpm",
        "endorsementKey",
        "capabilities",
        "iotEdge",
        "initialTwin",
        "tags",
        "properties",
        "desired",
        "provisioningStatus",
        "reprovisionPolicy",
        "allocationPolicy",
        "iotHubs",
        "customAllocationDefinition",
        "webhookUrl",
        "etag",
        "mode",
        "enrollments",
        "enrollmentGroups",
        "query",
    ]
)
WORDS = st.sampled_from(["symmetricKey", "x509", "tpm", "none", "custom", "create", "delete", "*"])
JSON = st.recursive(
    SCALARS | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=6)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)
ATTESTATIONS = st.dictionaries(NAMES, JSON, max_size=4) | JSON
PATHS = st.sampled_from(
    ["/enrollmentGroups/id", "/enrollments/id", "/enrollments", "/enrollmentGroups/query"]
)
METHODS = st.sampled_from(["PUT", "POST", "DELETE"])


@pytest.fixture
def call(emulator, sas):
    """Send a signed request without a socket."""
    client = Client(EmulatorApp(emulator.service))
    headers = {"Authorization": sas(emulator.host, emulator.policy_key)}

    def send(method, path, more=None, **body):
        return client.open(
            path,
            method=method,
            query_string={"api-version": "2021-10-01"},
            headers=headers | (more or {}),
            **body,
        )

    return send


@RELAXED
@given(METHODS, PATHS, JSON, st.sampled_from(["x509", "symmetricKey", "tpm", "none"]), ATTESTATIONS)
def test_no_json_makes_it_fail(call, method, path, fields, attested_by, part):
    record = {"attestation": {"type": attested_by, attested_by: part}}
    record |= fields if isinstance(fields, dict) else {}
    record |= {"enrollmentGroupId": "id", "registrationId": "id"}

    for sent in (record, fields, {"mode": "create", "enrollments": [record]}):
        answer = call(method, path, {"If-Match": "*"}, data=json.dumps(sent))

        assert answer.status_code < 500, answer.text
        assert answer.status_code == 204 or answer.is_json


@RELAXED
@given(METHODS, st.text(max_size=40), st.binary(max_size=40), st.text(max_size=9))
def test_no_path_body_or_header_makes_it_fail(call, method, path, body, etag):
    header = {"If-Match": etag.encode("latin-1", "replace").decode("latin-1")}
    header = {name: value for name, value in header.items() if value.isprintable()}

    answer = call(method, f"/enrollmentGroups/{quote(path)}", header, data=body)

    assert answer.status_code < 500


@RELAXED
@given(st.lists(st.binary(max_size=30) | st.sampled_from([b"\r\n", b" HTTP/1.1", b"GET /"])))
def test_no_bytes_make_the_listener_fail(plain, caplog, parts):
    address = (plain.settings.host, plain.port)
    with socket.create_connection(address, timeout=10) as connection, suppress(ConnectionError):
        connection.sendall(b"".join(parts))
        connection.shutdown(socket.SHUT_WR)
        for _ in iter(lambda: connection.recv(1 << 16), b""):
            pass

    assert not caplog.records
    assert answers(plain)


@pytest.fixture(scope="module")
def plain():
    with Emulator(EmulatorSettings(tls=False)) as running:
        yield running


def answers(emulator):
    return requests.get(f"{emulator.endpoint}/_emulator/health", timeout=10).ok

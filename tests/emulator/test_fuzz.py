"""Whatever is sent, the emulator answers in the service's shape and stays up."""

import json
import socket
from base64 import b64decode, b64encode
from contextlib import suppress
from pathlib import Path
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
ENDORSEMENT_KEY = (Path(__file__).parents[1] / "data" / "endorsement-key.txt").read_text().strip()
DAMAGED = st.tuples(st.integers(0, 315), st.integers(0, 255)).map(lambda change: damaged(*change))


def damaged(place, value):
    """An endorsement key, one byte of which is another, or not."""
    key = bytearray(b64decode(ENDORSEMENT_KEY))
    key[place] = value
    return b64encode(key).decode()


@pytest.fixture
def call(emulator, sas):
    """Send a signed request without a socket."""
    client = Client(EmulatorApp(emulator.service))
    headers = {"Authorization": sas(emulator.host, emulator.policy_key)}

    def send(method, path, more=None, version="2021-10-01", **body):
        return client.open(
            path,
            method=method,
            query_string={"api-version": version},
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
@given(
    JSON,
    JSON | st.binary(max_size=40).map(lambda data: b64encode(data).decode()),
    st.fixed_dictionaries({}, optional={"endorsementKey": DAMAGED, "storageRootKey": DAMAGED})
    | JSON,
)
def test_nothing_that_a_device_says_makes_it_fail(call, emulator, payload, csr, tpm):
    keys = {"type": "tpm", "tpm": {"endorsementKey": ENDORSEMENT_KEY}}
    sent = json.dumps({"registrationId": "d1", "attestation": keys})
    call("PUT", "/enrollments/d1", {"If-Match": "*"}, data=sent)
    call("PUT", "/enrollments/d1", data=sent)
    body = json.dumps({"payload": payload, "csr": csr, "tpm": tpm})
    device = f"/{emulator.id_scope}/registrations/d1"
    nobody = {"Authorization": ""}

    for method, path in (("PUT", f"{device}/register"), ("POST", device)):
        answer = call(method, path, nobody, version="2026-11-01", data=body)

        assert answer.status_code in (400, 401), answer.text
        assert answer.is_json


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

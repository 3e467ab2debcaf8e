"""An emulator over real HTTPS, and callers that sign with the standard library alone."""

import base64
import hashlib
import hmac
import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote_plus

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import OWNER_POLICY, EmulatorSettings


@pytest.fixture(scope="session")
def running_emulator():
    with Emulator() as running:
        yield running


@pytest.fixture
def emulator(running_emulator):
    running_emulator.reset()
    return running_emulator


@pytest.fixture
def start():
    """Start an emulator with settings of its own; it stops with the test."""
    started = []

    def start_emulator(**settings):
        started.append(Emulator(EmulatorSettings(**settings)).start())
        return started[-1]

    yield start_emulator
    for one in started:
        one.stop()


@pytest.fixture
def sas():
    return make_sas


@pytest.fixture
def caller():
    """Make a function that sends signed requests to an emulator."""
    sessions = []

    def caller_of(emulator, policy=OWNER_POLICY):
        session = requests.Session()
        session.trust_env = False
        session.verify = emulator.ca_file
        session.params = {"api-version": "2021-10-01"}
        sessions.append(session)

        def send(method, path, body=None, headers=None, **more):
            token = make_sas(emulator.host, emulator.identity.key_of(policy), policy)
            headers = {"Authorization": token} | (headers or {})
            url = emulator.endpoint + path
            return session.request(method, url, json=body, headers=headers, timeout=10, **more)

        return send

    yield caller_of
    for session in sessions:
        session.close()


@pytest.fixture
def api(emulator, caller):
    return caller(emulator)


@pytest.fixture
def create_group(api):
    """Create a symmetric-key group (or what *fields* say) and return the answer's body."""

    def create(group_id="g1", **fields):
        body = group(group_id, **fields)
        answer = api("PUT", f"/enrollmentGroups/{group_id}", body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return create


@pytest.fixture
def group_body():
    return group


@pytest.fixture
def certificate():
    """Make a certificate (and its key) that *issuer*, made here too, or its own key has signed."""
    return make_certificate


class Made(NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make_certificate(name, issuer=None):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer_name=issuer.certificate.subject if issuer else subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(hours=1),
        not_valid_after=now + timedelta(days=1),
    ).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return Made(builder.sign(issuer.key if issuer else key, SHA256()), key)


def group(group_id="g1", **fields):
    return {
        "enrollmentGroupId": group_id,
        "attestation": {"type": "symmetricKey"},
        **fields,
    }


def make_sas(host, key, policy=OWNER_POLICY, expires_in=60, resource=None):
    resource = quote_plus(host) if resource is None else resource
    expiry = int(time.time()) + expires_in
    digest = hmac.new(base64.b64decode(key), f"{resource}\n{expiry}".encode(), hashlib.sha256)
    signature = quote_plus(base64.b64encode(digest.digest()))
    return f"SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn={policy}"

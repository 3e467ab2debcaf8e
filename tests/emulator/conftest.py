"""An emulator over real HTTPS, and callers that sign with the standard library alone."""

import base64
import hashlib
import hmac
import time
from urllib.parse import quote_plus

import pytest
import requests

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

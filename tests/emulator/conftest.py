"""An emulator over real HTTPS, and callers that sign with the standard library alone."""

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass
from urllib.parse import quote_plus

import pytest
import requests
from issuing import make_certificate

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import OWNER_POLICY, EmulatorSettings

HUB = "hub-1.azure-devices.net"


@pytest.fixture(scope="session")
def running_emulator():
    with Emulator(EmulatorSettings(hubs=((HUB, 1),))) as running:
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
def device(emulator, tmp_path):
    """Make a device that calls with a key, with a whole token, or with a chain of certificates.

    A chain starts with the device's own certificate and its key.
    """

    def device_of(registration_id, *, key=None, token=None, chain=(), at=emulator):
        token = make_device_sas(at.id_scope, registration_id, key) if key else token
        headers = {"Authorization": token} if token else {}
        pem = pem_file(tmp_path / f"{registration_id}.pem", chain) if chain else None
        return DeviceCaller(at, registration_id, headers, pem)

    return device_of


@pytest.fixture
def device_sas(emulator):
    def sign(registration_id, key, scope=emulator.id_scope, **fields):
        return make_device_sas(scope, registration_id, key, **fields)

    return sign


@dataclass(frozen=True)
class DeviceCaller:
    emulator: Emulator
    registration_id: str
    headers: dict
    certificate: str | None

    def send(
        self, method="PUT", action="/register", body=None, *, version="2021-10-01", scope=None
    ):
        scope = scope or self.emulator.id_scope
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method,
                f"{self.emulator.endpoint}/{scope}/registrations/{self.registration_id}{action}",
                params={"api-version": version},
                headers=self.headers,
                json={"registrationId": self.registration_id} if body is None else body,
                verify=self.emulator.ca_file,
                cert=self.certificate,
                timeout=10,
            )

    def register(self, payload=None):
        """Register, ask for the operation, and return its answer's body."""
        body = {"registrationId": self.registration_id, "payload": payload}
        answer = self.send(body=body)
        assert answer.status_code == 202, answer.text
        done = self.send("GET", f"/operations/{answer.json()['operationId']}")
        assert done.status_code == 200, done.text
        return done.json()


@pytest.fixture
def mqtt_packets():
    """What a device writes over MQTT, byte by byte."""
    return MqttPackets


class MqttPackets:
    PING = b"\xc0\x00"
    DISCONNECT = b"\xe0\x00"

    @staticmethod
    def connect(client_id, user, password=None, *, level=4, keep_alive=60):
        flags = 0x02 | 0x80 | (0x40 if password is not None else 0)
        body = mqtt_text("MQTT") + bytes([level, flags]) + keep_alive.to_bytes(2, "big")
        body += mqtt_text(client_id) + mqtt_text(user)
        return mqtt_packet(0x10, body + (mqtt_text(password) if password is not None else b""))

    @staticmethod
    def subscribe(*filters, qos=1, packet_id=1):
        wanted = b"".join(mqtt_text(each) + bytes([qos]) for each in filters)
        return mqtt_packet(0x82, packet_id.to_bytes(2, "big") + wanted)

    @staticmethod
    def unsubscribe(topic_filter, packet_id=3):
        return mqtt_packet(0xA2, packet_id.to_bytes(2, "big") + mqtt_text(topic_filter))

    @staticmethod
    def publish(topic, payload=b"", *, qos=1, packet_id=2):
        number = packet_id.to_bytes(2, "big") if qos else b""
        return mqtt_packet(0x30 | qos << 1, mqtt_text(topic) + number + payload)


def mqtt_text(text):
    data = text if isinstance(text, bytes) else text.encode()
    return len(data).to_bytes(2, "big") + data


def mqtt_packet(first, body):
    assert len(body) < 1 << 14
    size = len(body)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([first]) + length + body


@pytest.fixture
def chain_file(tmp_path):
    """Write certificates, and the key of the first one, into a file."""
    return lambda *chain: pem_file(tmp_path / "chain.pem", chain)


def pem_file(path, chain):
    path.write_bytes(chain[0].key_pem() + b"".join(link.pem for link in chain))
    return str(path)


@pytest.fixture
def certificate():
    """Make a certificate (and its key) that *issuer*, made here too, or its own key has signed."""
    return make_certificate


def group(group_id="g1", **fields):
    return {
        "enrollmentGroupId": group_id,
        "attestation": {"type": "symmetricKey"},
        **fields,
    }


def make_device_sas(scope, registration_id, key, *, expires_in=60, slash="%2F", rest=""):
    resource = slash.join([scope, "registrations", registration_id])
    expiry = int(time.time()) + expires_in
    digest = hmac.new(base64.b64decode(key), f"{resource}\n{expiry}".encode(), hashlib.sha256)
    signature = quote_plus(base64.b64encode(digest.digest()))
    return f"SharedAccessSignature sr={resource}&sig={signature}&se={expiry}{rest}"


def make_sas(host, key, policy=OWNER_POLICY, expires_in=60, resource=None):
    resource = quote_plus(host) if resource is None else resource
    expiry = int(time.time()) + expires_in
    digest = hmac.new(base64.b64decode(key), f"{resource}\n{expiry}".encode(), hashlib.sha256)
    signature = quote_plus(base64.b64encode(digest.digest()))
    return f"SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn={policy}"

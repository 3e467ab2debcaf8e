"""Devices over MQTT and TLS, against the whole emulator."""

import base64
import contextlib
import json
import socket
import ssl
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings
from dpsctl.errors import UsageError
from dpsctl.keys import derive_device_key

HUB = "hub-1.azure-devices.net"
DATA = Path(__file__).parents[2] / "data"
HTTP = b"GET / HTTP/1.1\r\n\r\n"
ANSWERS = "$dps/registrations/res/#"


@pytest.fixture(scope="module")
def running_emulator():
    with Emulator(EmulatorSettings(mqtt_port=0, hubs=((HUB, 1),))) as running:
        yield running


@pytest.fixture
def connection(emulator):
    """Open a TLS connection to the MQTT port."""
    with contextlib.ExitStack() as stack:

        def connect(at=emulator, chain=None, version=ssl.TLSVersion.TLSv1_3):
            context = ssl.create_default_context(cafile=at.ca_file)
            context.minimum_version = context.maximum_version = version
            if chain:
                context.load_cert_chain(chain)
            raw = stack.enter_context(socket.create_connection(("127.0.0.1", at.mqtt_port), 10))
            return stack.enter_context(context.wrap_socket(raw, server_hostname="127.0.0.1"))

        yield connect


@pytest.fixture
def mqtt_device(emulator, connection, device_sas, mqtt_packets):
    """Connect as a device; with a key it signs, without one its certificate has to do."""

    def connect(registration_id, key=None, api_version="2019-03-31", **how):
        client = connection(**how)
        where = f"{emulator.id_scope}/registrations/{registration_id}"
        user = f"{where}/api-version={api_version}&ClientVersion=1"
        token = device_sas(registration_id, key) if key else None
        client.sendall(mqtt_packets.connect(registration_id, user, token))
        return client, received(client, 4)

    return connect


def received(client, size):
    """Read *size* bytes, fewer if the other end hangs up."""
    data = b""
    while len(data) < size and (more := client.recv(size - len(data))):
        data += more
    return data


def message(client):
    """Read a message of QoS 1 and return its topic and its JSON."""
    first, size = received(client, 2)
    if size > 127:
        size = size & 127 | received(client, 1)[0] << 7
    body = received(client, size)
    length = int.from_bytes(body[:2], "big")
    assert first == 0x32
    return body[2 : 2 + length].decode(), json.loads(body[4 + length :])


@pytest.fixture
def derived_key(create_group):
    key = create_group("g1")["attestation"]["symmetricKey"]["primaryKey"]
    return derive_device_key(key, "d1")


def asked(client, packets, what, payload, **query):
    topic = f"$dps/registrations/{what}/?$rid=1"
    topic += "".join(f"&{name}={value}" for name, value in query.items())
    client.sendall(packets.publish(topic, payload))
    assert received(client, 4) == b"\x40\x02\x00\x02"
    return message(client)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_device_registers(mqtt_device, mqtt_packets, derived_key, api, version):
    client, answer = mqtt_device("d1", derived_key, version=version)
    assert answer == b"\x20\x02\x00\x00"
    client.sendall(mqtt_packets.subscribe(ANSWERS))
    assert received(client, 5) == b"\x90\x03\x00\x01\x01"

    topic, accepted = asked(client, mqtt_packets, "PUT/iotdps-register", b'{"payload":null}')
    assert topic == "$dps/registrations/res/202/?$rid=1&retry-after=3"
    topic, done = asked(
        client,
        mqtt_packets,
        "GET/iotdps-get-operationstatus",
        b" ",
        operationId=accepted["operationId"],
    )

    assert topic == "$dps/registrations/res/200/?$rid=1"
    assert done["registrationState"]["assignedHub"] == HUB
    assert api("GET", "/registrations/d1").json()["status"] == "assigned"


def test_device_with_a_certificate_registers(
    mqtt_device, mqtt_packets, create_group, certificate, chain_file
):
    signer = certificate("signer")
    own = certificate("d1", signer)
    pem = signer.certificate.public_bytes(Encoding.PEM).decode()
    slots = {"signingCertificates": {"primary": {"certificate": pem}}}
    create_group("g1", attestation={"type": "x509", "x509": slots})

    client, answer = mqtt_device("d1", chain=chain_file(own))

    assert answer == b"\x20\x02\x00\x00"
    client.sendall(mqtt_packets.subscribe(ANSWERS))
    assert received(client, 5) == b"\x90\x03\x00\x01\x01"
    topic, _ = asked(client, mqtt_packets, "PUT/iotdps-register", b"{}")
    assert topic.startswith("$dps/registrations/res/202/")


def test_device_with_a_tpm_is_not_let_in_over_mqtt(emulator, mqtt_device, api, device):
    endorsement, storage_root = (
        (DATA / f"{name}-key.txt").read_text().strip() for name in ("endorsement", "storage-root")
    )
    keys = {"endorsementKey": endorsement, "storageRootKey": storage_root}
    body = {"registrationId": "d1", "attestation": {"type": "tpm", "tpm": keys}}
    api("PUT", "/enrollments/d1", body)
    device("d1").send(body={"tpm": keys})
    key = emulator.store.get("Tpm", "d1")["challenge"]
    assert device("d1", key=key).send().status_code == 202

    answers = [mqtt_device("d1", key)[1], mqtt_device("d1")[1]]

    assert answers == [b"\x20\x02\x00\x05"] * 2
    assert "over MQTT" in emulator.requests()[-2]["reason"]


def test_device_is_issued_the_certificate_that_it_asks_for(
    mqtt_device, mqtt_packets, api, openssl, tmp_path
):
    policy = {"certificatePolicyName": "pol-1"}
    body = {"enrollmentGroupId": "g1", "attestation": {"type": "symmetricKey"}, **policy}
    made = api("PUT", "/enrollmentGroups/g1", body, params={"api-version": "2026-11-01"}).json()
    key = derive_device_key(made["attestation"]["symmetricKey"]["primaryKey"], "d1")
    openssl("req -new -newkey rsa:2048 -nodes -keyout d.key -subj /CN=d1 -outform DER -out d.der")
    csr = base64.b64encode((tmp_path / "d.der").read_bytes()).decode()
    client, _ = mqtt_device("d1", key, api_version="2026-11-01")
    client.sendall(mqtt_packets.subscribe(ANSWERS))
    received(client, 5)

    wish = json.dumps({"registrationId": "d1", "csr": csr}).encode()
    _, accepted = asked(client, mqtt_packets, "PUT/iotdps-register", wish)
    operation = {"operationId": accepted["operationId"]}
    _, done = asked(client, mqtt_packets, "GET/iotdps-get-operationstatus", b" ", **operation)

    leaf = base64.b64decode(done["registrationState"]["issuedCertificateChain"][0])
    told = openssl("x509 -in leaf -inform DER -noout -pubkey", leaf=leaf)
    assert told == openssl("pkey -in d.key -pubout")


@pytest.mark.usefixtures("derived_key")
@pytest.mark.parametrize("key", ["c2l4dGVlbiBieXRlcyBhdCBsZWFzdA==", None], ids=["wrong", "none"])
def test_device_that_proves_nothing_is_refused_and_hung_up_on(mqtt_device, key):
    client, answer = mqtt_device("d1", key)

    assert answer == b"\x20\x02\x00\x05"
    assert received(client, 1) == b""


def test_refused_requests_are_answered_with_their_status(mqtt_device, mqtt_packets, derived_key):
    client, _ = mqtt_device("d1", derived_key)
    client.sendall(mqtt_packets.subscribe(ANSWERS))
    received(client, 5)

    topic, body = asked(client, mqtt_packets, "PUT/iotdps-register", b"no json")

    assert (topic, body["errorCode"]) == ("$dps/registrations/res/400/?$rid=1", 400004)


def test_faults_strike_over_mqtt_too(emulator, mqtt_device, mqtt_packets, derived_key):
    client, _ = mqtt_device("d1", derived_key)
    client.sendall(mqtt_packets.subscribe(ANSWERS))
    received(client, 5)
    emulator.faults.replace(["429 once, Retry-After 7"])

    topic, _ = asked(client, mqtt_packets, "PUT/iotdps-register", b"{}")

    assert topic == "$dps/registrations/res/429/?$rid=1&retry-after=7"
    assert emulator.service.log.entries()[-1]["status"] == 429


def test_reset_hangs_up(emulator, mqtt_device, mqtt_packets, derived_key):
    client, _ = mqtt_device("d1", derived_key)
    emulator.faults.replace(["reset once"])

    client.sendall(mqtt_packets.publish("$dps/registrations/PUT/iotdps-register/?$rid=1", b"{}"))

    with contextlib.suppress(ConnectionResetError, ssl.SSLEOFError):
        assert received(client, 1) == b""


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", bytes(64), b"\xff" * 64])
def test_client_that_speaks_something_else_is_hung_up_on(connection, garbage):
    client = connection()

    client.sendall(garbage)

    with contextlib.suppress(ConnectionResetError, ssl.SSLEOFError):
        assert received(client, 1) == b""


def test_silent_clients_hold_up_nobody(emulator, mqtt_device, derived_key):
    address = ("127.0.0.1", emulator.mqtt_port)
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(socket.create_connection(address, 10))

        assert mqtt_device("d1", derived_key)[1] == b"\x20\x02\x00\x00"


def test_client_silent_for_one_and_a_half_keep_alives_is_hung_up_on(
    emulator, connection, mqtt_packets, derived_key, device_sas
):
    client = connection()
    user = f"{emulator.id_scope}/registrations/d1/api-version=2019-03-31"
    client.sendall(mqtt_packets.connect("d1", user, device_sas("d1", derived_key), keep_alive=1))
    received(client, 4)
    began = time.monotonic()

    received(client, 1)

    assert time.monotonic() - began > 1.2


def test_stop_hangs_up_on_mqtt_clients(start, connection):
    emulator = start(mqtt_port=0)
    client = connection(at=emulator)

    emulator.stop()

    with contextlib.suppress(ConnectionResetError, ssl.SSLEOFError):
        assert received(client, 1) == b""


def test_without_tls_mqtt_is_in_the_clear_too(start, mqtt_packets):
    emulator = start(mqtt_port=0, tls=False)
    user = f"{emulator.id_scope}/registrations/d1/api-version=2019-03-31"

    with socket.create_connection(("127.0.0.1", emulator.mqtt_port), 10) as client:
        client.sendall(mqtt_packets.connect("d1", user, "token"))
        assert received(client, 4) == b"\x20\x02\x00\x05"


def test_refused_device_is_in_the_log_with_the_reason(emulator, connection, mqtt_packets):
    user = f"{emulator.id_scope}/registrations/d1/api-version=2019-03-31"
    client = connection()

    client.sendall(mqtt_packets.connect("d1", user, "SharedAccessSignature sr=a&sig=b&se=1"))
    received(client, 4)

    (seen,) = emulator.requests()
    path = f"/{emulator.id_scope}/registrations/d1"
    assert (seen["method"], seen["path"], seen["status"]) == ("CONNECT", path, 401)
    assert seen["reason"] == "The token is for something else (sr)."
    assert seen["query"] == {"api-version": "2019-03-31"}


def test_ready_line_names_the_port(start):
    assert start().ready()["mqttPort"] is None
    emulator = start(mqtt_port=0)
    assert emulator.ready()["mqttPort"] == emulator.mqtt_port > 0


def test_port_that_is_taken_is_named_and_leaves_nothing_open(emulator):
    other = Emulator(EmulatorSettings(mqtt_port=emulator.mqtt_port))

    with pytest.raises(UsageError, match=f"--mqtt-port {emulator.mqtt_port}: "):
        other.start()


@pytest.mark.parametrize(
    ("device", "path", "reason"),
    [
        (("d1", "a secret of the user's"), "/", "The user name is not ID_SCOPE/registrations/"),
        (
            ("d2", "0ne/registrations/d1/api-version=2019-03-31"),
            "/0ne/registrations/d1",
            "The client id is not the registration id.",
        ),
        (None, "/", "This is not what devices may send: "),
    ],
)
def test_connection_that_is_no_devices_is_in_the_log_with_the_reason(
    emulator, connection, mqtt_packets, device, path, reason
):
    first = mqtt_packets.connect(*device) if device else HTTP

    client = connection()
    client.sendall(first)
    while client.recv(1 << 10):
        pass

    (seen,) = emulator.requests()
    assert (seen["protocol"], seen["method"], seen["path"]) == ("MQTT", "CONNECT", path)
    assert seen["reason"].startswith(reason)
    assert "secret" not in str(seen)

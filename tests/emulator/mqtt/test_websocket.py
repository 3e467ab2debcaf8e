"""Devices over MQTT in WebSockets, on the port for HTTPS; wsproto is the client."""

import socket
import ssl

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    Request,
    TextMessage,
)

from dpsctl.keys import derive_device_key

PATH = "/$iothub/websocket"


class WebSocket:
    """A client that reads events one by one; the end of the connection is None."""

    def __init__(self, stream, path=PATH, subprotocols=("mqtt",)):
        self._stream = stream
        self._events = []
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self.send(Request(host="127.0.0.1", target=path, subprotocols=list(subprotocols)))

    def send(self, event):
        self._stream.sendall(self._protocol.send(event))

    def send_bytes(self, data):
        self.send(BytesMessage(data))

    def event(self):
        while not self._events:
            data = self._stream.recv(1 << 16)
            if not data:
                return None
            self._protocol.receive_data(data)
            self._events += self._protocol.events()
        return self._events.pop(0)


@pytest.fixture
def stream(emulator):
    context = ssl.create_default_context(cafile=emulator.ca_file)
    with (
        socket.create_connection(("127.0.0.1", emulator.port), 10) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as stream,
    ):
        yield stream


@pytest.fixture
def websocket(stream):
    client = WebSocket(stream)
    assert client.event() == AcceptConnection(subprotocol="mqtt", extra_headers=[])
    return client


@pytest.fixture
def connect(emulator, mqtt_packets):
    """The packet by which the device d1 connects with a token."""
    user = f"{emulator.id_scope}/registrations/d1/api-version=2019-03-31"
    return lambda token: mqtt_packets.connect("d1", user, token)


def test_device_registers(websocket, connect, create_group, device_sas, mqtt_packets):
    key = create_group("g1")["attestation"]["symmetricKey"]["primaryKey"]
    packets = [
        connect(device_sas("d1", derive_device_key(key, "d1"))),
        mqtt_packets.subscribe("$dps/registrations/res/#", qos=0),
        mqtt_packets.publish("$dps/registrations/PUT/iotdps-register/?$rid=1", b"{}", qos=0),
    ]

    answers = []
    for packet in packets:
        websocket.send_bytes(packet)
        answers.append(bytes(websocket.event().data))

    assert answers[:2] == [b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x00"]
    assert b"$dps/registrations/res/202/?$rid=1&retry-after=3" in answers[2]


@pytest.mark.parametrize("size", [1, 7])
def test_packets_may_come_in_pieces(websocket, connect, size):
    packet = connect("token")

    for place in range(0, len(packet), size):
        websocket.send_bytes(packet[place : place + size])

    assert bytes(websocket.event().data) == b"\x20\x02\x00\x05"
    assert websocket.event().code == 1000


def test_ping_of_websockets_is_answered(websocket, connect):
    websocket.send(Ping(b"there?"))
    websocket.send(Pong(b"yes"))
    websocket.send_bytes(connect("token"))

    assert websocket.event() == Pong(bytearray(b"there?"))
    assert bytes(websocket.event().data) == b"\x20\x02\x00\x05"


def test_close_is_answered(websocket):
    websocket.send(CloseConnection(1000))

    assert websocket.event().code == 1000
    assert websocket.event() is None


def test_text_is_refused(websocket):
    websocket.send(TextMessage("hello"))

    assert websocket.event().code == 1003


def test_broken_frames_end_the_connection(stream, websocket):
    stream.sendall(b"\xff" * 16)

    assert websocket.event().code == 1002


def test_broken_mqtt_ends_the_connection(websocket):
    websocket.send_bytes(b"\x00\x00")

    assert isinstance(websocket.event(), CloseConnection)


def test_frames_after_the_close_do_no_harm(stream, websocket):
    close = websocket._protocol.send(CloseConnection(1000))

    stream.sendall(close + b"\x89\x80\0\0\0\0")

    assert websocket.event().code == 1000
    assert websocket.event() is None


def test_close_beside_a_packet_leaves_it_unanswered(stream, websocket, connect):
    protocol = websocket._protocol

    stream.sendall(
        protocol.send(BytesMessage(connect("token"))) + protocol.send(CloseConnection(1000))
    )

    assert websocket.event().code == 1000


@pytest.mark.parametrize("subprotocols", [(), ("amqp",)])
def test_other_subprotocols_are_400(stream, subprotocols):
    refused = WebSocket(stream, subprotocols=subprotocols).event()

    assert isinstance(refused, RejectConnection)
    assert refused.status_code == 400


def test_ordinary_request_for_the_path_is_400(api):
    answer = api("GET", PATH)

    assert (answer.status_code, answer.json()["errorCode"]) == (400, 400000)


def test_other_versions_of_websockets_are_told_the_right_one(api):
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": "mqtt",
        "Sec-WebSocket-Version": "8",
    }

    answer = api("GET", PATH, headers=headers)

    assert (answer.status_code, answer.headers["Sec-WebSocket-Version"]) == (400, "13")

"""One device's conversation over MQTT: bytes in, bytes out, and the service asked in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

from dpsctl.emulator.mqtt import packets as mqtt
from dpsctl.emulator.mqtt.packets import ProtocolError

_ACCEPTED, _WRONG_LEVEL, _WRONG_CLIENT_ID, _WRONG_USER, _NOT_AUTHORIZED = 0, 1, 2, 4, 5
_NO_USER = "The user name is not ID_SCOPE/registrations/REGISTRATION_ID/api-version=VERSION."
_ANSWERS = "$dps/registrations/res/#"
_REGISTER = "$dps/registrations/PUT/iotdps-register/"
_OPERATION = "$dps/registrations/GET/iotdps-get-operationstatus/"
_MOST_PACKET_ID = 0xFFFF
_REGISTRATIONS = "registrations"


@dataclass(frozen=True)
class Caller:
    """Carry what a device said when it connected: `SCOPE/registrations/ID/api-version=V&...`."""

    id_scope: str
    registration_id: str
    api_version: str
    token: str | None


@dataclass(frozen=True)
class Reply:
    """Carry the service's answer to a device."""

    status: int
    body: bytes
    retry_after: str | None = None


class Backend(Protocol):
    """The service behind a session."""

    def is_known(self, caller: Caller) -> bool:
        """Say whether the device has proved who it is."""

    def register(self, caller: Caller, body: bytes) -> Reply:
        """Register the device."""

    def operation_status(self, caller: Caller, operation_id: str) -> Reply:
        """Say what became of a registration."""

    def hang_up(self, caller: Caller | None, reason: str) -> None:
        """Remember why the connection ends, which MQTT has no words for."""


class Session:
    """Answer what one client sends.

    *is_over* says that the connection is to be closed once the last bytes are sent; *keep_alive* is
    how many seconds the client may at most be silent, 0 for as long as it likes.
    """

    def __init__(self, backend: Backend, limit: int) -> None:
        self.is_over = False
        self.keep_alive = 0
        self._backend = backend
        self._decoder = mqtt.Decoder(limit)
        self._caller: Caller | None = None
        self._granted_qos: int | None = None
        self._last_packet_id = 0

    def receive(self, data: bytes) -> bytes:
        """Take bytes of the client and return those to send back. Raises ProtocolError."""
        out = bytearray()
        try:
            for packet in self._decoder.feed(data):
                out += self._answered(packet)
                if self.is_over:
                    break
        except ProtocolError as error:
            self._backend.hang_up(self._caller, f"This is not what devices may send: {error}.")
            raise
        return bytes(out)

    def _answered(self, packet: mqtt.Packet) -> bytes:
        if isinstance(packet, mqtt.Connect) == (self._caller is not None):
            raise ProtocolError("CONNECT comes first, and once")
        match packet:
            case mqtt.Connect():
                return self._connected(packet)
            case mqtt.Publish():
                return self._published(packet)
            case mqtt.Subscribe(packet_id, filters):
                return mqtt.suback(packet_id, [self._granted(*each) for each in filters])
            case mqtt.Unsubscribe(packet_id, filters):
                self._granted_qos = None if _ANSWERS in filters else self._granted_qos
                return mqtt.unsuback(packet_id)
            case mqtt.PingReq():
                return mqtt.pingresp()
            case mqtt.Disconnect():
                self.is_over = True
        return b""

    def _connected(self, connect: mqtt.Connect) -> bytes:
        code, caller = self._judged(connect)
        self._caller = caller
        self.keep_alive = connect.keep_alive
        self.is_over = code != _ACCEPTED
        return mqtt.connack(code)

    def _judged(self, connect: mqtt.Connect) -> tuple[int, Caller | None]:
        if connect.level != mqtt.LEVEL:
            self._backend.hang_up(None, "The device does not speak MQTT 3.1.1.")
            return _WRONG_LEVEL, None
        caller = read_caller(connect)
        if caller is None:
            self._backend.hang_up(None, _NO_USER)
            return _WRONG_USER, None
        if connect.client_id.lower() != caller.registration_id.lower():
            self._backend.hang_up(caller, "The client id is not the registration id.")
            return _WRONG_CLIENT_ID, None
        return (_ACCEPTED if self._backend.is_known(caller) else _NOT_AUTHORIZED), caller

    def _granted(self, topic_filter: str, qos: int) -> int:
        """Grant the one subscription there is, at QoS 1 at most."""
        if topic_filter != _ANSWERS:
            return mqtt.SUBSCRIBE_FAILED
        self._granted_qos = min(qos, 1)
        return self._granted_qos

    def _published(self, message: mqtt.Publish) -> bytes:
        if message.qos > 1:
            raise ProtocolError("QoS 2 is not supported")
        topic, _, query = message.topic.partition("?")
        wanted = dict(part.partition("=")[::2] for part in query.split("&"))
        request_id = wanted.get("$rid")
        if request_id is None:
            raise ProtocolError("the topic names no $rid")
        reply = self._reply(topic, wanted, message.payload)
        acknowledged = mqtt.puback(message.packet_id) if message.packet_id else b""
        if self._granted_qos is None:
            return acknowledged
        return acknowledged + self._message(request_id, reply)

    def _reply(self, topic: str, wanted: dict[str, str], payload: bytes) -> Reply:
        assert self._caller  # noqa: S101 - for mypy: whoever publishes has connected
        if topic == _REGISTER:
            return self._backend.register(self._caller, payload)
        if topic == _OPERATION and "operationId" in wanted:
            return self._backend.operation_status(self._caller, unquote(wanted["operationId"]))
        raise ProtocolError("there is no such topic")

    def _message(self, request_id: str, reply: Reply) -> bytes:
        topic = f"{_ANSWERS[:-1]}{reply.status}/?$rid={request_id}"
        if reply.retry_after is not None:
            topic += f"&retry-after={reply.retry_after}"
        if not self._granted_qos:
            return mqtt.publish(topic, reply.body)
        self._last_packet_id = self._last_packet_id % _MOST_PACKET_ID + 1
        return mqtt.publish(topic, reply.body, self._last_packet_id)


def read_caller(connect: mqtt.Connect) -> Caller | None:
    """Read who connects from user name and password; None if they cannot be read."""
    try:
        id_scope, word, registration_id, query = (connect.user_name or "").split("/", 3)
        token = connect.password.decode() if connect.password else None
    except ValueError:
        return None
    if word != _REGISTRATIONS or not (token or "").isascii() or not (token or "").isprintable():
        return None
    named = dict(part.partition("=")[::2] for part in query.split("&"))
    return Caller(id_scope, unquote(registration_id), named.get("api-version", ""), token)

"""MQTT 3.1.1 as far as devices need it to register: packets from bytes, and bytes from packets."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SUBSCRIBE_FAILED = 0x80
LEVEL = 4

_CONNECT, _CONNACK, _PUBLISH, _PUBACK = 1, 2, 3, 4
_SUBSCRIBE, _SUBACK, _UNSUBSCRIBE, _UNSUBACK = 8, 9, 10, 11
_PINGREQ, _PINGRESP, _DISCONNECT = 12, 13, 14

_MORE = 0x80
_LENGTH_BYTES = 4
_MOST_QOS = 2
_RESERVED, _WILL, _PASSWORD, _USER = 0x01, 0x04, 0x40, 0x80
_WILL_QOS_SHIFT, _WILL_RETAIN = 3, 0x20


class ProtocolError(Exception):
    """Raised for bytes that no client may send; the connection has to be closed."""


@dataclass(frozen=True)
class Connect:
    """Ask for a session. *level* is the protocol's: 4 for 3.1.1. *keep_alive* is in seconds."""

    level: int
    client_id: str
    keep_alive: int = 0
    user_name: str | None = None
    password: bytes | None = None


@dataclass(frozen=True)
class Publish:
    """Carry a message; *packet_id* is None for QoS 0."""

    topic: str
    payload: bytes
    qos: int = 0
    packet_id: int | None = None


@dataclass(frozen=True)
class PubAck:
    """Acknowledge a message of QoS 1."""

    packet_id: int


@dataclass(frozen=True)
class Subscribe:
    """Ask for the messages of topic filters, each with the QoS wanted."""

    packet_id: int
    filters: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Unsubscribe:
    """Ask for no more messages of topic filters."""

    packet_id: int
    filters: tuple[str, ...]


@dataclass(frozen=True)
class PingReq:
    """Show that the client is there."""


@dataclass(frozen=True)
class Disconnect:
    """Say goodbye."""


Packet = Connect | Publish | PubAck | Subscribe | Unsubscribe | PingReq | Disconnect


class Decoder:
    """Cut a client's bytes, which come in any pieces, into packets of at most *limit* bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting = bytearray()

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Return the packets that *data* completes. Raises ProtocolError."""
        self._waiting += data
        while (cut := self._cut()) is not None:
            first, body = cut
            yield _packet(first, body)

    def _cut(self) -> tuple[int, bytes] | None:
        """Take the next whole packet: its first byte, and what follows the length."""
        size, place = 0, 1
        if self._waiting:  # at once, for what speaks something else may never send a whole packet
            _check_type(self._waiting[0])
        while True:
            if len(self._waiting) <= place:
                return None
            byte = self._waiting[place]
            size |= (byte & ~_MORE) << 7 * (place - 1)
            place += 1
            if byte < _MORE:
                break
            if place > _LENGTH_BYTES:
                raise ProtocolError("the length has more than four bytes")
        if size > self._limit:
            raise ProtocolError(f"the packet is longer than {self._limit} bytes")
        if len(self._waiting) < place + size:
            return None
        first, body = self._waiting[0], bytes(self._waiting[place : place + size])
        del self._waiting[: place + size]
        return first, body


def connack(code: int) -> bytes:
    """Answer CONNECT: 0 accepts, 1 to 5 refuse. No session is ever kept, so none is present."""
    return _written(_CONNACK, struct.pack("!BB", 0, code))


def publish(topic: str, payload: bytes, packet_id: int | None = None) -> bytes:
    """Write a message, of QoS 1 if it has a *packet_id*, else of QoS 0."""
    number = b"" if packet_id is None else struct.pack("!H", packet_id)
    qos = 0 if packet_id is None else 1
    name = topic.encode()
    body = struct.pack("!H", len(name)) + name + number + payload
    return _written(_PUBLISH, body, qos << 1)


def puback(packet_id: int) -> bytes:
    """Acknowledge a message of QoS 1."""
    return _written(_PUBACK, struct.pack("!H", packet_id))


def suback(packet_id: int, codes: list[int]) -> bytes:
    """Answer SUBSCRIBE: for each filter the QoS granted, or SUBSCRIBE_FAILED."""
    return _written(_SUBACK, struct.pack("!H", packet_id) + bytes(codes))


def unsuback(packet_id: int) -> bytes:
    """Answer UNSUBSCRIBE."""
    return _written(_UNSUBACK, struct.pack("!H", packet_id))


def pingresp() -> bytes:
    """Answer PINGREQ."""
    return _written(_PINGRESP, b"")


def _written(kind: int, body: bytes, flags: int = 0) -> bytes:
    length, size = bytearray(), len(body)
    while True:
        size, digit = divmod(size, _MORE)
        length.append(digit | (_MORE if size else 0))
        if not size:
            return bytes([kind << 4 | flags]) + length + body


class _Reader:
    """Take a packet's fields from its front; one that is not all there is a ProtocolError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def take(self, size: int) -> bytes:
        taken = self._data[self._place : self._place + size]
        if len(taken) < size:
            raise ProtocolError("the packet ends too soon")
        self._place += size
        return taken

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._place)

    def is_at_end(self) -> bool:
        return self._place == len(self._data)

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def packet_id(self) -> int:
        number = self.number()
        if number == 0:
            raise ProtocolError("the packet id is 0")
        return number

    def binary(self) -> bytes:
        return self.take(self.number())

    def text(self) -> str:
        try:
            text = self.binary().decode()
        except UnicodeDecodeError:
            raise ProtocolError("text is not UTF-8") from None
        if "\0" in text:
            raise ProtocolError("text has a NUL")
        return text

    def qos(self) -> int:
        qos = self.byte()
        if qos > _MOST_QOS:
            raise ProtocolError(f"there is no QoS {qos}")
        return qos


def _check_type(first: int) -> None:
    kind, flags = first >> 4, first & 0x0F
    if kind != _PUBLISH and (kind not in _READERS or flags != _READERS[kind][0]):
        raise ProtocolError(f"clients send no packets of type {kind} with flags {flags}")


def _packet(first: int, body: bytes) -> Packet:
    """Read the packet behind the length. Raises ProtocolError."""
    kind, reader = first >> 4, _Reader(body)
    if kind == _PUBLISH:
        return _publish(first & 0x0F, reader)
    packet = _READERS[kind][1](reader)
    if not reader.is_at_end():
        raise ProtocolError("the packet goes on after its end")
    return packet


def _connect(reader: _Reader) -> Connect:
    if reader.text() != "MQTT":
        raise ProtocolError("this is not MQTT")
    level = reader.byte()
    if level != LEVEL:  # what follows is another version's
        reader.rest()
        return Connect(level, "")
    flags, keep_alive = reader.byte(), reader.number()
    _check_flags(flags)
    client_id = reader.text()
    if flags & _WILL:
        reader.text()
        reader.binary()
    user_name = reader.text() if flags & _USER else None
    password = reader.binary() if flags & _PASSWORD else None
    return Connect(level, client_id, keep_alive, user_name, password)


def _check_flags(flags: int) -> None:
    will_qos = flags >> _WILL_QOS_SHIFT & 3
    if flags & _RESERVED or will_qos > _MOST_QOS:
        raise ProtocolError("the connect flags are wrong")
    if not flags & _WILL and (will_qos or flags & _WILL_RETAIN):
        raise ProtocolError("the connect flags speak of a will that is not there")
    if flags & _PASSWORD and not flags & _USER:
        raise ProtocolError("there is a password without a user name")


def _publish(flags: int, reader: _Reader) -> Publish:
    qos = flags >> 1 & 3
    if qos > _MOST_QOS or (flags & 8 and not qos):
        raise ProtocolError("the message's flags are wrong")
    topic = reader.text()
    if not topic or set("+#") & set(topic):
        raise ProtocolError("the message's topic is none")
    packet_id = reader.packet_id() if qos else None
    return Publish(topic, reader.rest(), qos, packet_id)


def _subscribe(reader: _Reader) -> Subscribe:
    packet_id, filters = reader.packet_id(), [(_filter(reader), reader.qos())]
    while not reader.is_at_end():
        filters.append((_filter(reader), reader.qos()))
    return Subscribe(packet_id, tuple(filters))


def _unsubscribe(reader: _Reader) -> Unsubscribe:
    packet_id, filters = reader.packet_id(), [_filter(reader)]
    while not reader.is_at_end():
        filters.append(_filter(reader))
    return Unsubscribe(packet_id, tuple(filters))


def _filter(reader: _Reader) -> str:
    text = reader.text()
    if not text:
        raise ProtocolError("a topic filter is empty")
    return text


_READERS: dict[int, tuple[int, Callable[[_Reader], Packet]]] = {
    _CONNECT: (0, _connect),
    _PUBACK: (0, lambda reader: PubAck(reader.packet_id())),
    _SUBSCRIBE: (2, _subscribe),
    _UNSUBSCRIBE: (2, _unsubscribe),
    _PINGREQ: (0, lambda _: PingReq()),
    _DISCONNECT: (0, lambda _: Disconnect()),
}

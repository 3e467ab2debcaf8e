"""MQTT over WebSockets, on the port for HTTPS, for devices behind a firewall."""

from __future__ import annotations

from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import generate_accept_token

from dpsctl.emulator.answers import BAD_REQUEST, Refusal
from dpsctl.emulator.listening.listener import Exchange
from dpsctl.emulator.mqtt.listener import Link, talk

_READ_BYTES = 1 << 16
_VERSION = "13"


def serve_websocket(exchange: Exchange) -> None:
    """Accept the WebSocket that *exchange* was asked for, and talk MQTT over it to the end.

    Raises Refusal for a request that asks for something else.
    """
    exchange.wfile.write(_accepted(exchange))
    socket = _Socket(exchange)
    address = str(exchange.client_address[0])
    link = Link(exchange.request, address, exchange.peer_certificates, socket.read, socket.write)
    talk(exchange.listener, link)
    socket.close()


def _accepted(exchange: Exchange) -> bytes:
    """Return the head of the answer that ends HTTP."""
    headers = exchange.headers
    key, protocols = headers.get("Sec-WebSocket-Key"), headers.get("Sec-WebSocket-Protocol", "")
    asks_for_mqtt = "mqtt" in [word.strip().lower() for word in protocols.split(",")]
    is_websocket = headers.get("Upgrade", "").lower() == "websocket"
    if not (key and asks_for_mqtt and is_websocket):
        raise Refusal(BAD_REQUEST, "This path is for MQTT over WebSockets.")
    if headers.get("Sec-WebSocket-Version") != _VERSION:
        raise Refusal(BAD_REQUEST, "WebSockets have version 13.", {"Sec-WebSocket-Version": "13"})
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {generate_accept_token(key.encode()).decode()}",
        "Sec-WebSocket-Protocol: mqtt",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


class _Socket:
    """Turn frames into bytes and back; b"" is the end, whether it was said or happened."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._frames = Connection(ConnectionType.SERVER)
        self._is_open = True

    def read(self) -> bytes:
        while self._is_open:
            data = self._exchange.rfile.read1(_READ_BYTES)
            if not data:
                self._is_open = False
                break
            if message := self._received(data):
                return message
        return b""

    def write(self, data: bytes) -> None:
        if data and self._is_open:
            self._send(BytesMessage(data))

    def close(self) -> None:
        if self._is_open:
            self._send(CloseConnection(CloseReason.NORMAL_CLOSURE))

    def _received(self, data: bytes) -> bytes:
        message = bytearray()
        self._frames.receive_data(data)
        for event in self._frames.events():
            message += self._part(event)
            if not self._is_open:
                break
        return bytes(message)

    def _part(self, event: Event) -> bytes:
        """Return the data of a frame; broken ones come as a wish to close."""
        if isinstance(event, BytesMessage):
            return bytes(event.data)
        if isinstance(event, TextMessage):
            event = CloseConnection(CloseReason.UNSUPPORTED_DATA)
            self._send(event)
        elif isinstance(event, Ping | CloseConnection):
            self._send(event.response())
        self._is_open &= not isinstance(event, CloseConnection)
        return b""

    def _send(self, event: Event) -> None:
        self._exchange.wfile.write(self._frames.send(event))

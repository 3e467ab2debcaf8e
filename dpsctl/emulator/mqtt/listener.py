"""Serve devices over MQTT: a thread a client, TLS as for HTTP, the same app behind it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from socketserver import BaseRequestHandler
from typing import Any, cast
from urllib.parse import quote

from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Request

from dpsctl.emulator.answers import BAD_REQUEST, Refusal
from dpsctl.emulator.app import EmulatorApp
from dpsctl.emulator.devices.enrolled import Device
from dpsctl.emulator.devices.identification import identify
from dpsctl.emulator.devices.tpm import refuse_tpm
from dpsctl.emulator.listening.listener import Listener
from dpsctl.emulator.listening.tls import TlsStream, set_time_limit
from dpsctl.emulator.mqtt.packets import ProtocolError
from dpsctl.emulator.mqtt.session import Caller, Reply, Session

_READ_BYTES = 1 << 16
_GRACE = 1.5  # the standard's own: a client may be silent for one and a half keep-alives


@dataclass(frozen=True)
class Link:
    """Carry a connection to a device: its plain bytes, b"" at the end, and what TLS knows of it.

    *certificates* is the device's chain in DER, the leaf first.
    """

    connection: socket.socket
    address: str
    certificates: tuple[bytes, ...]
    read: Callable[[], Any]
    write: Callable[[bytes], Any]


class MqttExchange(BaseRequestHandler):
    """Serve one client: a handshake, then packets until one of both has enough."""

    def handle(self) -> None:
        """Talk with the client."""
        listener, connection = cast(Listener, self.server), self.request
        address = str(self.client_address[0])
        set_time_limit(connection, listener.settings.idle_seconds)
        if listener.tls is None:
            read = partial(connection.recv, _READ_BYTES)
            talk(listener, Link(connection, address, (), read, connection.sendall))
            return
        with TlsStream(listener.tls, connection) as stream:
            chain, read = stream.peer_certificates(), partial(stream.read, _READ_BYTES)
            talk(listener, Link(connection, address, chain, read, stream.write))


def talk(listener: Listener, link: Link) -> None:
    """Answer a device's MQTT packets until it leaves, breaks the protocol or is silent too long."""
    backend = AppBackend(cast(EmulatorApp, listener.app), link)
    session = Session(backend, listener.settings.limits.body_bytes)
    while not session.is_over and (data := link.read()):
        try:
            with listener.answering():
                link.write(session.receive(data))
        except ProtocolError:
            return
        if session.keep_alive:
            set_time_limit(link.connection, session.keep_alive * _GRACE)


class AppBackend:
    """Ask the app what a device asks over MQTT, as if it had asked over HTTP.

    Faults, the throttle and the log of requests see no difference.
    """

    def __init__(self, app: EmulatorApp, link: Link) -> None:
        self._service = app.service
        self._client = Client(app)
        self._chain = link.certificates
        self._environ = {
            "dpsctl.peer_certificates": link.certificates,
            "dpsctl.protocol": "MQTT",
            "REMOTE_ADDR": link.address,
        }

    def is_known(self, caller: Caller) -> bool:
        """Say whether the device has proved who it is."""
        began = time.monotonic()
        device = Device(caller.id_scope, caller.registration_id, caller.token, self._chain)
        try:
            refuse_tpm(identify(self._service, device))
        except Refusal as refusal:
            self._log(self._asking("CONNECT", caller), refusal, time.monotonic() - began)
            return False
        return True

    def hang_up(self, caller: Caller | None, reason: str) -> None:
        """Remember why the connection ends; what a user name is that is none, is not repeated."""
        nobody = {"path": "/", "method": "CONNECT", "environ_overrides": self._environ}
        asked = self._asking("CONNECT", caller) if caller else nobody
        self._log(asked, Refusal(BAD_REQUEST, "Bad Request", reason=reason))

    def _log(self, asked: dict[str, Any], refusal: Refusal, seconds: float = 0.0) -> None:
        request = Request(EnvironBuilder(**asked).get_environ())
        now = self._service.clock.timestamp()
        self._service.log.add(request, refusal.answer(now), now, seconds)

    def register(self, caller: Caller, body: bytes) -> Reply:
        """Register the device."""
        return self._asked("PUT", caller, "/register", body)

    def operation_status(self, caller: Caller, operation_id: str) -> Reply:
        """Say what became of a registration."""
        return self._asked("GET", caller, f"/operations/{quote(operation_id, safe='')}")

    def _asked(self, method: str, caller: Caller, action: str, body: bytes = b"") -> Reply:
        answer = self._client.open(**self._asking(method, caller, action), data=body)
        return Reply(answer.status_code, answer.get_data(), answer.headers.get("Retry-After"))

    def _asking(self, method: str, caller: Caller, action: str = "") -> dict[str, Any]:
        """Say how the same would have been asked over HTTP."""
        parts = (caller.id_scope, "registrations", caller.registration_id)
        return {
            "path": "".join(f"/{quote(part, safe='')}" for part in parts) + action,
            "method": method,
            "query_string": {"api-version": caller.api_version},
            "headers": {"Authorization": caller.token} if caller.token else {},
            "environ_overrides": self._environ,
        }

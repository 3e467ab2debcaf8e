"""Serve devices over MQTT: a thread a client, TLS as for HTTP, the same app behind it."""

from __future__ import annotations

from collections.abc import Callable
from socketserver import BaseRequestHandler
from typing import Any, cast
from urllib.parse import quote

from werkzeug.test import Client

from dpsctl.emulator.answers import Refusal
from dpsctl.emulator.app import EmulatorApp
from dpsctl.emulator.device import Device
from dpsctl.emulator.identification import identify
from dpsctl.emulator.listener import Listener
from dpsctl.emulator.mqtt import ProtocolError
from dpsctl.emulator.mqtt_session import Caller, Reply, Session
from dpsctl.emulator.tls import TlsStream, set_time_limit

_READ_BYTES = 1 << 16
_GRACE = 1.5  # the standard's own: a client may be silent for one and a half keep-alives


class MqttExchange(BaseRequestHandler):
    """Serve one client: a handshake, then packets until one of both has enough."""

    def handle(self) -> None:
        """Talk with the client."""
        listener = cast(Listener, self.server)
        set_time_limit(self.request, listener.settings.idle_seconds)
        if listener.tls is None:
            self._talk(self.request.recv, self.request.sendall, ())
            return
        with TlsStream(listener.tls, self.request) as stream:
            self._talk(stream.read, stream.write, stream.peer_certificates())

    def _talk(
        self, read: Callable[[int], Any], write: Callable[[bytes], Any], chain: tuple[bytes, ...]
    ) -> None:
        listener = cast(Listener, self.server)
        app = cast(EmulatorApp, listener.app)
        backend = AppBackend(app, chain, str(self.client_address[0]))
        session = Session(backend, listener.settings.limits.body_bytes)
        while not session.is_over and (data := read(_READ_BYTES)):
            try:
                write(session.receive(data))
            except ProtocolError:
                return
            if session.keep_alive:
                set_time_limit(self.request, session.keep_alive * _GRACE)


class AppBackend:
    """Ask the app what a device asks over MQTT, as if it had asked over HTTP.

    Faults, the throttle and the log of requests see no difference. *chain* is the device's
    certificates in DER, *address* where it calls from.
    """

    def __init__(self, app: EmulatorApp, chain: tuple[bytes, ...], address: str) -> None:
        self._service = app.service
        self._client = Client(app)
        self._environ = {"dpsctl.peer_certificates": chain, "REMOTE_ADDR": address}
        self._chain = chain

    def is_known(self, caller: Caller) -> bool:
        """Say whether the device has proved who it is."""
        device = Device(caller.id_scope, caller.registration_id, caller.token, self._chain)
        try:
            identify(self._service, device)
        except Refusal:
            return False
        return True

    def register(self, caller: Caller, body: bytes) -> Reply:
        """Register the device."""
        return self._asked("PUT", caller, "register", body)

    def operation_status(self, caller: Caller, operation_id: str) -> Reply:
        """Say what became of a registration."""
        return self._asked("GET", caller, f"operations/{quote(operation_id, safe='')}")

    def _asked(self, method: str, caller: Caller, action: str, body: bytes = b"") -> Reply:
        parts = (caller.id_scope, "registrations", caller.registration_id)
        answer = self._client.open(
            "/".join(["", *(quote(part, safe="") for part in parts), action]),
            method=method,
            query_string={"api-version": caller.api_version},
            headers={"Authorization": caller.token} if caller.token else {},
            data=body,
            environ_overrides=self._environ,
        )
        return Reply(answer.status_code, answer.get_data(), answer.headers.get("Retry-After"))

"""HTTP that goes on in MQTT for a device that asks for it."""

from __future__ import annotations

from urllib.parse import unquote

from dpsctl.emulator.answers import Refusal
from dpsctl.emulator.listening.listener import Exchange

_MQTT_PATH = "/$iothub/websocket"


class UpgradableExchange(Exchange):
    """Serve one client over HTTP, until it wants a WebSocket for MQTT."""

    def do_GET(self) -> None:  # noqa: N802 - inherited
        """Answer a request, or go on in MQTT if it asks for that."""
        if unquote(self.path.partition("?")[0]) != _MQTT_PATH:
            self.answer_request()
            return
        from dpsctl.emulator.mqtt.websocket import serve_websocket  # only few want it

        self.close_connection = True
        try:
            serve_websocket(self)
        except Refusal as refusal:
            self.write_refusal(refusal)

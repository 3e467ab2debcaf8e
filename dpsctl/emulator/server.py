"""An emulator of the provisioning service that runs beside a test or behind the command line."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from socketserver import BaseRequestHandler
from types import TracebackType
from typing import Any, Self

from OpenSSL import SSL

from dpsctl.emulator import address
from dpsctl.emulator.access.access_tokens import make_access_token
from dpsctl.emulator.answers import Json, Refusal
from dpsctl.emulator.app import EmulatorApp
from dpsctl.emulator.authorities import load_authorities
from dpsctl.emulator.ca_file import write_ca_file
from dpsctl.emulator.call import Service
from dpsctl.emulator.central.tokens import make_token
from dpsctl.emulator.clock import Clock
from dpsctl.emulator.control.api import seed_records
from dpsctl.emulator.environment import client_environment
from dpsctl.emulator.faults.in_force import ActiveFaults
from dpsctl.emulator.identity import Identity, load_identity
from dpsctl.emulator.issuing.policies import read_policies
from dpsctl.emulator.listening.listener import Listener
from dpsctl.emulator.listening.tls import server_context
from dpsctl.emulator.local_auth import LocalAuth
from dpsctl.emulator.mqtt.upgrade import UpgradableExchange
from dpsctl.emulator.request_log import RequestLog
from dpsctl.emulator.settings import OWNER_POLICY, EmulatorSettings
from dpsctl.emulator.store import MEMORY, Store, unusable
from dpsctl.errors import UsageError
from dpsctl.machine import platforms, process

__all__ = ["Emulator"]


class Emulator:
    """Run the service on this machine between `start` and `stop`, or inside a `with` block.

    Raises UsageError for settings that cannot be used: an address beyond loopback that was not
    allowed, a port that is taken, a database that is none. *tell* is called with each request that
    was answered, in the thread of its client.
    """

    def __init__(
        self,
        settings: EmulatorSettings | None = None,
        tell: Callable[[Json], object] | None = None,
    ) -> None:
        self.settings = settings or EmulatorSettings()
        self._tell = tell
        self.clock = Clock()
        self.faults = ActiveFaults(self.clock, self.settings.faults)
        self._service: Service | None = None
        self._folder: Path | None = None

    def start(self) -> Self:
        """Open the store and listen; clients may connect when this returns."""
        address.check_address(self.settings)
        read_policies(self.settings.certificate_policies)
        store = Store(self.settings.db)
        try:
            self.identity = self._kept_identity(store)
            service = Service(
                self.settings,
                store,
                self.identity,
                self.clock,
                self.faults,
                RequestLog(self._tell),
                LocalAuth(is_disabled=self.settings.disable_local_auth),
                load_authorities(self.settings.cas),
                self.ready,
                lambda: self.environment,
            )
            service.hold_authorities()
            self.ca_file = self._written_ca()
            self._listeners = self._listening(EmulatorApp(service))
        except BaseException:
            self._leave(store)
            raise
        self._service = service
        for listener in self._listeners:
            listener.start()
        return self

    def stop(self) -> None:
        """Hang up on all clients and close the store; a second call does nothing."""
        service, self._service = self._service, None
        if service is None:
            return
        service.log.close()
        for listener in self._listeners:
            listener.stop()
        self._leave(service.store)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def service(self) -> Service:
        """Return what all requests share: the records and the log of requests among it."""
        if self._service is None:
            raise UsageError("The emulator is not running", "Call start() first.")
        return self._service

    @property
    def store(self) -> Store:
        """Return the records, for a test to look at or to fill."""
        return self.service.store

    @property
    def port(self) -> int:
        """Return the port that it listens on."""
        return int(self._listeners[0].server_address[1])

    @property
    def mqtt_port(self) -> int | None:
        """Return the port that it listens on for MQTT, None if it does not."""
        if self.settings.mqtt_port is None:
            return None
        return int(self._listeners[1].server_address[1])

    @property
    def host(self) -> str:
        """Return HOST:PORT as a connection string names it, without the port if it is 443."""
        return address.host_of(self.settings, self.port)

    @property
    def endpoint(self) -> str:
        """Return the URL that clients connect to."""
        return address.endpoint_of(self.settings, self.port)

    @property
    def page(self) -> str:
        """Return the URL of the page that shows it; the control token in it is sent to nobody."""
        return address.page_of(self.settings, self.port, self.control_token)

    @property
    def id_scope(self) -> str:
        """Return the id scope that devices name."""
        return self.identity.id_scope

    @property
    def policy_key(self) -> str:
        """Return the key of the owner's policy."""
        return self.identity.policy_key

    @property
    def connection_string(self) -> str:
        """Return the owner's connection string."""
        return self.connection_string_of(OWNER_POLICY)

    def connection_string_of(self, policy: str) -> str:
        """Return the connection string of a policy that the settings name."""
        key = self.identity.key_of(policy)
        return f"HostName={self.host};SharedAccessKeyName={policy};SharedAccessKey={key}"

    @property
    def central_token(self) -> str:
        """Return an API token of the IoT Central application that is emulated too."""
        return make_token(self.identity, self.clock.now())

    @property
    def access_token(self) -> str:
        """Return a token of a signed-in user, for Resource Manager, the service and Central."""
        return make_access_token(self.identity, self.clock.now())

    @property
    def control_token(self) -> str:
        """Return what a caller must show who changes something under `/_emulator/`."""
        return self.service.control_token

    def ready(self) -> dict[str, Any]:
        """Return what a script must know, as `emulator run` prints it."""
        return {
            "endpoint": self.endpoint,
            "host": self.host,
            "port": self.port,
            "mqttPort": self.mqtt_port,
            "connectionString": self.connection_string,
            "idScope": self.id_scope,
            "centralToken": self.central_token,
            "accessToken": self.access_token,
            "controlToken": self.control_token,
            "page": self.page,
            "caFile": self.ca_file,
            "pid": os.getpid(),
        }

    def ready_for_others(self) -> dict[str, Any]:
        """Return what `client_environment` needs to know in another process."""
        self.environment_over({})  # the bundle is written here, not by several others at once
        return {**self.ready(), "folder": str(self._own_folder())}

    @property
    def environment(self) -> dict[str, str]:
        """Return what a child's environment needs over this process's to find and trust it."""
        return self.environment_over(os.environ)

    def environment_over(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """Return what a child's environment needs over the one *inherited*."""
        return client_environment(self.ready(), inherited, self._own_folder())

    def seed(self, records: Any) -> dict[str, int]:
        """Write records as `/_emulator/seed` does: all, or none. Raises UsageError."""
        try:
            return seed_records(self.service, records)
        except Refusal as refusal:
            raise UsageError(refusal.message.rstrip(".")) from None
        except sqlite3.Error as error:
            raise unusable(self.settings.db, error) from None

    def requests(self) -> list[dict[str, Any]]:
        """Return the requests seen since the start or the last reset, secrets masked."""
        return self.service.log.entries()

    def reset(self) -> None:
        """Forget records and requests, and go back to the faults of the settings."""
        self.service.reset()

    def _kept_identity(self, store: Store) -> Identity:
        try:
            return load_identity(store)
        except (sqlite3.Error, ValueError) as error:
            raise unusable(self.settings.db, error) from None

    def _leave(self, store: Store) -> None:
        store.close()
        folder, self._folder = self._folder, None
        if folder:
            process.remove(str(folder))

    def _own_folder(self) -> Path:
        """Return a folder for files that are gone when the emulator is."""
        self._folder = self._folder or Path(process.new_folder("dpsctl-emulator-"))
        return self._folder

    def _listening(self, app: EmulatorApp) -> list[Listener]:
        """Listen for HTTP, and then for MQTT if that is wanted."""
        tls = None
        if self.settings.tls:
            names = (address.known_as(self.settings), *address.LOOPBACK_NAMES, *self.settings.sans)
            tls = server_context(*self.identity.server_certificate(names))
        listeners = [self._bound("--port", self.settings.port, app, tls, UpgradableExchange)]
        if self.settings.mqtt_port is not None:
            from dpsctl.emulator.mqtt.listener import MqttExchange  # only few want it

            port = self.settings.mqtt_port
            try:
                listeners.append(self._bound("--mqtt-port", port, app, tls, MqttExchange))
            except UsageError:
                listeners[0].server_close()
                raise
        return listeners

    def _bound(
        self,
        flag: str,
        port: int,
        app: EmulatorApp,
        tls: SSL.Context | None,
        exchange: type[BaseRequestHandler],
    ) -> Listener:
        try:
            return Listener(self.settings, app, tls, port, exchange)
        except OSError as error:
            raise UsageError(
                f"--host {self.settings.host} {flag} {port}: {error.strerror}",
                platforms.address_hint(self.settings.host)
                or f"Give an address of this machine and a free port; {flag} 0 finds one.",
            ) from None

    def _written_ca(self) -> str | None:
        """Write the authority's certificate beside the database, or into a folder of its own."""
        if not self.settings.tls:
            return None
        if self.settings.db == MEMORY:
            path = self._own_folder() / "ca.pem"
        else:
            path = Path(f"{self.settings.db}.ca.pem").absolute()
        write_ca_file(path, self.identity.ca_certificate)
        return str(path)

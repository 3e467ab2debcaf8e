"""One request on its way through the handlers, with what they need to answer it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import Any

from cryptography.x509 import Certificate
from werkzeug.wrappers import Request

from dpsctl.emulator.answers import Json, read_json
from dpsctl.emulator.authorities import put_authorities
from dpsctl.emulator.clock import Clock
from dpsctl.emulator.faults.in_force import ActiveFaults
from dpsctl.emulator.identity import Identity
from dpsctl.emulator.local_auth import LocalAuth
from dpsctl.emulator.request_log import RequestLog
from dpsctl.emulator.settings import EmulatorSettings
from dpsctl.emulator.store import Store


@dataclass(frozen=True)
class Service:
    """Hold what all requests share; who controls the emulator must show the *control_token*.

    The service holds the *authorities* from the start, as certificates that were proved. *ready*
    and *environment* give what clients must know, once it listens.
    """

    settings: EmulatorSettings
    store: Store
    identity: Identity
    clock: Clock
    faults: ActiveFaults
    log: RequestLog
    local_auth: LocalAuth
    authorities: Mapping[str, Certificate] = field(default_factory=dict)
    ready: Callable[[], Json] = field(default=dict, repr=False)
    environment: Callable[[], Mapping[str, str]] = field(default=dict, repr=False)
    control_token: str = field(default_factory=lambda: token_urlsafe(32), repr=False)

    def reset(self) -> None:
        """Forget records and requests, and go back to the start in all else."""
        with self.store.writing():
            self.store.reset()
            self.hold_authorities()
        self.faults.reset()
        self.local_auth.reset()
        self.log.clear()

    def hold_authorities(self) -> None:
        """Put the certificates of the settings among those that the service holds."""
        put_authorities(self.store, self.authorities, self.clock.now())


@dataclass(frozen=True)
class Call:
    """Carry a request and the service it is made to."""

    request: Request
    service: Service

    @property
    def settings(self) -> EmulatorSettings:
        """Return what the user chose."""
        return self.service.settings

    @property
    def store(self) -> Store:
        """Return the records."""
        return self.service.store

    @property
    def clock(self) -> Clock:
        """Return the service's time."""
        return self.service.clock

    @property
    def api_version(self) -> str:
        """Return the version asked for, which the guards have found to be known."""
        return str(self.request.args["api-version"])

    @property
    def peer_certificates(self) -> tuple[bytes, ...]:
        """Return the caller's certificate chain in DER, the leaf first; empty if it showed none."""
        chain: tuple[bytes, ...] = self.request.environ.get("dpsctl.peer_certificates", ())
        return chain

    def header(self, name: str) -> str | None:
        """Return a request header, or None."""
        return self.request.headers.get(name)

    def json(self) -> Any:
        """Read the body. Raises Refusal if it is not JSON."""
        return read_json(self.request.get_data())

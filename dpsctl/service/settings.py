"""Each connection setting from the first that says it: flag, environment, context, az, default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from dpsctl.config import contexts
from dpsctl.config.wording import ADDRESSES, OF_THE_SERVICE, SETTINGS, check_setting
from dpsctl.frozen import frozen
from dpsctl.options.connection import Connection, Sources, Transport, Typed
from dpsctl.options.words import AuthType
from dpsctl.run import Run
from dpsctl.service.auth import ConnectionString
from dpsctl.service.azure.clouds import cloud_of_host
from dpsctl.service.calls import Target

API_VERSION = "2021-10-01"
_DEFAULT = "default"
_DEFAULTS = {
    "auth_type": "key",
    "cloud": "public",
    "service_api_version": API_VERSION,
    "timeout": Target.timeout,
    "retries": Target.retries,
}
_OF_TRANSPORT = ("ca_bundle", "timeout", "retries")
Kind = TypeVar("Kind", bound=Transport)


@frozen
class Settled:
    """A connection with every setting that is known; *login_source* is where its secret was.

    Whether somebody asked for its api-version *is_version_chosen*.
    """

    connection: Connection
    login_source: str
    is_version_chosen: bool


def settle(connection: Connection, run: Run) -> Settled:
    """Fill in what the options leave open. Raises UsageError for a context that is wrong."""
    context = _context_for(connection, run)
    login, source = connection.login, _given_at(connection, run)
    if context:
        login, source = contexts.read_login(context[1], run) or (login, source)
    if context:
        run.addresses = _addresses_in(context[1])
    filled = replace(connection, login=login)
    is_chosen = False
    for origin, layer in _layers(filled, context, run):
        if origin == _DEFAULT:
            is_chosen = filled.service_api_version is not None
        # Nobody asked for a key, then: one that was looked up may give way to a token.
        left = {"auth_type"} if origin == _DEFAULT else ()
        opened = {
            name: value
            for name, value in layer.items()
            if name not in left and _is_open(filled, name)
        }
        filled = replace(filled, **opened)
    # What a context says of signing in does not outdo a connection string of the environment.
    signs_as = (connection if connection.login else filled).auth_type
    if login and source != "--login" and signs_as == AuthType.login:
        filled = replace(filled, login=None, dps_name=_host_in(login, source, run))
    return Settled(filled, source, is_chosen)


def settle_transport(transport: Kind, run: Run) -> tuple[Kind, Mapping[str, Any]]:
    """Fill in how requests travel where no service's name is needed; return the context's settings.

    Raises UsageError for a context that is wrong.
    """
    _, settings = contexts.context_of(transport.context, run) or ("", {})
    is_named = any(getattr(transport, name, None) for name in ("login", "dps_name", "app_id"))
    visible = _visible(settings, is_named=is_named)
    run.addresses = _addresses_in(visible)
    opened = {name: visible[name] for name in _OF_TRANSPORT if name in visible}
    open_ones = {name: opened[name] for name in opened if getattr(transport, name) is None}
    return replace(transport, **open_ones), visible


def explain(connection: Connection, sources: Sources, run: Run) -> Iterator[dict[str, Any]]:
    """Yield each setting with its value and where it comes from, secrets by reference only."""
    context = _context_for(connection, run)
    layers = [("", vars(connection)), *_layers(connection, context, run)]
    for name in dict.fromkeys(("login", *SETTINGS, "deadline")):
        for origin, layer in layers:
            value = layer.get(name)
            if value is not None:
                place = origin or sources.get(name, "default")
                yield {"setting": name, "value": _shown(name, value), "origin": place}
                break


def _layers(
    connection: Connection, context: tuple[str, Mapping[str, Any]] | None, run: Run
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what says a setting that no option says, the strongest first, with its name."""
    name = connection.dps_name or ""
    if context:
        yield f"context {context[0]}", context[1]
        name = name or context[1].get("dps_name", "")
    if cloud := cloud_of_host(name):
        yield "the host name", {"cloud": cloud}
    if not connection.login:
        from dpsctl.service.azure import azure_cli  # what it loads is for nothing with a login

        path = azure_cli.config_file(run.environ)
        found = azure_cli.read_defaults(run)
        yield (
            str(path),
            {key: check_setting(key, found[key], f"{path}: {key}") for key in found},
        )
    yield _DEFAULT, _DEFAULTS


def _context_for(connection: Connection, run: Run) -> tuple[str, Mapping[str, Any]] | None:
    """Return the context; where another service is named, without what it says of its own."""
    found = contexts.context_of(connection.context, run)
    is_named = bool(connection.login or connection.dps_name)
    return found and (found[0], _visible(found[1], is_named=is_named))


def _visible(settings: Mapping[str, Any], *, is_named: bool) -> Mapping[str, Any]:
    """Leave out what a context says of its own service, where another one *is_named*."""
    hidden = OF_THE_SERVICE if is_named else ()
    return {name: value for name, value in settings.items() if name not in hidden}


def _addresses_in(settings: Mapping[str, Any]) -> dict[str, str]:
    return {ADDRESSES[name]: value for name, value in settings.items() if name in ADDRESSES}


def _is_open(connection: Connection, name: str) -> bool:
    return name in _FIELDS and getattr(connection, name) is None


def _given_at(connection: Connection, run: Run) -> str:
    """Name where a connection string of the command line or the environment was given."""
    is_typed = isinstance(connection.login, Typed)
    is_of_variable = not is_typed and connection.login == run.environ.get("DPSCTL_LOGIN")
    return "DPSCTL_LOGIN" if is_of_variable else "--login"


def _host_in(login: str, source: str, run: Run) -> str:
    """Return the service of a connection string whose key signs nothing: a token was asked for."""
    run.masker.add(login)
    return ConnectionString.parse(login, source).host


def _shown(name: str, value: Any) -> Any:
    return "***" if name == "login" else value


_FIELDS = {item.name for item in fields(Connection)}

"""Each connection setting from the first that says it: flag, environment, context, az, default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from dpsctl.config import contexts
from dpsctl.frozen import frozen
from dpsctl.options.connection import Connection, Sources
from dpsctl.run import Run
from dpsctl.service.azure.clouds import cloud_of_host

API_VERSION = "2021-10-01"
_DEFAULT = "default"
_DEFAULTS = {"auth_type": "key", "cloud": "public", "service_api_version": API_VERSION}
_OF_TRANSPORT = ("ca_bundle", "retries", "timeout", "deadline")
_NAMING = ("dps_name", *contexts.LOGIN_REFERENCES)


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
    context = contexts.context_of(connection.context, run)
    login, source = connection.login, _given_at(connection, run)
    if context and not (connection.login or connection.dps_name):
        login, source = contexts.read_login(context[1], run) or (login, source)
    filled = replace(connection, login=login)
    is_chosen = False
    for origin, layer in _layers(filled, context, run):
        if origin == _DEFAULT:
            is_chosen = filled.service_api_version is not None
        opened = {name: value for name, value in layer.items() if _is_open(filled, name)}
        filled = replace(filled, **opened)
    return Settled(filled, source, is_chosen)


def explain(connection: Connection, sources: Sources, run: Run) -> Iterator[dict[str, Any]]:
    """Yield each setting with its value and where it comes from, secrets by reference only."""
    context = contexts.context_of(connection.context, run)
    layers = [("", vars(connection)), *_layers(connection, context, run)]
    for name in dict.fromkeys(("login", *contexts.SETTINGS, *_OF_TRANSPORT)):
        for origin, layer in layers:
            value = layer.get(name)
            if value is not None:
                place = origin or sources.get(name, "default")
                yield {"setting": name, "value": _shown(name, value), "origin": place}
                break


def _layers(
    connection: Connection, context: tuple[str, dict[str, Any]] | None, run: Run
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what says a setting that no option says, the strongest first, with its name."""
    is_named = bool(connection.login or connection.dps_name)
    name = connection.dps_name or ""
    if context:
        hidden = _NAMING if is_named else ()
        yield (
            f"context {context[0]}",
            {key: value for key, value in context[1].items() if key not in hidden},
        )
        name = name or context[1].get("dps_name", "")
    if cloud := cloud_of_host(name):
        yield "the host name", {"cloud": cloud}
    if not connection.login:
        from dpsctl.service.azure import azure_cli  # what it loads is for nothing with a login

        path = azure_cli.config_file(run.environ)
        found = azure_cli.read_defaults(run)
        yield (
            str(path),
            {key: contexts.check_setting(key, found[key], f"{path}: {key}") for key in found},
        )
    yield _DEFAULT, _DEFAULTS


def _is_open(connection: Connection, name: str) -> bool:
    return name in _FIELDS and getattr(connection, name) is None


def _given_at(connection: Connection, run: Run) -> str:
    """Name where a connection string of the command line or the environment was given."""
    return "DPSCTL_LOGIN" if connection.login == run.environ.get("DPSCTL_LOGIN") else "--login"


def _shown(name: str, value: Any) -> Any:
    return "***" if name == "login" else value


_FIELDS = {item.name for item in fields(Connection)}

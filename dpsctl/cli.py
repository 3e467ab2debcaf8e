"""The command tree: one line a noun."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer

from dpsctl import __version__
from dpsctl.frame.arguments import Group
from dpsctl.frame.verbs import Members, build_group
from dpsctl.frozen import frozen

# A command whose name begins with an underscore is for scripts: help does not show it.
COMMANDS = {
    "enrollment-group": "Manage enrollment groups and derive device keys.",
    "enrollment": "Manage individual enrollments.",
    "apply": "Make a service as manifests say.",
    "diff": "Show how a service differs from manifests.",
    "export": "Write what a service holds as manifests.",
    "schema": "Print the JSON Schema of manifests.",
    "device": "Register as a device does.",
    "show": "Show a provisioning service: ID scope, hosts, linked hubs.",
    "list": "List the services of a subscription or a resource group.",
    "connection-string": "Show a service's connection string.",
    "policy": "Show a service's policies and their keys.",
    "central": "Manage devices and groups of IoT Central.",
    "config": "Name services and how to sign in to them.",
    "doctor": "Check the way to the service and say what to do.",
    "certificate": "Make certificates, and manage the service's CAs.",
    "factory": "Write dpsctl-keys.pyz, which derives device keys offline.",
    "emulator": "Run the provisioning service on this machine.",
    "completion": "Print the completion script of a shell, or install it.",
    "man": "Print a man page's source, or install all pages.",
    "help": "Show the help of a command or a topic.",
    "version": "Show the versions of dpsctl and of what it works with.",
    "__known": "List values for completion scripts.",
}
_ABOUT = """Manage Azure IoT device provisioning.

Commands, flags and accepted values are those of 'az iot dps'. Results go to standard output,
everything else to standard error. 'dpsctl help COMMAND' tells what a command takes. Topics for
'dpsctl help': auth, emulator, environment, exit-codes, factory, migrating, output, quoting.
"""
_EXAMPLES = (
    "dpsctl enrollment-group create --gid line-4",
    "dpsctl enrollment-group compute-device-key --gid line-4 --rid device-1 -o tsv",
    "dpsctl help auth",
)


@frozen
class _Lazy:
    """A command whose module is imported when it is used."""

    name: str
    summary: str

    def build(self) -> Any:
        module = import_module(f"dpsctl.commands.{self.name.strip('_').replace('-', '_')}")
        return module.command.build()


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dpsctl {__version__}")
        raise typer.Exit


_Version = Annotated[
    bool,
    typer.Option(
        "--version", "-V", is_eager=True, callback=_print_version, help="Show the version."
    ),
]


def tree() -> Group:
    """Return the whole tree; nothing of a noun is loaded until it is used."""
    members = Members({name: _Lazy(name, summary) for name, summary in COMMANDS.items()})
    group = build_group("dpsctl", _ABOUT, members, version=_Version)
    group.context_settings["help_option_names"] = ["-h", "--help"]
    group.examples = _EXAMPLES
    return group

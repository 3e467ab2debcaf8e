"""`dpsctl emulator`: the provisioning service on this machine, for people and for tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from dpsctl.errors import UsageError
from dpsctl.frame import Noun
from dpsctl.run import Outcome, Run

if TYPE_CHECKING:
    from dpsctl.emulator.server import Emulator

_DEFAULT_HUB = "emulated-hub.azure-devices.net"
command = Noun("emulator", "Run the provisioning service on this machine.")


@dataclass(frozen=True, kw_only=True)
class EmulatorOptions:
    """What a user may choose about an emulator."""

    host: Annotated[
        str, Option("--host", metavar="ADDRESS", help="Address to listen on.", show_default=True)
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Option("--port", metavar="PORT", min=0, max=65535, help="Port for HTTPS; 0 is a free one."),
    ] = 0
    db: Annotated[
        str,
        Option("--db", metavar="FILE", help="Keep records, CA and policy key in this SQLite file."),
    ] = ":memory:"
    hub: Annotated[
        list[str] | None,
        Option(
            "--hub",
            metavar="NAME[=WEIGHT]...",
            help=f"Hubs that are linked to the service (default: {_DEFAULT_HUB}).",
        ),
    ] = None
    ca: Annotated[
        list[str] | None,
        Option("--ca", metavar="NAME=FILE...", help="CA certificates that the service holds."),
    ] = None
    san: Annotated[
        list[str] | None,
        Option("--san", metavar="NAME...", help="Further names for the server's certificate."),
    ] = None
    no_tls: Annotated[bool, Option("--no-tls", help="Speak plain HTTP.")] = False
    allow_remote: Annotated[
        bool, Option("--allow-remote", help="Listen beyond this machine; --san names it.")
    ] = False


@command.verb(
    "run",
    default_output="jsonl",
    examples=[
        "dpsctl emulator run --db dps.sqlite --port 8443",
        "dpsctl emulator run --hub hub-1.example --hub hub-2.example=3",
    ],
)
def run_emulator(run: Run, options: EmulatorOptions) -> Iterator[dict[str, Any]]:
    """Run the emulator until it is stopped.

    Prints one line of JSON when it is ready: where it listens, the connection string, the id scope
    and the CA to trust. SIGINT and SIGTERM stop it.
    """
    stopped = _stop_signals()
    with _started(options) as emulator:
        yield emulator.ready()
        run.stdout.flush()
        stopped.wait()


@command.verb(
    "exec",
    context_settings={"allow_interspersed_args": False},
    examples=[
        "dpsctl emulator exec -- dpsctl enrollment-group create --gid line-4",
        "dpsctl emulator exec -- pytest",
    ],
)
def exec_command(
    run: Run,
    options: EmulatorOptions,
    words: Annotated[list[str], Argument(metavar="COMMAND...", help="The command to run.")],
) -> Outcome:
    """Run a command beside an emulator that ends with it.

    The command finds the emulator in its environment: DPSCTL_LOGIN, DPSCTL_ID_SCOPE and the CA to
    trust. The exit code is the command's.
    """
    with _started(options) as emulator:
        return Outcome(None, _exit_code_of(words, _environment(emulator, run)))


def _started(options: EmulatorOptions) -> Emulator:
    try:
        from dpsctl.emulator.server import Emulator
        from dpsctl.emulator.settings import EmulatorSettings
    except ImportError as error:
        raise UsageError(
            f"The emulator needs a package that is not installed: {error.name}",
            "pip install 'dpsctl[emulator]'",
        ) from None
    return Emulator(
        EmulatorSettings(
            host=options.host,
            port=options.port,
            db=options.db,
            hubs=tuple(_hub(text) for text in options.hub or [_DEFAULT_HUB]),
            cas=tuple(_ca(text) for text in options.ca or []),
            sans=tuple(options.san or []),
            tls=not options.no_tls,
            allow_remote=options.allow_remote,
        )
    )


def _hub(text: str) -> tuple[str, int]:
    name, _, weight = text.partition("=")
    if not name or not (weight or "1").isdecimal() or int(weight or 1) < 1:
        raise UsageError(
            f"--hub {text}: no hub with a weight", "Write NAME or NAME=WEIGHT, from 1."
        )
    return name, int(weight or 1)


def _ca(text: str) -> tuple[str, str]:
    name, _, path = text.partition("=")
    if not name or not path:
        raise UsageError(f"--ca {text}: no name with a file", "Write NAME=FILE.")
    return name, path


def _stop_signals() -> Any:
    """Return an event that SIGINT and SIGTERM set."""
    import threading

    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def _environment(emulator: Emulator, run: Run) -> dict[str, str]:
    """Return the environment in which a client finds and trusts the emulator."""
    environment = dict(run.environ)
    environment["DPSCTL_LOGIN"] = emulator.connection_string
    environment["DPSCTL_ID_SCOPE"] = emulator.id_scope
    environment["DPSCTL_ENDPOINT_URL"] = emulator.endpoint
    environment["DPSCTL_DEVICE_ENDPOINT_URL"] = emulator.endpoint
    for name in ("NO_PROXY", "no_proxy"):
        others = environment.get(name, "")
        environment[name] = ",".join(filter(None, [others, "127.0.0.1", "localhost"]))
    if emulator.ca_file:
        bundle = _bundle(emulator.ca_file)
        environment |= {
            "REQUESTS_CA_BUNDLE": bundle,
            "SSL_CERT_FILE": bundle,
            "NODE_EXTRA_CA_CERTS": emulator.ca_file,
        }
    return environment


def _bundle(ca_file: str) -> str:
    """Write the public roots and the emulator's beside the emulator's: both are to be trusted."""
    from pathlib import Path

    import certifi

    path = Path(ca_file).with_suffix(".bundle.pem")
    roots = Path(certifi.where()).read_text(encoding="utf-8")
    path.write_text(roots + "\n" + Path(ca_file).read_text(encoding="utf-8"), encoding="utf-8")
    return str(path)


def _exit_code_of(words: list[str], environment: dict[str, str]) -> int:
    """Run a child and wait for it; Ctrl-C reaches it through the terminal, SIGTERM through us."""
    import subprocess

    try:
        child = subprocess.Popen(words, env=environment)  # noqa: S603 - the user's own command
    except OSError as error:
        raise UsageError(
            f"{words[0]}: cannot run it: {error.strerror}", "Write the command after --."
        ) from None
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    code = child.wait()
    return code if code >= 0 else 128 - code

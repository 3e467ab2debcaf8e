"""`dpsctl emulator env`: what a second terminal needs to use the emulator that runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from dpsctl.commands.emulator.ready_files import running
from dpsctl.errors import UsageError
from dpsctl.frame.verbs import verb
from dpsctl.options.words import EnvironmentShell
from dpsctl.run import Run

_PORT = Option("--port", metavar="PORT", min=1, max=65535, help="The emulator at this port.")


@verb(
    examples=[
        "dpsctl emulator env",
        "dpsctl emulator env --shell powershell --port 8443",
    ],
    default_output="tsv",
)
def env(
    run: Run,
    shell: Annotated[
        EnvironmentShell,
        Option("--shell", case_sensitive=False, help="Whose words to write.", show_default=True),
    ] = EnvironmentShell.sh,
    port: Annotated[int | None, _PORT] = None,
) -> str:
    """Print what makes a shell use the emulator that runs.

    In a second terminal: eval "$(dpsctl emulator env)". It is what 'dpsctl emulator exec' gives its
    command: with it every name of a service leads to the emulator, and nothing beyond it is asked.
    Tokens and keys are in it.
    """
    from dpsctl.emulator.environment import client_environment, shell_lines

    ready = _one_of(running(run.environ), port)
    variables = client_environment(ready, run.environ, Path(ready["folder"]))
    if shell is EnvironmentShell.json:
        return json.dumps(variables, indent=2)
    return shell_lines(shell.value, variables)


def _one_of(ready: list[dict[str, Any]], port: int | None) -> dict[str, Any]:
    fitting = [each for each in ready if port in (None, each["port"])]
    if len(fitting) == 1:
        return fitting[0]
    there = ", ".join(f"{each['endpoint']} (process {each['pid']})" for each in ready)
    if fitting:
        raise UsageError(
            f"Several emulators run: {there}", "Say which: --port PORT, or stop the others."
        )
    if ready:
        raise UsageError(f"--port {port}: no emulator is there", f"There run {there}.")
    raise UsageError("No emulator runs", "Start one in another terminal: dpsctl emulator run.")

"""Programs that print a secret, such as a password store, run without a shell."""

from __future__ import annotations

import subprocess
from errno import ENOENT

from dpsctl.errors import UsageError
from dpsctl.machine import platforms
from dpsctl.run import Run

_PATIENCE = 60.0  # seconds: a person may have to unlock the store


def output_of(command: str | list[str], source: str, run: Run) -> str:
    """Run *command* (words, or a text that is parted as a shell would) and return what it prints.

    Its standard error stays the terminal's, where it may ask for a password; standard input too.
    Raises UsageError naming *source* and never the output.
    """
    try:
        words = platforms.words_of(command) if isinstance(command, str) else command
        program = platforms.program(words[0], run.environ) if words else None
        if program is None:
            raise FileNotFoundError(ENOENT, "no such program on PATH")
        done = subprocess.run(  # noqa: S603 - the user's own command, without a shell
            [program, *words[1:]],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            timeout=_PATIENCE,
            env=dict(run.environ),
        )
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"{source}: no answer within {_PATIENCE:.0f} s", "Run it by hand."
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"{source}: what it prints is not text", "Run it by hand.") from None
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"{source}: cannot run it: {problem}", "Name a program on PATH, or give its whole path."
        ) from None
    if done.returncode:
        raise UsageError(f"{source}: exit {done.returncode}", "Run it by hand to see why.")
    return done.stdout

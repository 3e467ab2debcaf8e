"""Run the command tree; a DpsctlError becomes a message and an exit code."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # importing it costs more than the whole early path
if TYPE_CHECKING:
    from typing import NoReturn

    from dpsctl.errors import DpsctlError
    from dpsctl.run import Run

_INTERRUPTED = 130
_READER_WENT_AWAY = 141


def run() -> NoReturn:
    """Run dpsctl with the arguments of the process, and end the process."""
    code = main(sys.argv[1:])
    if code == _READER_WENT_AWAY:
        import os

        # The interpreter would complain on stderr when it flushes a closed pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def main(argv: list[str]) -> int:
    """Run dpsctl with *argv* and return the exit code."""
    from dpsctl import early

    code = early.run(argv)
    return run_tree(argv) if code is None else code


def run_tree(argv: list[str]) -> int:
    """Run the command tree; every failure ends here as a message on stderr and a code."""
    import os

    from typer import TyperException

    from dpsctl.cli import tree
    from dpsctl.errors import DpsctlError
    from dpsctl.run import Run

    run = Run(os.environ)
    try:
        code = tree().main(args=argv, prog_name="dpsctl", standalone_mode=False, obj=run)
        run.stdout.flush()
        return int(code or 0)
    except DpsctlError as error:
        return _report(error, run, argv)
    except TyperException as error:
        return _report(_usage_error(error), run, argv)
    except BrokenPipeError:
        return _READER_WENT_AWAY
    except KeyboardInterrupt:
        return _INTERRUPTED


def _report(error: DpsctlError, run: Run, argv: list[str]) -> int:
    if _wants_json(argv, run):
        import json

        shown = {"error": error.as_dict()}
        run.tell(json.dumps(shown, ensure_ascii=False))
    else:
        run.tell(f"dpsctl: {error.message}")
        if error.hint:
            run.tell(f"hint: {error.hint}")
    return error.exit_code


def _wants_json(argv: list[str], run: Run) -> bool:
    """Tell how errors are shown; a command line that cannot be parsed can still ask."""
    asked = run.environ.get("DPSCTL_ERROR_FORMAT", "")
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        name, _, value = word.partition("=")
        if name == "--error-format":
            asked = value or following
    return asked.lower() == "json"


def _usage_error(error: Exception) -> DpsctlError:
    """Turn Typer's complaint about the command line into ours."""
    from dpsctl.errors import UsageError

    context = getattr(error, "ctx", None)
    path = context.command_path if context else "dpsctl"
    message = str(getattr(error, "format_message", error.__str__)())
    if message.startswith("Usage:"):
        return UsageError(f"'{path}' needs a command.\n\n{message}")
    return UsageError(message, f"'{path} --help' lists what it takes.")


if __name__ == "__main__":
    run()

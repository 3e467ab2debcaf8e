"""Run the command tree; a DpsctlError becomes a message and an exit code."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # importing it costs more than the whole early path
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

    from dpsctl.errors import DpsctlError
    from dpsctl.run import Run


def run() -> NoReturn:
    """Run dpsctl with the arguments of the process, and end the process."""
    # Loads nothing; from here on Ctrl-C ends the process without a word, and not by a traceback.
    import _signal  # type: ignore[import-not-found, unused-ignore] # no stub

    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    from dpsctl.machine import process

    process.run(lambda: main(sys.argv[1:]))


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
    from dpsctl.frame.line_ends import clean_variables, unix_words
    from dpsctl.run import READER_WENT_AWAY, Run

    argv = unix_words(argv)
    clean_variables(os.environ)
    run = Run(os.environ, debug=_wants_trace(argv, os.environ))
    try:
        code = tree().main(args=argv, prog_name="dpsctl", standalone_mode=False, obj=run)
        run.stdout.flush()
        return int(code or 0)
    except BrokenPipeError:
        return READER_WENT_AWAY
    except TyperException as error:
        from dpsctl.frame.complaints import usage_error

        return _report(usage_error(error), run, argv)
    except KeyboardInterrupt:
        from dpsctl.machine.process import INTERRUPTED

        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - Python's own report would show secrets
        return _report(_as_ours(error, run), run, argv)


def _report(error: DpsctlError, run: Run, argv: list[str]) -> int:
    from dpsctl.errors import UsageError
    from dpsctl.masking import mask_keys

    if isinstance(error, UsageError):  # it repeats what was typed, a key in the wrong place too
        error = UsageError(mask_keys(error.message), error.hint and mask_keys(error.hint))
    if _wants_json(argv, run):
        run.tell_json({"error": error.as_dict()})
    else:
        run.tell(f"dpsctl: {error.message}")
        if error.hint:
            run.tell(f"hint: {error.hint}")
    return error.exit_code


def _wants_trace(argv: list[str], environ: Mapping[str, str]) -> bool:
    """Tell whether `--debug` was asked for; a failure may come before the options are read."""
    asked = environ.get("DPSCTL_DEBUG", "").lower()
    return "--debug" in argv or asked in {"1", "true", "t", "yes", "y", "on"}


def _wants_json(argv: list[str], run: Run) -> bool:
    """Tell how errors are shown; a command line that cannot be parsed can still ask."""
    asked = run.environ.get("DPSCTL_ERROR_FORMAT", "")
    for word, following in zip(argv, [*argv[1:], ""], strict=False):
        name, _, value = word.partition("=")
        if name == "--":
            break
        if name == "--error-format":
            asked = value or following
    return asked.lower() == "json"


def _as_ours(error: Exception, run: Run) -> DpsctlError:
    """Say in our words what the system, or Python, refused to do."""
    from dpsctl.errors import DpsctlError
    from dpsctl.masking import mask_keys

    if isinstance(error, DpsctlError):
        return error
    if isinstance(error, RecursionError):
        return DpsctlError("The data is nested too deeply to be read or written")
    if isinstance(error, OSError):
        return DpsctlError(f"Input or output failed: {error}")
    if run.debug:
        import traceback

        run.tell(mask_keys("".join(traceback.format_exception(error)).rstrip()))
    return DpsctlError(
        mask_keys(f"This should not have happened: {type(error).__name__}: {error}"),
        "It is a fault of dpsctl: please report it, with what DPSCTL_DEBUG=1 adds to this.",
    )


if __name__ == "__main__":
    run()

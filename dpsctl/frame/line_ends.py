"""What a script with Windows line ends leaves on words and variables: carriage returns."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence

_CR = "\r"
# The variables that dpsctl reads, its own and others'.
_BEGINNINGS = ("DPSCTL_", "AZURE_")
_ENDINGS = ("_PROXY", "_proxy", "_CA_BUNDLE")


def unix_words(argv: Sequence[str]) -> list[str]:
    """Return the words of a command line without the carriage returns at their ends.

    A last word of nothing else is the blank that stood before the line's end. What comes behind
    `--` is another program's.
    """
    end = argv.index("--") if "--" in argv else len(argv)
    own = argv[: end - 1] if end == len(argv) and argv[-1:] == [_CR] else argv[:end]
    return [*(word.rstrip(_CR) for word in own), *argv[end:]]


def clean_variables(environ: MutableMapping[str, str]) -> None:
    """Take the carriage returns off the ends of the variables that options are read from."""
    for name, value in list(environ.items()):
        if value.endswith(_CR) and (name.startswith(_BEGINNINGS) or name.endswith(_ENDINGS)):
            environ[name] = value.rstrip(_CR)

"""Passphrases of private keys: read from a file, or typed where nobody sees them."""

from __future__ import annotations

import sys
from collections.abc import Callable

from dpsctl.errors import UsageError
from dpsctl.run import Run
from dpsctl.text.values import decode_text, read_file


def passphrase_asker(path: str | None, flag: str, what: str, run: Run) -> Callable[[], str]:
    """Return a function that fetches the passphrase of *what*, for when it turns out to be needed.

    It reads the file *path* (`-` is standard input), or asks on the terminal if that is None; it
    raises UsageError naming *flag*.
    """

    def fetch() -> str:
        if path is None:
            return _checked(_typed("Passphrase", what, flag), flag, run)
        source = f"{flag} {path}"
        run.warn_of_readers(path, source)
        return _checked(decode_text(read_file(path, flag, run.stdin), source), source, run)

    return fetch


def new_passphrase(path: str | None, flag: str, run: Run) -> str:
    """Fetch a passphrase for something new; one that is typed is typed twice. Raises UsageError."""
    fetch = passphrase_asker(path, flag, "the new key", run)
    first = fetch()
    if path is None and _typed("The same again", "the new key", flag) != first:
        raise UsageError(f"{flag}: the two passphrases differ", "Nothing was written.")
    return first


def _checked(text: str, source: str, run: Run) -> str:
    if not text:
        raise UsageError(f"{source}: the passphrase is empty")
    if "\n" in text:
        raise UsageError(f"{source}: the passphrase has several lines", "One line is read.")
    run.masker.add(text)
    return text


def _typed(asked: str, what: str, flag: str) -> str:
    from getpass import getpass

    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            f"{flag} is missing, the passphrase of {what}",
            "There is no terminal to ask on: give it a file.",
        )
    try:
        return getpass(f"{asked} of {what}: ")
    except EOFError:
        raise UsageError(f"{flag}: no passphrase was typed") from None

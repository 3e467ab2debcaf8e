"""One run of the program: its streams, its environment, and the secrets it has met."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TextIO

from dpsctl.frozen import frozen
from dpsctl.machine import platforms
from dpsctl.machine.permissions import exposure
from dpsctl.machine.waiting import WaitingLine
from dpsctl.masking import Masker
from dpsctl.text.controls import in_json, spelled_out
from dpsctl.text.values import StandardInput

READER_WENT_AWAY = 141


class OutOfTime(KeyboardInterrupt):
    """Raised when `--deadline` is over: as Ctrl-C, it lets long work say how far it came."""


@frozen
class Paper:
    """What lines are written on: *width* is the terminal's, None for a pipe or a file."""

    width: int | None = None
    colour: bool = False


@frozen
class Outcome:
    """A result that ends the program with a code of its own (a bulk in which some items failed).

    *exit_code* may be a function: it is called once all of *data* has been shown. *columns* are
    those of a table, where the command's own do not fit; *rows* are a table's lines, where *data*
    is no list of them. *renderings* yield the lines of the formats that are the verb's own. What
    *is_for_people* is a table on a terminal, unless somebody asks for another form.
    """

    data: Any
    exit_code: int | Callable[[], int]
    columns: Mapping[str, str] | None = None
    rows: list[Any] | None = None
    renderings: Mapping[str, Callable[[Paper], Iterable[str]]] = field(default_factory=dict)
    is_for_people: bool = False


@dataclass(eq=False, repr=False)
class Run:
    """What a command may use of the world; tests hand in their own.

    *output* is the form of the result that the context asks for, once it has been read, and
    *addresses* are those it gives, by the variables that give them too; *typed_secrets* are the
    flags whose secret stands on the command line itself, *noticed* what is to be warned of once
    the command line has been read and says how. *in_json* makes notes and warnings objects, each
    in a line of its own, as `--error-format json` makes errors. *requests* are counted as they are
    sent. Where the same is done again and again, *told* holds what needs no second telling. What is
    waited for, *waiting* says on a terminal.
    """

    environ: Mapping[str, str]
    stdin: StandardInput = field(default_factory=StandardInput)
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    masker: Masker = field(default_factory=Masker)
    debug: bool = False
    verbose: bool = False
    quiet: bool = False
    output: str | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)
    typed_secrets: list[str] = field(default_factory=list)
    noticed: list[str] = field(default_factory=list)
    in_json: bool = False
    requests: int = 0
    told: set[str] | None = None
    waiting: WaitingLine = field(default_factory=WaitingLine)

    def warn(self, text: str) -> None:
        """Print a warning on stderr, unless `--only-show-errors` was given."""
        self._note("warning", f"warning: {text}", text)

    def note(self, text: str) -> None:
        """Print on stderr how a command ended well, unless `--only-show-errors` was given."""
        self._note("note", text, text)

    def say_what_is_waited_for(self) -> None:
        """Say it from now on, where somebody sees it and nothing else tells it already."""
        is_told = self.quiet or self.debug or self.in_json
        is_able = self.stderr.isatty() and self.environ.get("TERM") != "dumb"
        # Where colours can be shown a line can be erased too.
        if not is_told and is_able and platforms.shows_colours(self.stderr):
            self.waiting = WaitingLine(self.stderr)

    def warn_of_readers(self, path: str, source: str) -> None:
        """Warn if others can read the file *path*, which holds a secret; `-` is none."""
        if warning := exposure(f"@{path}", source):
            self.warn(warning)

    def warn_of_command_line(self) -> None:
        """Warn of what was noticed while the command line was read.

        A person at a terminal is told, once, that arguments are for everybody to read.
        """
        for text in self.noticed:
            self.warn(text)
        silenced = self.environ.get("DPSCTL_NO_ARGV_WARNING")
        if self.typed_secrets and self.stderr.isatty() and not silenced:
            flag = self.typed_secrets[0]
            self.warn(
                f"{flag}: other users of this machine can read arguments, and the shell keeps "
                f"them; safe are {flag} @FILE, {flag} @- (standard input), DPSCTL_LOGIN and "
                "DPSCTL_GROUP_KEY, or a context (DPSCTL_NO_ARGV_WARNING=1 silences this)"
            )

    def report(self, text: str) -> None:
        """Print an error that ends nothing: one of the many things to be done has failed."""
        self._show("error", f"dpsctl: {text}", text)

    def tell_of_stop(self, text: str, hint: str) -> None:
        """Say how far work came that was stopped, and how it goes on."""
        self._show("stopped", f"{text}\nhint: {hint}", text, hint=hint)

    def _note(self, kind: str, shown: str, text: str) -> None:
        if self.quiet or (self.told is not None and text in self.told):
            return
        if self.told is not None:
            self.told.add(text)
        self._show(kind, shown, text)

    def _show(self, kind: str, shown: str, text: str, **more: str) -> None:
        if self.in_json:
            self.tell_json({kind: {"message": text, **more}})
        else:
            self.tell(shown)

    def say(self, text: str) -> None:
        """Print what is being done on stderr, if `--verbose` or `--debug` asks."""
        if self.verbose or self.debug:
            self.tell(text)

    def trace(self, text: str) -> None:
        """Print a line of the HTTP trace on stderr, if `--debug` asks."""
        if self.debug:
            self.tell(text)

    def tell_json(self, shown: dict[str, Any]) -> None:
        """Print *shown* on stderr as a line of JSON, whatever letters the stream has."""
        import json

        text = json.dumps(shown, ensure_ascii=False)
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            text = json.dumps(shown)
        self.tell(in_json(self.masker.mask(text)))

    @property
    def _encoding(self) -> str:
        return getattr(self.stderr, "encoding", None) or "utf-8"

    def tell(self, text: str) -> None:
        """Print *text* on stderr, secrets of the run masked and control characters spelled out.

        A stderr that takes nothing (a full disk) changes neither result nor exit code.
        """
        self.waiting.clear()
        shown = spelled_out(self.masker.mask(text), keep="\t\n")
        safe = shown.encode(self._encoding, "backslashreplace").decode(self._encoding)
        with suppress(OSError):
            print(safe, file=self.stderr, flush=True)

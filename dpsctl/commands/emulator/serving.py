"""`dpsctl emulator run` and `exec`: an emulator until it is stopped, or beside one command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument

from dpsctl.commands.emulator.ready_files import told_of
from dpsctl.commands.emulator.watching import RequestLines, open_page
from dpsctl.errors import UsageError
from dpsctl.frame.verbs import verb
from dpsctl.machine import platforms
from dpsctl.machine.process import Taken
from dpsctl.options import kinds
from dpsctl.options.emulator import DEFAULT_HUB, Behaviour, Contents, Listening, Watching
from dpsctl.payloads.hub_rules import hub_problems
from dpsctl.run import Outcome, Run

if TYPE_CHECKING:
    from dpsctl.emulator.server import Emulator
    from dpsctl.emulator.settings import EmulatorSettings, Limits


@verb(
    "run",
    default_output="jsonl",
    examples=[
        "dpsctl emulator run --db dps.sqlite --port 8443",
        "dpsctl emulator run --hub hub-1.example --hub hub-2.example=3",
        "dpsctl emulator run --seed records.json --fault '429 after 3, Retry-After 1'",
        "dpsctl emulator run --open --log",
    ],
)
def run_emulator(
    run: Run, listening: Listening, watching: Watching, contents: Contents, behaviour: Behaviour
) -> Iterator[dict[str, Any]]:
    """Run the emulator until it is stopped.

    Prints one line of JSON when it is ready: where it listens, the connection string, the id scope,
    the CA to trust, the tokens to sign in and to control it, and the address of its page, which
    shows a browser all that is in it and asked of it. 'dpsctl emulator env' finds it from another
    terminal. SIGINT, SIGTERM and SIGHUP stop it.
    """
    import queue

    # Not an Event: its lock is held for a moment by who waits, and the handler would wait for that.
    told: queue.SimpleQueue[int] = queue.SimpleQueue()
    settings = _settings(listening, contents, behaviour)
    log = RequestLines(run) if watching.log else None
    with (
        Taken(told.put),
        _started(run, contents, settings, log) as emulator,
        told_of(emulator, run.environ),
    ):
        if log:
            log.hide_secrets_of(emulator)
        yield emulator.ready()
        run.stdout.flush()
        if watching.open_page:
            open_page(run, emulator)
        number = 0
        while not number:  # a wait without an end is deaf to Ctrl-C on Windows
            with suppress(queue.Empty):
                number = told.get(timeout=0.5)


@verb(
    "exec",
    context_settings={"allow_interspersed_args": False},
    examples=[
        "dpsctl emulator exec -- dpsctl enrollment-group create --gid line-4",
        "dpsctl emulator exec --fault '503 twice' -- pytest",
    ],
)
def exec_command(
    run: Run,
    listening: Listening,
    contents: Contents,
    behaviour: Behaviour,
    words: Annotated[list[str], kinds.command(Argument, help="The command to run.")],
) -> Outcome:
    """Run a command beside an emulator that lives as long.

    The command finds the emulator in its environment: what 'dpsctl emulator env' prints, by which
    every name of a service leads to the emulator. The exit code is the command's.
    """
    with _started(run, contents, _settings(listening, contents, behaviour)) as emulator:
        environment = {**run.environ, **emulator.environment_over(run.environ)}
        return Outcome(None, _exit_code_of(words, environment))


@contextmanager
def _started(
    run: Run,
    contents: Contents,
    settings: EmulatorSettings,
    tell: Callable[[dict[str, Any]], object] | None = None,
) -> Iterator[Emulator]:
    """Run an emulator that holds what --seed names; who reads its line finds the records there."""
    import warnings

    from dpsctl.emulator import make_emulator

    emulator = make_emulator(settings, tell)
    seed = None if contents.seed is None else _seed(contents.seed, run)
    # What libraries say of odd certificates would stand on the user's own stderr.
    with warnings.catch_warnings(action="ignore"), emulator:
        if contents.seed is not None:
            try:
                emulator.seed(seed)
            except UsageError as error:
                raise UsageError(f"--seed {contents.seed}: {error.message}", error.hint) from None
        yield emulator


def _seed(path: str, run: Run) -> Any:
    from dpsctl.text.json_lines import records_in
    from dpsctl.text.values import decode_text, read_file

    text = decode_text(read_file(path, "--seed", run.stdin), f"--seed {path}")
    read = [value for _, value in records_in(text, path)]
    if not text.strip():
        return None
    is_sorted = len(read) == 1 and not _is_record(read[0])
    return read[0] if is_sorted else _by_kind(read)


def _is_record(value: Any) -> bool:
    return isinstance(value, dict) and ("attestation" in value or "registrationId" in value)


def _by_kind(records: list[Any]) -> dict[str, list[Any]]:
    """Sort what `list` prints into the kinds that a seed has."""
    seed: dict[str, list[Any]] = {"enrollmentGroups": [], "enrollments": [], "registrations": []}
    for record in records:
        has_attestation = isinstance(record, dict) and "attestation" in record
        is_group = has_attestation and "enrollmentGroupId" in record
        kind = "enrollmentGroups" if is_group else "enrollments"
        seed[kind if has_attestation else "registrations"].append(record)
    return seed


def _settings(listening: Listening, contents: Contents, behaviour: Behaviour) -> EmulatorSettings:
    from dpsctl.emulator.settings import EmulatorSettings

    hubs, limits = _hubs(contents.hub or [DEFAULT_HUB]), _limits(behaviour.limit or [])
    _check_room(contents, limits)
    return EmulatorSettings(
        host=listening.host,
        port=listening.port,
        mqtt_port=listening.mqtt_port,
        sans=tuple(listening.san or []),
        tls=not listening.no_tls,
        allow_remote=listening.allow_remote,
        db=contents.db,
        hubs=tuple(hubs.items()),
        certificate_policies=tuple(contents.policy or []),
        dps_name=contents.dps_name,
        disable_local_auth=behaviour.disable_local_auth,
        cas=tuple(_pair(text, "--ca", "NAME=FILE") for text in contents.ca or []),
        faults=tuple(behaviour.fault or []),
        latencies=tuple(_latency(text, hubs) for text in behaviour.latency or []),
        limits=limits,
        page_size=behaviour.page_size,
        retry_after_seconds=behaviour.retry_after,
        store_defaults=behaviour.store_defaults,
    )


def _hubs(texts: list[str]) -> dict[str, int]:
    hubs: dict[str, int] = {}
    for text in texts:
        name, _, weight = text.partition("=")
        if not name or not (weight or "1").isdecimal() or int(weight or 1) < 1:
            raise UsageError(
                f"--hub {text}: no hub with a weight", "Write NAME or NAME=WEIGHT, from 1."
            )
        for problem in hub_problems({"iotHubs": [name]}):
            if not problem.is_warning:
                raise UsageError(f"--hub {text}: {problem.says}", "Leave the scheme out.")
        if name.lower() in (known.lower() for known in hubs):
            raise UsageError(f"--hub {text}: is linked already", "Name each hub once.")
        hubs[name] = int(weight or 1)
    return hubs


def _latency(text: str, hubs: Mapping[str, int]) -> tuple[str, float]:
    name, milliseconds = _pair(text, "--latency", "HUB=MILLISECONDS")
    if name.lower() not in (hub.lower() for hub in hubs):
        raise UsageError(f"--latency {text}: no such hub is linked", f"Add --hub {name}.")
    return name, _number(text, milliseconds, "--latency")


def _limits(texts: list[str]) -> Limits:
    from dataclasses import fields

    from dpsctl.emulator.settings import Limits

    known = {field.name.replace("_", "-"): field.name for field in fields(Limits)}
    given: dict[str, int] = {}
    for text in texts:
        name, number = _pair(text, "--limit", "NAME=NUMBER")
        if name not in known:
            raise UsageError(f"--limit {text}: no such limit", f"There are {', '.join(known)}.")
        given[known[name]] = _number(text, number, "--limit")
    return Limits(**given)


def _check_room(contents: Contents, limits: Limits) -> None:
    """Refuse to start with more than a service can hold (docs/service.md#c)."""
    for flag, given, name in (
        ("--hub", contents.hub, "linked_hubs"),
        ("--ca", contents.ca, "ca_certificates"),
    ):
        most = getattr(limits, name)
        if len(given or []) > most:
            raise UsageError(
                f"{flag}: {len(given or [])} are more than the {most} of a service",
                f"Give fewer, or --limit {name.replace('_', '-')}=NUMBER.",
            )


def _pair(text: str, flag: str, form: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if not name or not value:
        raise UsageError(f"{flag} {text}: a name or a value is missing", f"Write {form}.")
    return name, value


def _number(text: str, number: str, flag: str) -> int:
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise UsageError(f"{flag} {text}: '{number}' is no whole number", "Write one from 0.")
    return int(number)


def _exit_code_of(words: list[str], environment: dict[str, str]) -> int:
    """Run a child and wait for it; a signal is the child's, unless the terminal sent it there."""
    import subprocess

    children: list[subprocess.Popen[bytes]] = []
    came: list[int] = []

    def hand_on(number: int) -> None:
        came.append(number)
        for child in children:
            if not platforms.reaches_children(number):
                child.send_signal(number)

    with Taken(hand_on):
        try:
            command = platforms.startable(words, environment)
            children.append(subprocess.Popen(command, env=environment))  # noqa: S603 - the user's own
        except OSError as error:
            hint = "Write the command after --."
            if " " in words[0]:
                hint = "Write its words after --, not in one pair of quotes; or sh -c 'A LINE'."
            raise UsageError(f"{words[0]}: cannot run it: {error.strerror}", hint) from None
        for number in came[:1]:  # while the child was starting
            children[0].send_signal(number)
        code = children[0].wait()
    return code if code >= 0 else 128 - code

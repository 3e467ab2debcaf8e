"""No secret of a run is in what people see, whatever the command: looked for by its value."""

import os
from pathlib import Path

import pytest

from dpsctl.cli import tree
from dpsctl.options.kinds import Kind, kind_of

CANARY = "Y2FuYXJ5LWtleS1uby1ib2R5LW1heS1zZWUtdGhpcyE="
LOGIN = f"HostName=127.0.0.1:9;SharedAccessKeyName=owner;SharedAccessKey={CANARY}"
TOKEN = f"SharedAccessSignature sr=app&sig={CANARY}&skn=operator&se=4000000000"
SECRETS = {"login": LOGIN, "token": TOKEN}
WANTED = {
    "registration_id": "a-name",
    "record_id": "a-name",
    "enrollment_id": "a-name",
    "enrollment_ids": "a-name",
    "group_id": "a-name",
    "group_ids": "a-name",
    "id_scope": "0ne00000001",
    "attestation_type": "symmetrickey",
}
REQUIRED = {Kind.FILE: __file__}


def commands(group=None, path=()):
    """Yield every command that a user can call, with its path."""
    group = group or tree()
    for name in group.commands:
        member = group.commands.get(name)
        if hasattr(member, "commands"):
            yield from commands(member, (*path, name))
        elif path[:1] != ("emulator",):  # runs until it is stopped, and takes no secret
            yield (*path, name), member


EVERY = [pytest.param(path, command, id=" ".join(path)) for path, command in commands()]
SECRETIVE = [
    pytest.param(path, command, option, id=f"{' '.join(path)} {option.opts[0]}")
    for path, command in commands()
    for option in command.params
    if Kind.SECRET in kind_of(option)
]


def words_of(path, command):
    """Return a command line with all that the command cannot do without, and every id."""
    words = list(path)
    for param in command.params:
        if param.name in WANTED:
            words += [param.opts[0], WANTED[param.name]]
            continue
        choices = getattr(param.type, "choices", None)
        value = str(next(iter(choices))) if choices else REQUIRED.get(kind_of(param), "a-name")
        if param.required and param.param_type_name == "argument":
            words.append(value)
        elif param.required:
            words += [param.opts[0], value]
    return words


def spellings(secret):
    return [secret, secret.replace("=", "%3D"), secret.replace("=", "%3d")]


def left_behind(folder):
    """Return the content of every file below *folder*."""
    return [path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()]


@pytest.fixture
def folders(monkeypatch, tmp_path):
    """Where the run may leave files: temporary ones and those of the home folder."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path, os.environ["HOME"]


@pytest.fixture
def application(signed_in, monkeypatch):
    """Let Central's commands and devices ask the emulator, which refuses them."""
    monkeypatch.setenv("DPSCTL_CENTRAL_APP", signed_in.endpoint)
    monkeypatch.setenv("DPSCTL_DEVICE_ENDPOINT_URL", signed_in.endpoint)


@pytest.mark.usefixtures("application")
@pytest.mark.parametrize(("path", "command", "option"), SECRETIVE)
@pytest.mark.parametrize("shape", ["separate", "glued"])
def test_a_secret_on_the_command_line_is_not_repeated(path, command, option, shape, run, folders):
    secret = SECRETS.get(option.name, CANARY)
    flag = option.opts[0]
    given = [flag, secret] if shape == "separate" else [f"{flag}{secret}"]

    ran = run([*words_of(path, command), *given, "--debug"], expect=None)

    for spelling in spellings(CANARY):
        assert spelling not in ran.err
        assert spelling not in ran.out or ran.code == 0
    for content in (content for folder in folders for content in left_behind(folder)):
        assert CANARY.encode() not in content


@pytest.mark.parametrize(("path", "command"), EVERY)
def test_a_secret_of_the_environment_is_not_shown(path, command, run, signed_in, folders):
    ran = run([*words_of(path, command), "--debug"], expect=None)

    for spelling in spellings(signed_in.policy_key):
        assert spelling not in ran.err + ran.out
    for content in (content for folder in folders for content in left_behind(folder)):
        assert signed_in.policy_key.encode() not in content


def test_the_keys_of_records_are_not_traced(run, signed_in):
    created = run(f"enrollment-group create --gid g --primary-key {CANARY} --show-keys --debug")
    shown = run("enrollment-group show --gid g --show-keys --debug")
    derived = run("enrollment-group compute-device-key --gid g --rid d --debug")

    assert CANARY in created.out
    assert CANARY in shown.out
    for ran in (created, shown, derived):
        assert CANARY not in ran.err
        assert signed_in.policy_key not in ran.err
    assert "/enrollmentGroups/g/attestationmechanism" in derived.err


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_error_does_not_repeat_the_secret_that_is_wrong(form, run_offline):
    wrong = CANARY + "!"

    ran = run_offline(
        ["enrollment-group", "create", "--gid", "g", "--pk", wrong, "--error-format", form],
        expect=2,
    )

    assert "--primary-key" in ran.err
    assert CANARY not in ran.err


def test_a_traceback_holds_no_secret(monkeypatch, run_offline):
    def broken(*_, **__):
        raise RuntimeError(f"a mistake of ours: {CANARY}")

    monkeypatch.setattr("requests.Session.send", broken)
    monkeypatch.setenv("DPSCTL_DEBUG", "1")

    ran = run_offline(["enrollment-group", "list", "--login", LOGIN], expect=1)

    assert "Traceback" in ran.err
    assert "a mistake of ours" in ran.err
    assert CANARY not in ran.err


@pytest.mark.parametrize(
    ("line", "warns"),
    [
        pytest.param(f"enrollment-group list --login '{LOGIN}' --retries 0", True, id="login"),
        pytest.param(
            f"enrollment-group compute-device-key --key {CANARY} --rid d", True, id="the early way"
        ),
        pytest.param("enrollment-group list --login @login --retries 0", False, id="from a file"),
        pytest.param(
            f"enrollment-group list --login '{LOGIN}' --retries 0 --only-show-errors",
            False,
            id="unless silenced",
        ),
        pytest.param("version", False, id="no secret"),
    ],
)
def test_a_terminal_is_warned_of_secrets_among_the_arguments(line, warns, terminal, folders):
    Path(folders[0], "login").write_text(LOGIN)

    said = terminal(line)

    assert said.count("other users of this machine can read arguments") == int(warns)
    assert CANARY not in said


def test_the_warning_can_be_silenced_for_good(terminal, monkeypatch):
    monkeypatch.setenv("DPSCTL_NO_ARGV_WARNING", "1")

    said = terminal(f"enrollment-group compute-device-key --key {CANARY} --rid d")

    assert "warning" not in said


def test_scripts_are_not_warned(run_offline):
    ran = run_offline(f"enrollment-group compute-device-key --key {CANARY} --rid d")

    assert ran.err == ""


@pytest.fixture
def terminal():
    """Run dpsctl as a process whose stderr is a terminal; return what it said there."""
    import pty
    import shlex
    import subprocess
    import sys

    def run(line):
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "dpsctl", *shlex.split(line)]
        with os.fdopen(ours, "rb", buffering=0) as reader:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs)
            os.close(theirs)
            said = b""
            try:
                while part := reader.read(65536):
                    said += part
            except OSError:  # Linux says so at the end of a terminal
                pass
            process.wait(timeout=30)
        return said.decode()

    return run

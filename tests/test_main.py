import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

KEY = "bXktdmVyeS1vd24tZ3JvdXAta2V5LWZvci10ZXN0cw=="
LOGIN = f"HostName=h.example;SharedAccessKeyName=owner;SharedAccessKey={KEY}"
CUSTOM = ["--ap", "custom", "--wh", "https://w.example", "--av"]
NO_SUCH_PLACE = {"DPSCTL_LOGIN": LOGIN, "DPSCTL_ENDPOINT_URL": "http://127.0.0.1:9"}
DERIVE = "enrollment-group compute-device-key --rid d1"
# printf d1 | openssl dgst -sha256 -mac HMAC -macopt key:abc -binary | base64
DERIVED = "14fz4SogbZi3mbB5Ko7eiHeP57m6/lRZylmpW4JIgHU=\n"


@pytest.mark.parametrize(
    ("words", "path"),
    [
        pytest.param([], "dpsctl", id="nothing"),
        pytest.param(["enrollment-group"], "dpsctl enrollment-group", id="noun-alone"),
    ],
)
def test_missing_command_shows_what_there_is(run_offline, words, path):
    ran = run_offline(words, expect=2)

    assert (ran.out, ran.err.splitlines()[0]) == ("", f"dpsctl: '{path}' needs a command.")
    assert "Commands:" in ran.err


def test_error_of_usage_shows_how_it_is_written(run_offline):
    ran = run_offline("enrollment-group show", expect=2)

    problem, hint = ran.err.splitlines()
    assert "--enrollment-id" in problem
    assert "issing" in problem
    assert hint == "hint: Write it so: dpsctl enrollment-group show --gid line-4"


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        pytest.param(["--error-format", "json"], {}, id="option"),
        pytest.param(["--error-format=JSON"], {}, id="option-with-equals"),
        pytest.param([], {"DPSCTL_ERROR_FORMAT": "json"}, id="environment"),
        pytest.param(
            ["--error-format", "json"], {"DPSCTL_ERROR_FORMAT": "text"}, id="option-beats-it"
        ),
    ],
)
def test_error_can_be_one_json_object(run_offline, monkeypatch, words, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    ran = run_offline(["enrollment-group", "list", "--top", "0", *words], expect=2)

    assert ran.out == ""
    assert json.loads(ran.err)["error"] == {
        "kind": "usage",
        "exitCode": 2,
        "message": "--top 0: no such number of records",
        "hint": "Give 1 or more, or -1.",
    }


def test_error_of_a_line_that_cannot_be_read_is_json_too(run_offline):
    ran = run_offline("enrollment-group --error-format json nonsense", expect=2)

    assert json.loads(ran.err)["error"]["kind"] == "usage"


def test_error_of_the_service_is_json_with_its_words(run):
    ran = run("enrollment-group show --gid nope --error-format json", expect=3)
    error = json.loads(ran.err)["error"]

    assert (error["kind"], error["exitCode"], error["status"]) == ("not-found", 3, 404)
    assert error["errorCode"] == 404202
    assert error["trackingId"] in error["message"]


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["show", "--gid", "g1", LOGIN], id="extra-word"),
        pytest.param(["show", "--gid", "g1", KEY], id="extra-key"),
        pytest.param(["show", f"--login={LOGIN}", "--bogus"], id="beside-a-wrong-option"),
        pytest.param(["show", f"--bogus={LOGIN}"], id="wrong-option"),
        pytest.param(["show", f"--bogus={KEY}"], id="wrong-option-with-a-key"),
        pytest.param(["list", f"--top={LOGIN}"], id="wrong-type"),
        pytest.param(["list", "--retries", KEY], id="wrong-type-of-key"),
        pytest.param(["list", "-o", LOGIN], id="wrong-word"),
        pytest.param(["list", "-o", KEY], id="wrong-word-of-key"),
        pytest.param(["list", "-n", LOGIN], id="as-a-name"),
        pytest.param(["list", "--login", KEY], id="key-as-login"),
        pytest.param(["list", "--login", LOGIN.replace("=", ":")], id="not-quite-a-login"),
        pytest.param(["list", "--login", LOGIN[:-3]], id="damaged-login"),
        pytest.param([LOGIN], id="as-a-command"),
        pytest.param([KEY], id="key-as-a-command"),
        pytest.param(["create", "--gid", "g1", f"--pk{KEY}"], id="glued-to-its-option"),
        pytest.param(["create", "--gid", "g1", f"--primary-key{KEY}"], id="glued-to-a-long-one"),
        pytest.param(["create", "--gid", "g1", "--pk", KEY, "x", KEY], id="given-twice"),
        pytest.param(["create", "--gid", "g1", "--pk", f"{KEY}!"], id="damaged-key"),
        pytest.param(["create", "--gid", "g1", "--ap", KEY], id="as-a-policy"),
        pytest.param(["create", "--gid", KEY], id="as-an-id"),
        pytest.param(["compute-device-key", "--rid", "d1", "--key", f"={KEY}"], id="derivation"),
        pytest.param(["create", "--gid", "g1", "--pk", f"@{KEY}"], id="as-a-file"),
        pytest.param(["create", "--gid", "g1", "--cp", KEY], id="as-a-certificate"),
        pytest.param(["create", "--gid", "g1", "--set", f"a.primaryKey:={KEY}"], id="as-json"),
        pytest.param(["create", "--gid", "g1", "--remove", KEY], id="as-a-path"),
        pytest.param(["create", "--gid", "g1", "--tags", f"{{'key': {KEY}}}"], id="in-a-twin"),
        pytest.param(["create", "--gid", "g1", *CUSTOM, KEY], id="as-a-version"),
        pytest.param(["list", "--query", f"{KEY}["], id="as-a-query"),
        pytest.param(["list", "--ca-bundle", f"{KEY}"], id="as-a-bundle"),
    ],
)
def test_misplaced_secret_is_not_repeated(run_offline, monkeypatch, words):
    monkeypatch.setenv("DPSCTL_LOGIN", LOGIN)

    ran = run_offline(["enrollment-group", *words], expect=2)

    assert KEY[:12] not in ran.err + ran.out


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, 1),
        (401, 4),
        (403, 4),
        (404, 3),
        (405, 1),
        (409, 5),
        (412, 5),
        (418, 1),
        (429, 6),
        (500, 8),
        (501, 8),
        (503, 8),
        (302, 1),
    ],
)
def test_status_of_the_service_decides_the_exit_code(odd_service, run_offline, status, code):
    odd_service.expect_request("/enrollmentGroups/g1").respond_with_json({}, status=status)

    ran = run_offline("enrollment-group show --gid g1 --retries 0", expect=code)

    assert ran.out == ""
    assert f"HTTP {status}" in ran.err.splitlines()[0]


def test_closed_port_is_a_network_error(run_offline, monkeypatch):
    for name, value in NO_SUCH_PLACE.items():
        monkeypatch.setenv(name, value)

    ran = run_offline("enrollment-group list", expect=7)

    where = "http://127.0.0.1:9/enrollmentGroups/query"
    assert ran.err.startswith(f"dpsctl: {where}: no connection: Connection refused\n")


def test_reader_that_went_away_ends_the_run_in_silence():
    shell = f"{sys.executable} -m dpsctl version -o json; echo $? >&2"

    done = subprocess.run(
        ["bash", "-c", f"exec 3> >(exit 0); wait $!; ({shell}) >&3"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == "141\n"


@pytest.mark.parametrize(
    ("streams", "line", "code", "out"),
    [
        pytest.param(">&-", "version", 0, "", id="no-stdout"),
        pytest.param(">&-", "version --help", 0, "", id="no-stdout-for-help"),
        pytest.param(">&-", f"{DERIVE} --key {KEY}", 0, "", id="no-stdout-early"),
        pytest.param(">&- 2>&-", "enrollment-group list", 7, "", id="no-stdout-no-stderr"),
        pytest.param("<&- >&- 2>&-", "enrollment-group list", 7, "", id="nothing-open"),
        pytest.param("2>&-", "enrollment-group list", 7, "", id="no-stderr"),
        pytest.param("2>&-", "enrollment-group list --debug", 7, "", id="no-stderr-for-a-trace"),
        pytest.param("2>&-", "enrollment-group --bogus", 2, "", id="no-stderr-for-usage"),
        pytest.param("2>&-", f"{DERIVE} --key YWJj -o tsv", 0, DERIVED, id="no-stderr-to-warn"),
        pytest.param("2>/dev/full", f"{DERIVE} --key YWJj -o tsv", 0, DERIVED, id="full-stderr"),
        pytest.param("2>/dev/full", "enrollment-group list", 7, "", id="full-stderr-of-an-error"),
    ],
)
def test_stream_that_takes_nothing_leaves_result_and_code_alone(streams, line, code, out):
    environment = {**os.environ, **NO_SUCH_PLACE}
    shell = f"exec {sys.executable} -m dpsctl {line} {streams}"

    done = subprocess.run(
        ["sh", "-c", shell], env=environment, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (code, out, "")


def test_closed_stdin_is_an_error_where_it_is_asked_for(run_process):
    done = run_process(*DERIVE.split(), "--key", "@-", preexec_fn=lambda: os.close(0))

    assert (done.returncode, done.stdout) == (2, "")
    assert "--key @-: standard input is closed" in done.stderr


def test_full_disk_is_reported_not_traced():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "dpsctl", "version"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_ctrl_c_ends_the_run_in_silence(httpserver):
    environment = {**os.environ, **NO_SUCH_PLACE}
    environment["DPSCTL_ENDPOINT_URL"] = f"http://localhost:{httpserver.port}"
    child = subprocess.Popen(
        [sys.executable, "-m", "dpsctl", "enrollment-group", "list", "--login", "@-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment | {"PYTHONUNBUFFERED": "1"},
    )
    httpserver.expect_request("/enrollmentGroups/query").respond_with_handler(
        lambda _: child.send_signal(signal.SIGINT)
    )

    out, err = child.communicate(LOGIN.encode(), timeout=30)

    assert (child.returncode, out, err) == (130, b"", b"")


def test_deep_answer_is_refused_not_traced(odd_service, run_offline):
    deep = '{"a":' * 50_000 + "1" + "}" * 50_000
    odd_service.expect_request("/enrollmentGroups/g1").respond_with_data(deep)

    assert "is not JSON" in run_offline("enrollment-group show --gid g1", expect=1).err


def test_data_that_is_too_deep_to_change_is_refused_not_traced(odd_service, run_process):
    twin = json.loads('{"a":' * 600 + "1" + "}" * 600)
    record = {"enrollmentGroupId": "g1", "attestation": {"type": "none"}, "etag": "e"}
    record["initialTwin"] = {"tags": twin}
    odd_service.expect_request("/enrollmentGroups/g1", method="GET").respond_with_json(record)

    ran = run_process("enrollment-group", "update", "--gid", "g1", "--ee")

    assert ran.stderr == "dpsctl: The data is nested too deeply to be read or written\n"
    assert ran.returncode == 1


def test_error_is_written_in_an_encoding_that_lacks_its_letters(run_process):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    words = ["enrollment-group", "show", "--gid", "g\u00e9"]

    done = run_process(*words, env=environment)

    assert done.returncode == 2
    assert "'\\xe9' cannot be in a group id" in done.stderr


FAULT = f"a fault that holds {KEY} and Bearer abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def fault(monkeypatch):
    """Let reading the settings fail as no code should."""

    def fail(*_):
        raise KeyError(FAULT)

    monkeypatch.setenv("DPSCTL_LOGIN", LOGIN)
    monkeypatch.setattr("dpsctl.service.connect.settle", fail)


@pytest.mark.usefixtures("fault")
def test_exception_that_nobody_expected_is_one_masked_error(run_offline):
    ran = run_offline("enrollment-group list", expect=1)

    problem, hint = ran.err.splitlines()
    assert problem.startswith("dpsctl: This should not have happened: KeyError: ")
    assert "DPSCTL_DEBUG=1" in hint
    assert KEY not in ran.err
    assert "abcdefghijkl" not in ran.err


@pytest.mark.usefixtures("fault")
@pytest.mark.parametrize(("options", "environment"), [("--debug", {}), ("", {"DPSCTL_DEBUG": "1"})])
def test_debug_adds_where_it_happened_without_secrets(
    run_offline, monkeypatch, options, environment
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    ran = run_offline(f"enrollment-group list {options}", expect=1)

    assert "Traceback (most recent call last)" in ran.err
    assert "connect.py" in ran.err
    assert KEY not in ran.err
    assert "abcdefghijkl" not in ran.err


@pytest.mark.parametrize("value", ["0", "false", ""])
@pytest.mark.usefixtures("fault")
def test_debug_can_be_off_in_the_environment(run_offline, monkeypatch, value):
    monkeypatch.setenv("DPSCTL_DEBUG", value)

    assert "Traceback" not in run_offline("enrollment-group list", expect=1).err


@pytest.mark.usefixtures("fault")
def test_exception_that_nobody_expected_is_json_where_errors_are(run_offline):
    ran = run_offline("enrollment-group list --error-format json", expect=1)

    assert "KeyError" in json.loads(ran.err)["error"]["message"]


def test_what_is_loaded_is_not_searched_for_garbage(unmeasured):
    """Neither while a command runs nor at the end, where it would take a fifth of the time."""
    seen = unmeasured(
        "import atexit, gc, sys\n"
        "from dpsctl.machine import process\n"
        "from dpsctl.__main__ import run\n"
        "leave = process.os._exit\n"
        "sys.argv = ['dpsctl', 'version']\n"
        "atexit.register(print, 'the interpreter ends')\n"
        "process.os._exit = lambda code: (\n"
        "    print(gc.isenabled(), gc.get_count()[0] < 1000, flush=True), leave(code)\n"
        ")\n"
        "run()\n"
    )

    assert seen.splitlines()[-1] == "True True"

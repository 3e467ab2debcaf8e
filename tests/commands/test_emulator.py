import json
import os
import re
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time

import pytest
import requests

ENVIRONMENT = (
    "import json, os; print(json.dumps({k: v for k, v in os.environ.items() if k in "
    "('DPSCTL_LOGIN', 'DPSCTL_ID_SCOPE', 'REQUESTS_CA_BUNDLE', 'SSL_CERT_FILE', "
    "'NODE_EXTRA_CA_CERTS', 'NO_PROXY')}))"
)


@pytest.fixture
def start():
    """Start `dpsctl emulator run` with *words*; return the process and its ready line."""
    children = []

    def run(*words):
        child = subprocess.Popen(
            [sys.executable, "-m", "dpsctl", "emulator", "run", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        return child, json.loads(child.stdout.readline())

    yield run
    for child in children:
        child.kill()
        child.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_run_says_where_it_is_and_stops_cleanly(start, number):
    child, ready = start()

    answer = requests.post(
        f"{ready['endpoint']}/enrollmentGroups/query?api-version=2021-10-01",
        verify=ready["caFile"],
        timeout=10,
    )
    child.send_signal(number)
    out, err = child.communicate(timeout=30)

    assert answer.status_code == 401
    assert ready["pid"] == child.pid
    assert ready["connectionString"].startswith(f"HostName={ready['host']}")
    assert {"idScope", "port"} <= ready.keys()
    assert (child.returncode, out, err) == (0, "", "")


def test_run_without_tls_is_plain_http(start):
    _, ready = start("--no-tls", "--hub", "hub-a=3", "hub-b")

    answer = requests.get(f"{ready['endpoint']}/enrollmentGroups/g1", timeout=10)

    assert ready["endpoint"].startswith("http://127.0.0.1:")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param("--host 0.0.0.0", "--allow-remote", id="remote"),
        pytest.param("--host 0.0.0.0 --allow-remote", "--san", id="remote without a name"),
        pytest.param("--hub =3", "--hub", id="hub-without-name"),
        pytest.param("--hub h=0", "--hub", id="hub-of-no-weight"),
        pytest.param("--hub h=x", "--hub", id="hub-of-odd-weight"),
        pytest.param("--ca file", "--ca", id="ca-without-name"),
        pytest.param("--port 70000", "--port", id="port-too-big"),
        pytest.param("--port x", "--port", id="port-no-number"),
        pytest.param("--db /nonexistent/folder/x", "/nonexistent", id="no-such-folder"),
    ],
)
def test_run_refuses_what_it_cannot_do(run_offline, words, said):
    assert said in run_offline(f"emulator run {words}", expect=2).err


def test_exec_gives_the_command_all_it_needs(run_process):
    environment = {**os.environ, "NO_PROXY": "example.com"}

    ran = run_process("emulator", "exec", "--", sys.executable, "-c", ENVIRONMENT, env=environment)

    given = json.loads(ran.stdout)
    assert len(given) == 6
    assert given["NO_PROXY"] == "example.com,127.0.0.1,localhost"
    assert given["REQUESTS_CA_BUNDLE"] == given["SSL_CERT_FILE"]
    assert ran.stderr == ""


def test_exec_lets_dpsctl_find_the_emulator(run_process):
    dpsctl = f"{shlex.quote(sys.executable)} -m dpsctl enrollment-group"
    story = (
        f"{dpsctl} create --gid g1 && {dpsctl} show --gid g1 --show-keys"
        f" && {dpsctl} compute-device-key --gid g1 --rid d1 -o tsv"
    )

    ran = run_process("emulator", "exec", "--", "sh", "-c", story)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert len(ran.stdout.splitlines()[-1]) == 44


@pytest.mark.parametrize(
    ("command", "code"),
    [
        pytest.param("exit 7", 7, id="failed"),
        pytest.param("kill -TERM $$", 143, id="killed"),
    ],
)
def test_exec_ends_with_the_code_of_the_command(run_process, command, code):
    assert run_process("emulator", "exec", "--", "sh", "-c", command).returncode == code


def test_exec_leaves_the_options_of_the_command_alone(run_process):
    ran = run_process("emulator", "exec", "--no-tls", "echo", "--output", "-h", "--", "x")

    assert ran.stdout == "--output -h -- x\n"


def test_exec_of_a_command_that_is_not_there_says_so(run_process):
    ran = run_process("emulator", "exec", "--", "no-such-program")

    assert ran.returncode == 2
    assert ran.stderr.startswith("dpsctl: no-such-program: cannot run it")


def test_exec_needs_a_command(run_offline):
    assert run_offline("emulator exec", expect=2).out == ""


def test_log_says_of_each_request_why_it_was_refused_and_no_secret(start):
    child, ready = start("--log", "--mqtt-port", "0", "--no-tls")
    key = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdCBpcyB0aGlydHkgdHdvIQ=="
    asked = [f"/enrollmentGroups/{name}" for name in ("g1", "a%0a%1b%5b31m%e2%80%ae")]
    headers = {"Authorization": f"SharedAccessSignature sr=a&sig=b&se=1&skn={key}"}

    for path in asked:
        requests.get(f"{ready['endpoint']}{path}?sig=secret", headers=headers, timeout=10)
    refused = connect_over_mqtt(ready)
    child.send_signal(signal.SIGTERM)
    out, err = child.communicate(timeout=30)

    assert (out, refused) == ("", 5)
    lines = err.splitlines()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT[\d:.]+Z GET /enrollmentGroups/g1 401 \d+\.\dms There is no policy .*",
        lines[0],
    )
    assert r" /enrollmentGroups/a\n\x1b[31m\u202e 401 " in lines[1]
    assert f"Z MQTT CONNECT /{ready['idScope']}/registrations/d1 401 " in lines[2]
    assert len(lines) == 3
    assert not any(secret in err for secret in (key, "secret", "sig="))


def connect_over_mqtt(ready):
    """Connect as a device without a token, and return the code that refuses it."""
    user = f"{ready['idScope']}/registrations/d1/api-version=2019-03-31".encode()
    body = b"\x00\x04MQTT\x04\x82\x00\x3c\x00\x02d1" + len(user).to_bytes(2, "big") + user
    with socket.create_connection((ready["host"].split(":")[0], ready["mqttPort"]), 10) as device:
        device.sendall(bytes([0x10, len(body)]) + body)
        return device.recv(4)[3]


def test_log_whose_reader_went_away_stops_nothing(start):
    child, ready = start("--log", "--no-tls")
    child.stderr.close()

    answers = [requests.get(f"{ready['endpoint']}/x", timeout=10).status_code for _ in range(3)]

    assert answers == [404, 404, 404]


@pytest.fixture
def browser(tmp_path, monkeypatch):
    """A program for a browser, which writes down how it was called and what it was led to."""
    program, told = tmp_path / "browser", tmp_path / "told"
    program.write_text(f'#!/bin/sh\necho "$@" > {told}.new; cat "${{1#file://}}" >> {told}.new\n')
    program.write_text(f"{program.read_text()}mv {told}.new {told}\n")
    program.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{program} %s")
    return told


def test_open_leads_a_browser_to_the_page_and_nobody_else(start, browser):
    _, ready = start("--open")

    deadline = time.monotonic() + 30
    while not browser.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    arguments, _, led_to = browser.read_text().partition("\n")

    assert ready["page"] == f"{ready['endpoint']}/_emulator/#token={ready['controlToken']}"
    assert ready["page"] in led_to
    assert ready["controlToken"] not in arguments
    assert stat.S_IMODE(os.stat(arguments.removeprefix("file://")).st_mode) == 0o600  # noqa: PTH116


def test_open_without_a_browser_says_the_address(start, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("DISPLAY", raising=False)
    child, ready = start("--open")

    line = child.stderr.readline()

    assert f"{ready['endpoint']}/_emulator/ " in line
    assert ready["controlToken"] not in line

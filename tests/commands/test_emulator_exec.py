"""What `dpsctl emulator exec` and its command owe each other: streams, trust, signals."""

import os
import signal
import subprocess
import sys

import pytest

DPSCTL = [sys.executable, "-m", "dpsctl"]
WAITER = 'trap "echo told; exit 9" {signal}; echo started; while :; do sleep 0.02; done'
CLIENTS = """
import os, requests, ssl, urllib.request
health = os.environ["DPSCTL_ENDPOINT_URL"] + "/_emulator/health"
roots = len(ssl.create_default_context().get_ca_certs())
control = {"Authorization": "Bearer " + os.environ["DPSCTL_EMULATOR_CONTROL_TOKEN"]}
reset = requests.post(health.replace("health", "reset"), headers=control)
print(urllib.request.urlopen(health).status, reset.status_code, roots > 50)
"""


def test_command_has_the_streams_of_its_own(run_process):
    ran = run_process("emulator", "exec", "--", "sh", "-c", "cat; echo no >&2", input="typed")

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "typed", "no\n")


def test_what_libraries_say_of_odd_certificates_is_not_on_stderr(run_process, openssl, tmp_path):
    made = "req -x509 -newkey rsa:2048 -nodes -keyout k -out odd.pem -subj /CN=d1 -set_serial -5"
    assert openssl(f"{made} -days 400")[0] == 0
    create = ["enrollment", "create", "--eid", "d1", "--at", "x509", "--cp", tmp_path / "odd.pem"]
    query = ["--query", "attestation.x509.clientCertificates.primary.info.serialNumber"]

    ran = run_process("emulator", "exec", "--", *DPSCTL, *create, *query)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, '"-05"\n', "")


def test_any_client_trusts_the_emulator_and_the_public_authorities_past_a_proxy(run_process):
    proxies = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}

    ran = run_process(
        *("emulator", "exec", "--", sys.executable, "-c", CLIENTS), env={**os.environ, **proxies}
    )

    assert ran.stdout == "200 204 True\n", ran.stderr


@pytest.mark.parametrize("options", [("--no-tls",), ("--host", "127.0.0.9")], ids=" ".join)
def test_command_finds_the_emulator_wherever_it_is(run_process, options):
    list_groups = [*DPSCTL, "enrollment-group", "list"]

    ran = run_process(
        *("emulator", "exec", *options, "--", *list_groups),
        env={**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9"},
    )

    assert (ran.returncode, ran.stdout) == (0, "[]\n"), ran.stderr


def test_command_that_was_killed_outright_is_told_as_a_shell_would(run_process):
    assert run_process("emulator", "exec", "--", "sh", "-c", "kill -KILL $$").returncode == 137


@pytest.mark.parametrize(
    ("number", "send"),
    [(signal.SIGTERM, os.kill), (signal.SIGINT, os.killpg)],
    ids=["SIGTERM-to-dpsctl", "SIGINT-from-the-terminal-to-both"],
)
def test_command_meets_signals_and_says_how_it_ended(number, send):
    script = WAITER.format(signal=number.name.removeprefix("SIG"))
    command = [*DPSCTL, "emulator", "exec", "--", "sh", "-c", script]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, text=True, start_new_session=True) as child:
        started = child.stdout.readline()
        send(child.pid, number)
        out, _ = child.communicate(timeout=20)

    assert (started, out, child.returncode) == ("started\n", "told\n", 9)


def test_words_in_one_pair_of_quotes_are_asked_for_one_by_one(run_process):
    ran = run_process("emulator", "exec", "--", "two words")

    assert ran.returncode == 2
    assert (
        "two words: cannot run it: No such file or directory\nhint: Write its words" in ran.stderr
    )

"""`dpsctl doctor` where all is well, and in every set-up that is broken in one way."""

import os
import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import RIGHTS, EmulatorSettings

WRONG_KEY = "d3JvbmctcG9saWN5LWtleS1vZi10aGUtdGVzdHMh"


@pytest.fixture
def doctor(run_offline):
    """Run the doctor; return what each check found, and how the first one failed."""

    def run(line="", *, expect=0):
        ran = run_offline(f"doctor -o json {line}", expect=expect)
        return {finding["check"]: finding for finding in ran.json}, ran

    return run


def failed(findings):
    return [name for name, finding in findings.items() if finding["status"] == "failed"]


def test_all_is_well_with_the_emulator(signed_in, doctor):
    findings, ran = doctor()

    assert failed(findings) == []
    assert list(findings) == [
        "config", "service", "proxy", "dns", "tcp", "tls", "clock", "sign-in", "read", "write",
        "api-version",
    ]  # fmt: skip
    assert signed_in.ca_file in findings["tls"]["detail"]
    assert signed_in.policy_key not in ran.out + ran.err


@pytest.mark.usefixtures("signed_in")
def test_nothing_is_changed(run, doctor):
    run("enrollment-group create --gid g")
    before = run("enrollment-group list").json

    doctor()

    assert run("enrollment-group list").json == before


@pytest.mark.usefixtures("signed_in")
def test_a_ca_that_did_not_sign_it_is_named(certificate_file, doctor):
    other = certificate_file()

    findings, _ = doctor(f"--ca-bundle {other}", expect=7)

    assert failed(findings) == ["tls"]
    assert f"trusted are those in {other}" in findings["tls"]["detail"]
    assert "--ca-bundle FILE" in findings["tls"]["hint"]
    assert findings["sign-in"]["status"] == "skipped"


@pytest.mark.usefixtures("signed_in")
def test_a_ca_file_that_is_not_there_is_named(doctor):
    findings, _ = doctor("--ca-bundle /nowhere/ca.pem", expect=2)

    assert failed(findings) == ["tls"]
    assert (
        findings["tls"]["detail"]
        == "--ca-bundle /nowhere/ca.pem: cannot read it: No such file or directory"
    )


@pytest.mark.usefixtures("signed_in")
def test_a_ca_file_without_certificates_is_named(doctor, tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")

    findings, _ = doctor(f"--ca-bundle {tmp_path / 'ca.pem'}", expect=2)

    assert failed(findings) == ["tls"]
    assert findings["tls"]["detail"].endswith("ca.pem holds no certificates to trust")


def test_a_stopped_server_is_named(signed_in, doctor, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", f"https://127.0.0.1:{port}")

    findings, _ = doctor(expect=7)

    assert failed(findings) == ["tcp"]
    assert findings["tcp"]["detail"] == f"127.0.0.1:{port}: Connection refused"
    assert signed_in.host in findings["service"]["detail"]


def test_a_name_that_nobody_knows_is_named(doctor, monkeypatch):
    login = f"HostName=no-such-host.invalid;SharedAccessKeyName=a;SharedAccessKey={WRONG_KEY}"
    monkeypatch.setenv("DPSCTL_LOGIN", login)

    findings, _ = doctor(expect=7)

    assert failed(findings) == ["dns"]
    assert "no-such-host.invalid: no address" in findings["dns"]["detail"]


def test_a_wrong_key_is_named_and_not_shown(signed_in, doctor):
    login = f"HostName={signed_in.host};SharedAccessKeyName=x;SharedAccessKey={WRONG_KEY}"

    findings, ran = doctor(f"--login '{login}' --debug", expect=4)

    assert failed(findings) == ["sign-in"]
    assert "policy's name and key" in findings["sign-in"]["hint"]
    assert WRONG_KEY not in ran.out + ran.err


@pytest.mark.parametrize(
    ("skew", "direction"), [(3600, "behind"), (-3600, "ahead of")], ids=["late", "early"]
)
def test_a_clock_that_is_wrong_is_named(skew, direction, signed_in, doctor):
    signed_in.clock.skew = skew
    try:
        findings, _ = doctor(expect=4)
    finally:
        signed_in.clock.skew = 0

    assert failed(findings)[0] == "clock"
    assert f"s {direction} the service's" in findings["clock"]["detail"]
    assert "NTP" in findings["clock"]["hint"]


def test_an_access_token_that_has_run_out_is_named(signed_in, doctor, monkeypatch):
    ended = "eyJhbGciOiJub25lIn0.eyJleHAiOjEwMDAwMDAwMDB9.c2ln"  # {"exp": 1000000000}
    monkeypatch.delenv("DPSCTL_LOGIN")
    monkeypatch.setenv("DPSCTL_ACCESS_TOKEN", ended)

    findings, ran = doctor(f"-n {signed_in.host} --auth-type login", expect=4)

    assert failed(findings) == ["sign-in"]
    assert "DPSCTL_ACCESS_TOKEN has run out" in findings["sign-in"]["detail"]
    assert ended not in ran.out


@pytest.fixture(scope="module")
def policies():
    """An emulator with policies that lack rights."""
    lacking = (("reader", RIGHTS - {"EnrollmentWrite"}), ("nobody", frozenset({"ServiceConfig"})))
    with Emulator(EmulatorSettings(policies=lacking)) as emulator:
        yield emulator


@pytest.mark.parametrize(("policy", "check"), [("reader", "write"), ("nobody", "read")])
def test_a_right_that_is_missing_is_named(policy, check, policies, doctor, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", policies.ca_file)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("DPSCTL_LOGIN", policies.connection_string_of(policy))

    findings, _ = doctor(expect=4)

    assert failed(findings) == [check]
    assert findings["sign-in"]["status"] == "ok"
    assert "EnrollmentRead" in findings[check]["hint"]


@pytest.mark.usefixtures("signed_in")
def test_an_api_version_that_is_refused_is_named(doctor):
    findings, _ = doctor("--service-api-version 1999-12-31", expect=1)

    assert failed(findings) == ["api-version"]
    assert findings["api-version"]["detail"].startswith("1999-12-31: ")
    assert findings["read"]["status"] == "skipped"


def test_a_broken_configuration_is_named_with_the_place(doctor):
    path = Path(os.environ["XDG_CONFIG_HOME"], "dpsctl", "config.yaml")
    path.parent.mkdir(parents=True)
    path.write_text("contexts: [")

    findings, _ = doctor(expect=2)

    assert failed(findings) == ["config"]
    assert f"{path}:2:1: " in findings["config"]["detail"]


def test_no_service_at_all_is_named(doctor):
    findings, _ = doctor(expect=2)

    assert failed(findings) == ["service"]
    assert "DPSCTL_LOGIN" in findings["service"]["hint"]


def test_the_context_in_use_is_named(signed_in, doctor, run_offline):
    run_offline("config set --context lab service_api_version=2026-11-01")
    findings, _ = doctor("--context lab -l " + f"'{signed_in.connection_string}'")

    assert findings["config"]["detail"].endswith("config.yaml: context lab")
    assert findings["api-version"]["detail"] == "2026-11-01"


def test_plain_http_needs_no_certificate(doctor, monkeypatch):
    with Emulator(EmulatorSettings(tls=False)) as emulator:
        monkeypatch.setenv("DPSCTL_LOGIN", emulator.connection_string)
        monkeypatch.setenv("DPSCTL_ENDPOINT_URL", emulator.endpoint)

        findings, _ = doctor()

    assert findings["tls"]["status"] == "not needed"
    assert findings["write"]["status"] == "ok"


def test_a_proxy_that_does_not_answer_is_named(signed_in, doctor, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    login = signed_in.connection_string.replace("127.0.0.1", "dps.example")

    findings, _ = doctor(f"--login '{login}'", expect=7)

    assert failed(findings) == ["proxy"]
    assert f"127.0.0.1:{port}" in findings["proxy"]["detail"]
    assert "HTTPS_PROXY" in findings["proxy"]["hint"]
    assert findings["dns"]["status"] == "skipped"


@pytest.fixture
def proxy():
    """A proxy that tunnels to wherever the test says; it keeps the first line and the headers."""
    server = socket.create_server(("127.0.0.1", 0))
    seen = []

    def serve(port):
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            seen.append(client.recv(65536).decode())
            if seen[-1]:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                service = socket.create_connection(("127.0.0.1", port))
                threading.Thread(target=_tunnel, args=(client, service)).start()
            else:
                client.close()

    def start(port):
        threading.Thread(target=serve, args=(port,)).start()
        return server.getsockname()[1], seen

    yield start
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def _tunnel(client, service):
    """Carry bytes both ways until both ends are done."""
    with client, service:
        back = threading.Thread(target=_pump, args=(service, client))
        back.start()
        _pump(client, service)
        back.join()


def _pump(source, sink):
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def test_a_proxy_that_tunnels_is_checked_on_the_way(signed_in, proxy, doctor, monkeypatch):
    port, seen = proxy(signed_in.port)
    monkeypatch.setenv("NO_PROXY", "elsewhere.example")
    monkeypatch.setenv("HTTPS_PROXY", f"http://joe:pass-of-joe@127.0.0.1:{port}")
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", f"https://localhost:{signed_in.port}")

    findings, ran = doctor()

    assert findings["proxy"]["detail"] == f"http://127.0.0.1:{port} answers"
    assert findings["tcp"]["status"] == "not needed"
    assert f"CONNECT localhost:{signed_in.port}" in seen[1]
    assert "Proxy-Authorization: Basic" in seen[1].title()
    assert "pass-of-joe" not in ran.out + ran.err


@pytest.mark.usefixtures("signed_in")
def test_a_server_that_speaks_no_tls_is_named(doctor, httpserver, monkeypatch):
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", f"https://127.0.0.1:{httpserver.port}")
    findings, _ = doctor(expect=7)

    assert failed(findings) == ["tls"]


def test_a_folder_of_certificates_is_trusted_too(signed_in, doctor, openssl, tmp_path):
    (tmp_path / "ca.pem").write_text(Path(signed_in.ca_file).read_text())
    assert openssl("rehash .")[0] == 0

    findings, _ = doctor(f"--ca-bundle {tmp_path}")

    assert str(tmp_path) in findings["tls"]["detail"]

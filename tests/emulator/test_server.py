"""Starting, stopping, and what outlives both."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings
from dpsctl.errors import UsageError

WRITER = """
import http.client, json, ssl, sys
port, ca_file, token, name = sys.argv[1:]
trust = ssl.create_default_context(cafile=ca_file)
connection = http.client.HTTPSConnection("127.0.0.1", int(port), context=trust, timeout=10)
for number in range(100_000):
    record_id = f"{name}-{number}"
    body = {"registrationId": record_id, "attestation": {"type": "symmetricKey"}}
    url = f"/enrollments/{record_id}?api-version=2021-10-01"
    connection.request("PUT", url, json.dumps(body), {"Authorization": token})
    print(record_id, json.loads(connection.getresponse().read())["etag"], flush=True)
"""


def test_ready_line_says_how_to_connect(emulator):
    ready = emulator.ready()

    assert ready["endpoint"] == f"https://127.0.0.1:{ready['port']}"
    assert ready["host"] == f"127.0.0.1:{ready['port']}"
    assert ready["connectionString"].startswith(f"HostName={ready['host']};SharedAccessKeyName=")
    assert ready["idScope"].startswith("0ne")
    assert ready["controlToken"] == emulator.control_token
    assert "BEGIN CERTIFICATE" in Path(ready["caFile"]).read_text()
    assert ready["pid"] == os.getpid()
    assert json.loads(json.dumps(ready)) == ready


def test_certificate_is_good_for_every_name_asked_for(start):
    emulator = start(sans=("dps.example.test", "127.9.9.9"))

    presented = ssl_names(emulator)

    assert presented == {"127.0.0.1", "localhost", "dps.example.test", "127.9.9.9"}


def ssl_names(emulator):
    import ssl

    context = ssl.create_default_context(cafile=emulator.ca_file)
    with (
        socket.create_connection(("127.0.0.1", emulator.port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as client,
    ):
        return {value for _, value in client.getpeercert()["subjectAltName"]}


def test_another_loopback_address_is_listened_on(start, caller):
    emulator = start(host="127.0.0.7")

    assert emulator.host.startswith("127.0.0.7:")
    assert caller(emulator)("GET", "/enrollmentGroups/g1").status_code == 404


def test_ipv6_loopback_is_written_in_brackets(start, caller):
    if not socket.has_ipv6:
        pytest.skip("needs IPv6")

    emulator = start(host="::1")

    assert emulator.endpoint == f"https://[::1]:{emulator.port}"
    assert caller(emulator)("GET", "/enrollmentGroups/g1").status_code == 404


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.test", ""])
def test_address_beyond_loopback_must_be_allowed(host):
    with pytest.raises(UsageError, match="--host") as refused:
        Emulator(EmulatorSettings(host=host)).start()

    assert "--allow-remote" in refused.value.hint


def test_all_interfaces_are_named_by_the_first_san(start):
    emulator = start(host="0.0.0.0", allow_remote=True, sans=("dps.example.test",))

    assert emulator.host == f"dps.example.test:{emulator.port}"


def test_taken_port_is_a_usage_error(emulator):
    with pytest.raises(UsageError, match=f"--port {emulator.port}"):
        Emulator(EmulatorSettings(port=emulator.port)).start()


def test_name_that_no_certificate_can_carry_is_a_usage_error():
    with pytest.raises(UsageError, match="--san é"):
        Emulator(EmulatorSettings(sans=("é",))).start()


def test_stopped_emulator_hangs_up_and_takes_its_ca_file_along():
    with Emulator() as emulator:
        connection = socket.create_connection(("127.0.0.1", emulator.port), timeout=10)

    with connection, suppress(ConnectionResetError):
        assert connection.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", emulator.port), timeout=10)
    assert not Path(emulator.ca_file).exists()
    emulator.stop()


def test_stop_lets_the_requests_under_way_come_to_their_end(start, caller, group_body, caplog):
    emulator = start(faults=("latency 300ms",))
    send = caller(emulator)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(send, "PUT", "/enrollmentGroups/g1", group_body())
        while not emulator.faults._counters[0]._struck:
            time.sleep(0.005)

        emulator.stop()

    assert answer.result().status_code == 200
    assert not caplog.records


def test_emulator_that_is_not_running_says_so():
    with pytest.raises(UsageError, match="not running"):
        Emulator().reset()


def test_file_keeps_records_keys_scope_and_authority(caller, group_body, tmp_path):
    settings = EmulatorSettings(db=str(tmp_path / "db"))
    with Emulator(settings) as first:
        caller(first)("PUT", "/enrollmentGroups/g1", group_body())
        authority = Path(first.ca_file).read_text()

    with Emulator(settings) as second:
        shown = caller(second)("GET", "/enrollmentGroups/g1")

        assert shown.status_code == 200
        assert (second.policy_key, second.id_scope) == (first.policy_key, first.id_scope)
        assert Path(second.ca_file).read_text() == authority
        assert Path(second.ca_file) == tmp_path / "db.ca.pem"


def write_text(path):
    path.write_text("a plan of mine")


def write_own_authorities(path):
    with Emulator() as other:
        path.write_text(f"# mine\n{other.identity.ca_certificate}")


def link_to_a_file(path):
    other = path.with_name("linked")
    other.write_text("a plan of mine")
    path.symlink_to(other)


def link_to_an_authority(path):
    link_to_a_file(path)
    with Emulator() as other:
        path.write_text(other.identity.ca_certificate)


@pytest.mark.parametrize(
    "make",
    [
        write_text,
        write_own_authorities,
        link_to_a_file,
        link_to_an_authority,
        lambda path: path.symlink_to(path.with_name("nothing")),
        lambda path: path.mkdir(),
        os.mkfifo,
    ],
    ids=["text", "authorities", "link", "link to an authority", "dangling link", "folder", "FIFO"],
)
def test_what_others_put_where_the_authority_belongs_is_left_alone(tmp_path, make):
    path = tmp_path / "db.ca.pem"
    make(path)
    before = {one.name: one.is_file() and one.read_bytes() for one in tmp_path.iterdir()}

    with pytest.raises(UsageError, match=r"db\.ca\.pem is not a file that an emulator wrote"):
        Emulator(EmulatorSettings(db=str(tmp_path / "db"))).start()

    (tmp_path / "db").unlink()
    assert {one.name: one.is_file() and one.read_bytes() for one in tmp_path.iterdir()} == before


def test_authority_of_a_database_that_is_gone_is_replaced(tmp_path):
    settings = EmulatorSettings(db=str(tmp_path / "db"))
    with Emulator(settings) as first:
        pass
    (tmp_path / "db").unlink()

    with Emulator(settings) as second:
        written = Path(second.ca_file).read_text()

    assert written == second.identity.ca_certificate != first.identity.ca_certificate


def test_environment_leaves_nothing_beside_the_database(tmp_path):
    with Emulator(EmulatorSettings(db=str(tmp_path / "db"))) as emulator:
        bundle = Path(emulator.environment["SSL_CERT_FILE"])
        assert emulator.identity.ca_certificate in bundle.read_text()

    assert {one.name for one in tmp_path.iterdir()} == {"db", "db.ca.pem"}
    assert not bundle.exists()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE kept SET value = 'x' WHERE name = 'caKey'",
        "UPDATE kept SET value = 'x' WHERE name = 'caCertificate'",
        "UPDATE kept SET value = 'x' WHERE name = 'policyKey'",
        "DELETE FROM kept WHERE name = 'idScope'",
        "DELETE FROM kept WHERE name = 'caKey'",
    ],
)
def test_damaged_identity_is_said_to_be_damaged_and_not_made_anew(tmp_path, sql):
    settings = EmulatorSettings(db=str(tmp_path / "db"))
    Emulator(settings).start().stop()
    with closing(sqlite3.connect(tmp_path / "db")) as database, database:
        database.execute(sql)

    with pytest.raises(UsageError, match="what it says of who the emulator is, is damaged"):
        Emulator(settings).start()


def test_damaged_file_is_said_to_be_damaged(tmp_path):
    settings = EmulatorSettings(db=str(tmp_path / "db"))
    Emulator(settings).start().stop()
    data = (tmp_path / "db").read_bytes()
    (tmp_path / "db").write_bytes(data[:4096] + bytes(len(data) - 4096))

    with pytest.raises(UsageError, match=r"--db .*db: cannot be used as a database"):
        Emulator(settings).start()


def test_locked_file_is_said_to_be_locked(tmp_path, monkeypatch):
    settings = EmulatorSettings(db=str(tmp_path / "db"))
    Emulator(settings).start().stop()
    monkeypatch.setattr("dpsctl.emulator.store._PATIENCE", 0.1)
    with closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")

        with pytest.raises(UsageError, match=r"--db .*db: another process holds it locked"):
            Emulator(settings).start()


def test_two_emulators_in_memory_share_nothing(start):
    one, other = start(), start()

    assert one.policy_key != other.policy_key
    assert one.id_scope != other.id_scope


def test_kill_under_load_loses_no_acknowledged_write(tmp_path, sas):
    db = str(tmp_path / "db")
    command = [sys.executable, "-m", "dpsctl", "emulator", "run", "--db", db]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
        ready = json.loads(served.stdout.readline())
        key = ready["connectionString"].partition("SharedAccessKey=")[2]
        acknowledged = written_until_killed(served, ready, sas(ready["host"], key))

    with Emulator(EmulatorSettings(db=db)) as again:
        stored = {one: again.store.get("Enrollment", one) for one in acknowledged}

    assert {one: record and record["etag"] for one, record in stored.items()} == acknowledged


def written_until_killed(served, ready, token):
    """Let three processes write, and kill while they do; return the etags they were answered."""
    words = [str(ready["port"]), ready["caFile"], token]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, *words, name], **pipes)
        for name in ("one", "two", "three")
    ]
    lines = [writer.stdout.readline() for _ in range(15) for writer in writers]
    served.send_signal(signal.SIGKILL)
    for writer in writers:
        with writer:
            lines += writer.stdout.read().splitlines()
        assert writer.returncode == 1  # it was writing when the emulator went away
    return dict(line.split() for line in lines)

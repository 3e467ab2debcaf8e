"""However slowly, however much and however brokenly a server answers, an exchange has an end."""

import gzip
import json
import socket
import ssl
import threading
import time
import zlib

import pytest

SHOW = "enrollment-group show --gid g1 --retries 0"
RECORD = {"enrollmentGroupId": "g1", "attestation": {"type": "none"}, "etag": "e1"}
BODY = json.dumps(RECORD).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
GOOD = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
ZEROS = b"0" * 2**20

FOR_EVER = 120.0  # seconds that nobody waits
SOON = 20  # which a busy machine may need for half a second's work


def heard(connection):
    """Read a request to the end of its head."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError
        data += more
    return data


def after(*parts):
    """Send *parts* once a request has come; a number is a pause of so many seconds."""

    def talk(connection, is_over):
        heard(connection)
        for part in parts:
            if isinstance(part, float):
                is_over.wait(part)
            else:
                connection.sendall(part)

    return talk


def endlessly(start, again, pause=0.0):
    """Send *start*, then *again* and again."""

    def talk(connection, is_over):
        heard(connection)
        connection.sendall(start)
        while not is_over.wait(pause):
            connection.sendall(again)

    return talk


def drip(data):
    """Send *data* byte by byte, five a second."""

    def talk(connection, is_over):
        heard(connection)
        for byte in data:
            if is_over.wait(0.2):
                return
            connection.sendall(bytes([byte]))

    return talk


def never_read(connection, is_over):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    is_over.wait(FOR_EVER)


@pytest.fixture
def asked_through(dps_at, monkeypatch):
    """Let a proxy stand before the service."""

    def stand(proxy):
        dps_at("https://dps.example")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("HTTPS_PROXY", proxy)

    return stand


SLOW = [
    pytest.param(drip(GOOD), id="byte-by-byte"),
    pytest.param(endlessly(HEAD, b"X-More: yes\r\n", 0.1), id="headers-without-end"),
    pytest.param(endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="continue-without-end"),
    pytest.param(endlessly(b"", b"HTTP/1.1 103 Early\r\n\r\n"), id="hints-without-end"),
    pytest.param(
        endlessly(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 0.05),
        id="chunks-without-end",
    ),
    pytest.param(
        endlessly(HEAD + b"Content-Length: 999\r\n\r\n", b" ", 0.1), id="body-without-end"
    ),
]


@pytest.mark.parametrize("talk", SLOW)
@pytest.mark.parametrize("command", [SHOW, "doctor --only-show-errors"])
def test_timeout_bounds_the_whole_exchange(peer, dps_at, run_offline, talk, command):
    dps_at(f"http://127.0.0.1:{peer(talk).port}")
    started = time.monotonic()

    ran = run_offline(f"{command} --timeout 600ms", expect=7)

    assert "no answer in time (0.6 s)" in ran.out + ran.err
    assert 0.5 < time.monotonic() - started < SOON


def test_server_that_reads_nothing_is_given_up(peer, dps_at, run_offline, tmp_path):
    dps_at(f"http://127.0.0.1:{peer(never_read).port}")
    (tmp_path / "tags.json").write_text(json.dumps({"a": "x" * 8_000_000}))
    started = time.monotonic()

    ran = run_offline(
        f"enrollment-group create --gid g --tags @{tmp_path}/tags.json --timeout 1 --retries 0",
        expect=7,
    )

    assert "no answer in time" in ran.err
    assert time.monotonic() - started < SOON


@pytest.mark.parametrize(
    "talk",
    [
        pytest.param(drip(b"HTTP/1.1 200 Connected\r\n\r\n"), id="drips"),
        pytest.param(endlessly(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", 0.01), id="headers"),
        pytest.param(after(b"HTTP/1.1 200 OK\r\n\r\n", FOR_EVER), id="no-handshake"),
    ],
)
@pytest.mark.parametrize("command", [SHOW, "doctor"])
def test_timeout_bounds_what_a_proxy_does(peer, asked_through, run_offline, talk, command):
    asked_through(f"http://joe:pass-of-joe@127.0.0.1:{peer(talk).port}")
    started = time.monotonic()

    ran = run_offline(f"{command} --timeout 0.7s", expect=7)

    assert "no answer in time" in ran.out + ran.err
    assert "pass-of-joe" not in ran.out + ran.err
    assert time.monotonic() - started < SOON


def test_name_that_is_looked_up_for_ever_is_given_up(dps_at, run_offline, monkeypatch):
    dps_at("https://dps.example")
    waiting = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: waiting.wait(FOR_EVER) and [])
    started = time.monotonic()

    for command in (SHOW, "doctor"):
        ran = run_offline(f"{command} --timeout 0.5", expect=7)
        assert "no answer in time" in ran.out + ran.err
    waiting.set()

    assert time.monotonic() - started < SOON


@pytest.mark.parametrize("hints", [1, 30])
def test_early_hints_are_passed_over(peer, dps_at, run_offline, hints):
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
    dps_at(f"http://127.0.0.1:{peer(after(early * hints, GOOD)).port}")

    assert run_offline(SHOW).json == RECORD


def packed(*layers):
    """A bomb: 300 MB of zeros, packed again and again."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = b"".join(pack.compress(ZEROS) for _ in range(300)) + pack.flush()
    for _ in layers[1:]:
        data = gzip.compress(data)
    head = HEAD + f"Content-Encoding: {', '.join(layers)}\r\n".encode()
    return head + b"Content-Length: %d\r\n\r\n" % len(data) + data


@pytest.mark.parametrize(
    "talk",
    [
        pytest.param(lambda: after(packed("gzip")), id="packed"),
        pytest.param(lambda: after(packed("gzip", "gzip")), id="packed-twice"),
        pytest.param(
            lambda: endlessly(
                HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + ZEROS + b"\r\n"
            ),
            id="chunks",
        ),
        pytest.param(lambda: endlessly(HEAD + b"\r\n", ZEROS), id="to-the-end"),
    ],
)
def test_answer_without_end_ends_early(peer, dps_at, run_offline, talk):
    import resource  # Windows has none

    dps_at(f"http://127.0.0.1:{peer(talk()).port}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    ran = run_offline(SHOW, expect=7)

    assert "the answer is larger than 64 MiB, unpacked" in ran.err
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB


@pytest.fixture
def tls_peer(peer, dps_at, trusted):
    """Start a server of TLS whose certificate is trusted; *limit* changes its context."""

    def start(limit):
        limit(trusted)

        def secured(connection, is_over):
            with trusted.wrap_socket(connection, server_side=True) as tls:
                after(GOOD)(tls, is_over)

        server = peer(secured)
        dps_at(f"https://127.0.0.1:{server.port}")
        return server

    return start


def only_old_versions(context):
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")


def only_a_cipher_nobody_takes(context):
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AECDH-AES128-SHA:@SECLEVEL=0")


def only_known_callers(context):
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # 1.3 tells it after the handshake
    context.verify_mode = ssl.CERT_REQUIRED


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize(
    ("limit", "said"),
    [
        pytest.param(only_old_versions, "no version of TLS that both sides speak", id="old"),
        pytest.param(only_a_cipher_nobody_takes, "the server refuses the handshake", id="cipher"),
        pytest.param(only_known_callers, "or a certificate that it wants", id="callers"),
    ],
)
@pytest.mark.parametrize("command", [f"{SHOW} --retries 3", "doctor"])
def test_handshake_that_fails_has_words_of_its_own(tls_peer, run_offline, limit, said, command):
    tls_peer(limit)

    ran = run_offline(command, expect=7)

    assert said in ran.out + ran.err
    assert "trusted are" not in ran.out + ran.err


def test_certificate_for_another_name_is_called_one(tls_peer, run_offline, monkeypatch):
    server = tls_peer(lambda _: None)
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", f"https://localhost:{server.port}")
    monkeypatch.setenv("NO_PROXY", "localhost")

    ran = run_offline(SHOW, expect=7)

    assert "the server's certificate is not trusted" in ran.err
    assert "mismatch" in ran.err


def test_plain_http_is_not_called_a_certificate(peer, dps_at, run_offline):
    dps_at(f"https://127.0.0.1:{peer(lambda sock, _: sock.sendall(GOOD)).port}")

    ran = run_offline(SHOW, expect=7)

    assert "does not speak TLS" in ran.err
    assert "dpsctl doctor" in ran.err


@pytest.mark.parametrize(
    ("command", "tries"),
    [("show --gid g1", 4), ("create --gid g1", 4), ("list", 4)],
    ids=["get", "put", "query"],
)
@pytest.mark.usefixtures("waits")
def test_handshake_that_breaks_off_is_a_lost_connection(peer, dps_at, run_offline, command, tries):
    server = peer(lambda sock, _: sock.recv(5))
    dps_at(f"https://127.0.0.1:{server.port}")

    ran = run_offline(f"enrollment-group {command} --retries 3", expect=7)

    assert "the connection was lost" in ran.err
    assert "certificate" not in ran.err
    assert len(server.connections) == tries


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP", id="another-protocol"),
        pytest.param(b"HTTP/1.1 200 " + b"a" * 70_000, "does not speak HTTP", id="line"),
        pytest.param(HEAD + b"A: b\r\n" * 200 + b"\r\n", "does not speak HTTP", id="headers"),
        pytest.param(
            HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "HTTP", id="lengths"
        ),
        pytest.param(
            HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
            "cannot be unpacked",
            id="not-packed",
        ),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "lost", id="not-a-chunk"),
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP 101", id="switch"),
    ],
)
def test_answer_that_is_no_http_is_named(peer, dps_at, run_offline, data, said):
    dps_at(f"http://127.0.0.1:{peer(after(data)).port}")

    assert said in run_offline(SHOW, expect=None).err


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407", id="407"),
        pytest.param(b"HTTP/1.1 502 \x1b[2JBad\r\n\r\n", r"502 \x1b[2JBad", id="502"),
        pytest.param(b"", "connection", id="nothing"),
    ],
)
@pytest.mark.parametrize("command", [SHOW, "doctor -o table"])
def test_proxy_that_makes_no_way_is_named_without_its_password(
    peer, asked_through, run_offline, answer, said, command
):
    asked_through(f"http://joe:p%40ss-of-joe@127.0.0.1:{peer(after(answer)).port}")

    ran = run_offline(f"{command} --debug", expect=7)

    assert said in ran.out.replace("\\\\", "\\") + ran.err
    for spelling in ("p%40ss-of-joe", "p@ss-of-joe", "am9lOnBAc3Mtb2Ytam9l"):
        assert spelling not in ran.out + ran.err


@pytest.mark.parametrize(
    "proxy",
    [
        "http://joe:xyzzy/plugh@127.0.0.1:1",
        "http://xyzzy:12345/plugh@127.0.0.1:1",
        "http://joe:xyzzy#plugh@127.0.0.1:1",
        "http://joe:xyzzy?plugh@127.0.0.1:1",
        "http://joe:x@xyzzy:1/plugh@127.0.0.1:1",
        r"http://joe:xyzzy\plugh@127.0.0.1:1",
        "http://joe:xyzzy@[::1",
        "http://joe:xyzzy@127.0.0.1:plugh",
        "gopher://joe:xyzzy@127.0.0.1:1",
        "http://joe:xyzzy@",
        "joe:xyzzy plugh\n@127.0.0.1:1",
        "http://joe:xyzzy\u0141plugh@127.0.0.1:1",
    ],
)
@pytest.mark.parametrize("command", [SHOW, "doctor"])
def test_malformed_proxy_is_refused_without_repeating_it(
    asked_through, run_offline, proxy, command
):
    asked_through(proxy)

    ran = run_offline(f"{command} --debug", expect=2)

    assert "proxy" in ran.out + ran.err
    for secret in ("xyzzy", "plugh", "12345"):
        assert secret not in ran.out + ran.err


def test_socks_without_its_library_says_what_is_missing(asked_through, run_offline, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "socks", None)
    monkeypatch.delitem(__import__("sys").modules, "urllib3.contrib.socks", raising=False)
    asked_through("socks5h://joe:pass-of-joe@127.0.0.1:1")

    ran = run_offline(SHOW, expect=2)

    assert "pip install pysocks" in ran.err
    assert "pass-of-joe" not in ran.err


@pytest.mark.parametrize("command", [SHOW, "doctor"])
def test_deadline_ends_the_whole_command(peer, dps_at, run_process, command):
    dps_at(f"http://127.0.0.1:{peer(after(FOR_EVER)).port}")
    started = time.monotonic()

    ran = run_process(*command.split(), "--retries", "9", "--deadline", "1.5s")

    assert ran.returncode == 7
    assert "--deadline: the 1.5 seconds are over" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert time.monotonic() - started < SOON


def test_deadline_ends_a_wait_that_the_service_asks_for(peer, dps_at, run_process):
    throttled = b"HTTP/1.1 429 Slow\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"
    dps_at(f"http://127.0.0.1:{peer(after(throttled)).port}")

    ran = run_process(*["enrollment-group", "list", "--deadline", "1s", "--error-format", "json"])

    assert ran.returncode == 7
    assert json.loads(ran.stderr)["error"]["kind"] == "network"

"""Clients that are slow, silent, broken or malicious, and those who must not notice them."""

import json
import re
import socket
import ssl
from contextlib import suppress

import pytest
import requests

from dpsctl.emulator.settings import Limits

GET = b"GET /enrollmentGroups/g1 HTTP/1.1\r\nHost: h\r\n\r\n"
LAST = GET[:-2] + b"Connection: close\r\n\r\n"


@pytest.fixture
def connect(emulator):
    """Open a TLS connection to the emulator; it closes with the test."""
    opened = []

    def connect_to(target=emulator, *, tls=True):
        connection = socket.create_connection((target.settings.host, target.port), timeout=10)
        opened.append(connection)
        if tls:
            context = ssl.create_default_context(cafile=target.ca_file)
            opened.append(context.wrap_socket(connection, server_hostname="127.0.0.1"))
        return opened[-1]

    yield connect_to
    for one in opened:
        one.close()


@pytest.fixture
def connect_plainly(start, connect):
    """Open a connection in the clear, whose sending side can be closed alone."""
    return lambda: connect(start(tls=False), tls=False)


def received(connection):
    """Read until the server hangs up."""
    data = b""
    while more := connection.recv(1 << 16):
        data += more
    return data


def status_of(answer):
    return int(answer.split(b" ", 2)[1])


def error_of(answer):
    return json.loads(answer.partition(b"\r\n\r\n")[2])["errorCode"]


def test_silent_and_half_shaken_clients_hold_up_nobody(api, connect):
    for _ in range(20):
        connect(tls=False)
        connect(tls=False).sendall(b"\x16\x03\x01\x02\x00\x01")

    answer = api("GET", "/enrollmentGroups/g1")  # held up, it would run into its time limit

    assert answer.status_code == 404


def test_client_that_says_nothing_is_hung_up_on(start, connect):
    hasty = start(idle_seconds=0.1)
    silent, shaken = connect(hasty, tls=False), connect(hasty)

    assert received(silent) == b""
    assert received(shaken) == b""


def test_plain_http_client_that_says_nothing_is_hung_up_on(start, connect):
    hasty = start(idle_seconds=0.1, tls=False)

    assert received(connect(hasty, tls=False)) == b""


def test_plain_http_to_a_tls_port_ends(emulator, connect):
    connection = connect(emulator, tls=False)
    connection.sendall(GET)

    with suppress(ConnectionResetError):
        assert b"HTTP" not in received(connection)


def test_connection_is_kept_for_the_next_request(connect):
    connection = connect()

    connection.sendall(GET + GET.replace(b"Host: h", b"Host: h\r\nConnection: close"))
    answers = received(connection)

    assert answers.count(b"HTTP/1.1 401 Unauthorized") == 2


def test_huge_request_line_is_refused_with_an_answer_that_arrives(emulator):
    answer = requests.get(f"{emulator.endpoint}/{'a' * 900_000}", verify=emulator.ca_file)

    assert answer.status_code == 414
    assert answer.json()["errorCode"] == 414000


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        pytest.param(b"nonsense\r\n\r\n", 400, id="no request"),
        pytest.param(b"GET / HTTP/9.9\r\n\r\n", 505, id="a version to come"),
        pytest.param(GET[:-2] + b"A : b\r\nContent-Length: 2\r\n\r\n{}", 400, id="odd header"),
        pytest.param(b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414, id="long line"),
        pytest.param(GET[:-2] + b"A: b\r\n" * 200 + b"\r\n", 431, id="many headers"),
        pytest.param(GET[:-2] + b"A: " + b"b" * 70_000 + b"\r\n\r\n", 431, id="long header"),
        pytest.param(GET[:-2] + b"Content-Length: -1\r\n\r\n", 400, id="negative length"),
        pytest.param(GET[:-2] + b"Content-Length: one\r\n\r\n", 400, id="length in words"),
        pytest.param(GET[:-2] + b"Content-Length: 99999999999\r\n\r\n", 413, id="endless length"),
        pytest.param(
            GET[:-2] + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", 413, id="5000 digits"
        ),
        pytest.param(
            GET[:-2] + b"Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}", 400, id="two lengths"
        ),
        pytest.param(
            GET[:-2] + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
            400,
            id="two codings",
        ),
        pytest.param(GET[:-2] + b"Transfer-Encoding: gzip\r\n\r\n", 400, id="unknown coding"),
        pytest.param(
            GET[:-2] + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
            400,
            id="smuggled",
        ),
        pytest.param(GET[:-2] + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400, id="chunk of -1"),
        pytest.param(GET[:-2] + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, id="chunk of x"),
        pytest.param(
            GET[:-2] + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", 413, id="endless chunk"
        ),
    ],
)
def test_broken_http_is_refused_in_json(connect_plainly, request_bytes, status):
    connection = connect_plainly()

    connection.sendall(request_bytes)
    connection.shutdown(socket.SHUT_WR)
    answer = received(connection)

    assert status_of(answer) == status
    assert error_of(answer) == status * 1000


@pytest.mark.parametrize(
    "path",
    ["/enrollmentGroups/../../etc/passwd", "//g1", "/%2e%2e/", "/enrollmentGroups/%c0%ae", "*"],
)
def test_path_tricks_lead_nowhere(connect_plainly, path):
    connection = connect_plainly()

    connection.sendall(f"GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n".encode())

    assert status_of(received(connection)) in (401, 404)


def test_absolute_url_is_read_as_its_path(connect_plainly):
    connection = connect_plainly()

    connection.sendall(b"GET https://h/enrollmentGroups/g1 HTTP/1.1\r\nConnection: close\r\n\r\n")

    assert status_of(received(connection)) == 401


def test_chunked_body_is_read(api, group_body):
    chunks = iter([json.dumps(group_body()).encode(), b" "])

    answer = api("PUT", "/enrollmentGroups/g1", data=chunks)

    assert answer.status_code == 200


def test_trailers_after_the_last_chunk_are_passed_over(connect_plainly):
    connection = connect_plainly()
    put = GET[:-2] + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nA: b\r\n\r\n"

    connection.sendall(put + LAST)

    assert re.findall(rb"HTTP/1.1 (\d+)", received(connection)) == [b"401", b"401"]


@pytest.mark.parametrize("length", [b"2", b"0" * 24 + b"2", b"2\r\nContent-Length: 2"])
def test_next_request_begins_where_the_body_ends(connect_plainly, length):
    connection = connect_plainly()

    connection.sendall(GET[:-2] + b"Content-Length: " + length + b"\r\n\r\n{}" + LAST)

    assert re.findall(rb"HTTP/1.1 (\d+)", received(connection)) == [b"401", b"401"]


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "CONNECT", "BREW", "__init__"])
@pytest.mark.parametrize("path", ["/enrollmentGroups/g1", "/nothing", "h:443", "/api/devices"])
def test_unknown_method_is_405_and_the_connection_goes_on(connect_plainly, method, path):
    connection = connect_plainly()

    connection.sendall(f"{method} {path} HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}".encode() + LAST)
    answers = received(connection)

    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"405", b"401"]
    assert b"\r\nAllow: DELETE, " in answers or b"\r\nAllow: GET, " in answers
    assert (b'"errorCode":405000' in answers) == (path != "/api/devices")


@pytest.mark.parametrize("path", ["/enrollmentGroups/g1", "/api/devices", "/nothing"])
@pytest.mark.parametrize("query", [b"\xff", b"api-version=\xff", b"%ff=%fe", b"?&=&\xc3\xa9"])
def test_odd_query_is_answered_and_logged(start, connect, path, query):
    plain = start(tls=False)
    connection = connect(plain, tls=False)

    connection.sendall(b"GET " + path.encode() + b"?" + query + LAST.partition(b"g1")[2])

    assert status_of(received(connection)) in (401, 404)
    assert [seen["path"] for seen in plain.requests()] == [path]


@pytest.mark.parametrize(
    "unfinished",
    [b"Content-Length: 9\r\n\r\n{}", b"Transfer-Encoding: chunked\r\n\r\n9\r\n{}"],
    ids=["length", "chunks"],
)
def test_client_that_leaves_in_the_middle_of_its_body_gets_no_answer(connect_plainly, unfinished):
    connection = connect_plainly()

    connection.sendall(b"PUT /enrollmentGroups/g1 HTTP/1.1\r\n" + unfinished)
    connection.shutdown(socket.SHUT_WR)

    assert received(connection) == b""


def test_body_limit_can_be_set(start, caller, group_body):
    send = caller(start(limits=Limits(body_bytes=10)))

    assert send("PUT", "/enrollmentGroups/g1", group_body()).status_code == 413


def test_head_has_no_body(api):
    answer = api("HEAD", "/enrollmentGroups/g1")

    assert (answer.status_code, answer.content) == (404, b"")


def test_plain_http_is_spoken_on_request(start, caller):
    plain = start(tls=False)

    assert plain.endpoint.startswith("http://127.0.0.1:")
    assert plain.ca_file is None
    assert caller(plain)("GET", "/enrollmentGroups/g1").status_code == 404

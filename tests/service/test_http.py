import io
import json
import threading
import time
from email.utils import formatdate

import pytest
from werkzeug.wrappers import Response

from dpsctl.errors import ServiceError, ServiceFailed, Throttled, Unreachable, UsageError
from dpsctl.run import Run
from dpsctl.service.calls import Request, Target
from dpsctl.service.http import Http

SHOW = "enrollment-group show --gid g1"
PATH = "/enrollmentGroups/g1"
RECORD = {"enrollmentGroupId": "g1", "attestation": {"type": "none"}, "etag": "e1"}


def answer(body=b"{}", status=200, **headers):
    lines = [f"HTTP/1.1 {status} Fine", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


GOOD = answer(json.dumps(RECORD).encode())
CUT = GOOD[:-20]


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        pytest.param("0", 0, 0, id="at-once"),
        pytest.param("3", 3, 3, id="seconds"),
        pytest.param("61", 60, 60, id="no-more-than-a-minute"),
        pytest.param("9" * 400, 60, 60, id="absurd"),
        pytest.param("soon", 0, 0.5, id="words"),
        pytest.param("\xb2", 0, 0.5, id="no-digit"),
        pytest.param("-5", 0, 0.5, id="negative"),
        pytest.param("", 0, 0.5, id="none"),
    ],
)
def test_throttled_request_waits_as_long_as_it_is_told(
    raw_service, run_offline, waits, header, least, most
):
    told = {"Retry_After": header} if header else {}
    raw_service(answer(status=429, **told).decode().encode("latin-1"), GOOD)

    assert run_offline(SHOW).json == RECORD
    assert len(waits) == 1
    assert least <= waits[0] <= most


@pytest.mark.parametrize(
    ("offset", "least", "most"), [(50, 20, 50), (-20, 0, 0)], ids=["to-come", "gone-by"]
)
def test_throttled_request_waits_until_the_date_it_is_told(
    raw_service, run_offline, waits, offset, least, most
):
    raw_service(answer(status=429, Retry_After=formatdate(time.time() + offset)), GOOD)

    run_offline(SHOW)

    assert least <= waits[0] <= most


def test_waits_grow_and_stay_below_a_minute(raw_service, run_offline, waits):
    raw_service(*[503] * 13)

    run_offline(f"{SHOW} --retries 12", expect=8)

    assert len(waits) == 12
    assert all(wait <= min(60, 0.5 * 2**number) for number, wait in enumerate(waits))
    assert len(set(waits)) > 6


def test_longest_wait_doubles_with_each_try(http, waits, monkeypatch):
    monkeypatch.setattr("dpsctl.service.http.random.uniform", lambda *bounds: max(bounds))
    _, session = http(*[503] * 10, retries=9)

    with pytest.raises(ServiceFailed):
        session.send(Request("GET", PATH))

    assert waits == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.usefixtures("waits")
def test_every_try_counts_as_a_request(http):
    _, session = http(503, 503, GOOD)

    session.send(Request("GET", PATH))

    assert session._run.requests == 3


@pytest.mark.parametrize(("method", "status"), [("GET", 204), ("DELETE", 204), ("DELETE", 200)])
def test_empty_answer_is_none(http, method, status):
    _, session = http(answer(b"", status=status))

    assert session.send(Request(method, PATH)).body is None


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize(("first", "is_possible"), [(b"", True), (429, False)])
def test_refusal_says_whether_a_try_before_it_may_have_worked(http, first, is_possible):
    _, session = http(first, answer(status=412))

    with pytest.raises(ServiceError) as refused:
        session.send(Request("PUT", PATH, {}, repeatable=True))

    assert refused.value.may_have_happened is is_possible


@pytest.mark.parametrize(
    ("request_", "shown"),
    [
        (Request("DELETE", PATH), {}),
        (
            Request("PUT", PATH, {"a": 1}, headers={"If-Match": "e1"}),
            {"headers": {"If-Match": "e1"}, "body": {"a": 1}},
        ),
    ],
    ids=["delete", "put"],
)
def test_planned_write_shows_what_would_be_sent(http, request_, shown):
    _, session = http()
    url = f"{session.target.url}{PATH}?api-version=2021-10-01"

    assert session.planned(request_) == {"method": request_.method, "url": url, **shown}


def test_answer_of_several_choices_is_no_success(http):
    _, session = http(answer(status=300))

    with pytest.raises(ServiceError):
        session.send(Request("GET", PATH))


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(408, id="408"),
        pytest.param(500, id="500"),
        pytest.param(502, id="502"),
        pytest.param(503, id="503"),
        pytest.param(504, id="504"),
        pytest.param(b"", id="dropped"),
        pytest.param(CUT, id="cut-body"),
        pytest.param(None, id="stalled"),
    ],
)
@pytest.mark.usefixtures("waits")
def test_passing_failure_is_tried_again(raw_service, run_offline, first):
    service = raw_service(first, GOOD)

    assert run_offline(f"{SHOW} --timeout 0.3").json == RECORD
    assert service.methods == ["GET", "GET"]


@pytest.mark.parametrize(
    ("first", "code"),
    [
        pytest.param(400, 1, id="400"),
        pytest.param(401, 4, id="401"),
        pytest.param(404, 3, id="404"),
        pytest.param(409, 5, id="409"),
        pytest.param(501, 8, id="501"),
        pytest.param(answer(b"oops"), 1, id="not-json"),
    ],
)
@pytest.mark.usefixtures("waits")
def test_lasting_failure_is_not_tried_again(raw_service, run_offline, first, code):
    service = raw_service(first, GOOD)

    run_offline(SHOW, expect=code)

    assert len(service.requests) == 1


@pytest.mark.parametrize(("retries", "tries"), [("--retries 0", 1), ("--retries 2", 3), ("", 5)])
@pytest.mark.parametrize(
    ("bad", "code"),
    [
        pytest.param(429, 6, id="throttled"),
        pytest.param(503, 8, id="failed"),
        pytest.param(b"", 7, id="lost"),
    ],
)
@pytest.mark.usefixtures("waits")
def test_retries_come_to_an_end(raw_service, run_offline, bad, code, retries, tries):
    service = raw_service(*[bad] * 9)

    run_offline(f"{SHOW} {retries}", expect=code)

    assert len(service.requests) == tries


@pytest.mark.parametrize(
    ("lines", "bodies"),
    [
        pytest.param("list", [answer(b"[]")], id="query"),
        pytest.param("show --gid g1 --keys", [GOOD.replace(b"none", b"symmetricKey")], id="keys"),
        pytest.param("delete --gid g1", [204], id="delete"),
        pytest.param("create --gid g1", [GOOD], id="put"),
    ],
)
@pytest.mark.usefixtures("waits")
def test_call_of_every_kind_is_repeated(raw_service, run_offline, lines, bodies):
    mechanism = [b"", answer(b'{"type":"symmetricKey"}')] if "--keys" in lines else []
    body = answer(b'{"attestation":{"type":"symmetricKey"}}') if mechanism else bodies[0]
    service = raw_service(b"", body, *mechanism)

    run_offline(f"enrollment-group {lines}")

    assert len(service.requests) == (4 if mechanism else 2)


@pytest.mark.usefixtures("waits")
def test_answer_that_never_comes_is_a_network_error(raw_service, run_offline):
    raw_service(None)

    ran = run_offline(f"{SHOW} --timeout 0.2 --retries 0", expect=7)

    assert "no answer in time" in ran.err
    assert "--timeout" in ran.err


def test_body_that_stops_arriving_is_a_time_out_too(odd_service, run_offline):
    has_given_up = threading.Event()

    def pieces():
        yield b"{"
        has_given_up.wait(5)

    stalling = Response(pieces(), headers={"Content-Length": "50"})
    odd_service.expect_request(PATH).respond_with_response(stalling)

    ran = run_offline(f"{SHOW} --timeout 0.2 --retries 0", expect=7)
    has_given_up.set()

    assert "no answer in time" in ran.err


def test_answer_that_ends_inside_its_head_is_an_error(raw_service, run_offline):
    raw_service(GOOD[:30])

    assert "not JSON" in run_offline(SHOW, expect=1).err


@pytest.fixture
def http(raw_service):
    """Start a raw server and return it with a session of its own."""

    def start(*answers, retries=2, stderr=None):
        service = raw_service(*answers)
        target = Target(f"http://127.0.0.1:{service.port}", "2021-10-01", retries=retries)
        return service, Http(target, lambda: "token-of-the-test", Run({}, stderr=stderr))

    return start


@pytest.mark.parametrize(
    ("first", "raised", "tries"),
    [
        pytest.param(b"", Unreachable, 1, id="lost"),
        pytest.param(503, ServiceFailed, 1, id="failed"),
        pytest.param(429, Throttled, 3, id="throttled"),
    ],
)
@pytest.mark.usefixtures("waits")
def test_call_that_may_have_worked_is_not_repeated_unless_it_may_be(http, first, raised, tries):
    service, session = http(*[first] * 3)

    with pytest.raises(raised):
        session.send(Request("POST", "/enrollmentGroups", {}, repeatable=False))

    assert len(service.requests) == tries


def test_number_that_json_lacks_is_not_sent(http):
    service, session = http(GOOD)

    with pytest.raises(UsageError, match="a number that JSON cannot carry"):
        session.send(Request("PUT", PATH, {"a": float("inf")}))

    assert service.requests == []


def test_certificate_nobody_vouches_for_is_refused_at_once(run, monkeypatch, waits):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")

    ran = run("enrollment-group list", expect=7)

    assert "not trusted" in ran.err
    assert "--ca-bundle" in ran.err
    assert waits == []


def test_closed_port_is_not_tried_again(run_offline, raw_service, waits):
    service = raw_service()
    service.close()
    service.close = lambda: None

    run_offline(SHOW, expect=7)

    assert waits == []


def test_redirection_is_not_followed(odd_service, run_offline):
    there = odd_service.url_for("/elsewhere")
    headers = {"Location": there}
    odd_service.expect_request(PATH).respond_with_data("", status=307, headers=headers)

    ran = run_offline(SHOW, expect=1)

    assert "token is for one host" in ran.err
    assert [request.path for request, _ in odd_service.log] == [PATH]


def test_netrc_does_not_replace_the_token(odd_service, run_offline, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine localhost login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    odd_service.expect_request(PATH).respond_with_json(RECORD)

    run_offline(SHOW)

    token = odd_service.log[0][0].headers["Authorization"]
    assert token.startswith("SharedAccessSignature sr=dps.example&sig=")


def test_retry_is_told_when_asked(http, waits):
    heard = io.StringIO()
    _, session = http(answer(status=429, Retry_After=7), GOOD, stderr=heard)
    session._run.verbose = True

    session.send(Request("GET", PATH))

    assert f"GET {session.target.url}{PATH}" in heard.getvalue()
    assert "trying again in 7.0 s" in heard.getvalue()
    assert waits == [7]


@pytest.mark.parametrize("is_paced", [False, True])
@pytest.mark.usefixtures("waits")
def test_trace_counts_the_tries(http, is_paced):
    heard = io.StringIO()
    service, session = http(503, GOOD, stderr=heard)
    session._run.debug = True
    if is_paced:
        session.keep_pace()

    session.send(Request("GET", PATH))

    lines = [line for line in heard.getvalue().splitlines() if line.startswith("> GET")]
    url = f"> GET http://127.0.0.1:{service.port}{PATH}?api-version=2021-10-01"
    assert lines == [url, f"{url}  (try 2)"]


def test_paced_request_is_sent_until_the_service_lets_it_through(http, waits):
    service, session = http(*[answer(status=429, Retry_After=0)] * 4, GOOD, retries=0)
    session.keep_pace()

    assert session.send(Request("GET", PATH)).body == RECORD
    assert len(service.requests) == 5
    assert waits == []


def test_lost_request_has_not_found_out_whether_all_are_let_through(http):
    _, session = http(429, b"", retries=0)
    session.keep_pace()

    with pytest.raises(Unreachable):
        session.send(Request("GET", PATH))

    now = time.monotonic()
    assert session._pace.seconds_to_wait(now) == 0
    assert session._pace.seconds_to_wait(now) > 0


@pytest.mark.parametrize("token", ["first\nsecond-line", "line\r", "umlaut-\u0171", "nul-\x01"])
def test_token_that_no_header_can_carry_is_refused(odd_service, run_offline, monkeypatch, token):
    monkeypatch.delenv("DPSCTL_LOGIN")
    monkeypatch.setenv("DPSCTL_ACCESS_TOKEN", f"{token}-end")

    ran = run_offline("enrollment-group list -n dps.example --auth-type login", expect=2)

    assert ran.err.startswith("dpsctl: DPSCTL_ACCESS_TOKEN is no token: it has a ")
    assert "second-line" not in ran.err
    assert odd_service.log == []


def test_central_token_that_no_header_can_carry_is_refused(odd_service, run_offline):
    words = ["central", "device", "list", "--app-id", odd_service.url_for(""), "--token", "a\nbcde"]

    ran = run_offline(words, expect=2)

    assert ran.err.startswith("dpsctl: --token or DPSCTL_CENTRAL_TOKEN is no token: it has a line")
    assert "bcde" not in ran.err
    assert odd_service.log == []


def test_etag_that_no_header_can_carry_is_named(raw_service, run_offline):
    service = raw_service({**RECORD, "etag": "e\u2603"})

    ran = run_offline("enrollment-group update --gid g1 --tags a=b", expect=1)

    assert "If-Match" in ran.err
    assert service.methods == ["GET"]


def test_terminal_obeys_nothing_that_a_service_says(raw_service, run_offline):
    said = "\x1b]0;owned\x07\x1b[2J \x9b31m \u202e\r"
    raw_service(answer(json.dumps({"message": said}).encode(), 400), {**RECORD, "etag": said})

    refused = run_offline(f"{SHOW} --debug", expect=1).err
    shown = run_offline(SHOW)

    assert "\\x1b]0;owned" in refused
    assert refused.replace("\n", "").isprintable()
    assert shown.out.replace("\n", "").isprintable()
    assert shown.json["etag"] == said

"""Wherever a link of an answer points, only the service itself is asked for the next page."""

import socket

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.wrappers import Response

from dpsctl.errors import BadAnswer
from dpsctl.service.links import own_link

BASE = "https://good.example"
PIECES = [
    "https:", "http:", "HTTPS:", "ftp:", "//", "/", "\\", "@", ":", ":443", ":0443", ":80", "?",
    "#",
    "good.example", "GOOD.example", "good.example.", "thief.example", "good.example.thief.example",
    "%2f", "%40", "..", "\t", "\r\n", " ", "\u3002", "[::1]", "\x00", "é", "\ud800", "path",
]  # fmt: skip


@pytest.mark.parametrize(
    ("link", "followed"),
    [
        pytest.param("https://good.example/a?b=%2Fc&%24d=1", None, id="absolute"),
        pytest.param("https://GOOD.example:443/a?b", "https://good.example/a?b", id="its-port"),
        pytest.param("/a/b?c=d", "https://good.example/a/b?c=d", id="a-path"),
        pytest.param("https://good.example/a#part", "https://good.example/a", id="a-part"),
    ],
)
def test_link_to_the_service_is_followed(link, followed):
    assert own_link(link, BASE) == (followed or link)


@pytest.mark.parametrize(
    "link",
    [
        r"https://thief.example\@good.example/x",
        "https://good.example@thief.example/x",
        "https://user@good.example/x",
        "https://good.example:444/x",
        "http://good.example/x",
        "https://good.example./x",
        "https://good.example.thief.example/x",
        "//thief.example/x",
        "@thief.example/x",
        ".thief.example/x",
        ":x@thief.example",
        "good.example/x",
        "x",
        "",
        "https://good.example:port/x",
        "https://[::1/x",
        "https://good.example:99999/x",
    ],
)
def test_link_to_anywhere_else_is_refused(link):
    with pytest.raises(BadAnswer, match="leads elsewhere"):
        own_link(link, BASE)


@given(link=st.one_of(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), st.text()))
@example(link=r"https://thief.example\@good.example/x")
def test_no_link_leads_away(link):
    try:
        followed = own_link(link, BASE)
    except BadAnswer:
        return
    assert followed.startswith(f"{BASE}/")
    assert followed.isprintable()


@pytest.fixture
def connections(monkeypatch):
    """The hosts whose addresses were asked for, and whom nobody but this machine answers."""
    asked = []
    look_up = socket.getaddrinfo

    def record(host, *more, **given):
        asked.append(host)
        return look_up("127.0.0.1", *more, **given)

    monkeypatch.setattr(socket, "getaddrinfo", record)
    return asked


@pytest.mark.parametrize("command", ["central device list", "central device-group list"])
@pytest.mark.parametrize(
    "link",
    [
        r"http://thief.example:{port}\@localhost:{port}/api/devices",
        "http://localhost:{port}@thief.example:{port}/api/devices",
        "@thief.example:{port}/api/devices",
        ".thief.example:{port}/api/devices",
        "//thief.example:{port}/api/devices",
        "http://thief.example:{port}/api/devices",
    ],
)
def test_token_goes_to_the_service_only(
    httpserver, monkeypatch, run_offline, connections, link, command
):
    monkeypatch.setenv("DPSCTL_CENTRAL_APP", f"http://localhost:{httpserver.port}")
    monkeypatch.setenv("DPSCTL_CENTRAL_TOKEN", "the-token")
    monkeypatch.setenv("NO_PROXY", "*")
    page = {"value": [], "nextLink": link.format(port=httpserver.port)}
    httpserver.expect_oneshot_request("/api/devices").respond_with_json(page)
    httpserver.expect_oneshot_request("/api/deviceGroups").respond_with_json(page)

    ran = run_offline(command, expect=1)

    assert "leads elsewhere" in ran.err
    assert set(connections) == {"localhost"}
    assert len(httpserver.log) == 1


def test_list_that_comes_back_to_an_early_page_ends(httpserver, monkeypatch, run_offline):
    monkeypatch.setenv("DPSCTL_CENTRAL_APP", f"http://localhost:{httpserver.port}")
    monkeypatch.setenv("DPSCTL_CENTRAL_TOKEN", "the-token")
    monkeypatch.setenv("NO_PROXY", "localhost")
    for page in (2, 3, 2):
        httpserver.expect_ordered_request("/api/devices").respond_with_json(
            {"value": [{"id": "d"}], "nextLink": f"/api/devices?page={page}"}
        )

    ran = run_offline("central device list", expect=1)

    assert "goes round in circles" in ran.err
    assert ran.out == ""


def test_continuation_that_was_seen_before_ends_the_list(odd_service, run_offline):
    for token in ("a", "b", "c", "a"):
        odd_service.expect_ordered_request("/enrollmentGroups/query").respond_with_response(
            Response("[{}]", headers={"x-ms-continuation": token})
        )

    ran = run_offline("enrollment-group list", expect=1)

    assert "goes round in circles" in ran.err


@pytest.mark.parametrize("link", [5, [], {"a": 1}, True])
def test_link_that_is_no_text_is_named(httpserver, monkeypatch, run_offline, link):
    monkeypatch.setenv("DPSCTL_CENTRAL_APP", f"http://localhost:{httpserver.port}")
    monkeypatch.setenv("DPSCTL_CENTRAL_TOKEN", "the-token")
    monkeypatch.setenv("NO_PROXY", "localhost")
    httpserver.expect_request("/api/devices").respond_with_json({"value": [], "nextLink": link})

    assert "nextLink in the service's answer is" in run_offline("central device list", expect=1).err


def test_more_records_than_were_asked_for_are_cut_and_told_of(odd_service, run_offline):
    records = [{"enrollmentGroupId": f"g{number}"} for number in range(5)]
    odd_service.expect_request("/enrollmentGroups/query").respond_with_json(records)

    ran = run_offline("enrollment-group list --top 2")

    assert [record["enrollmentGroupId"] for record in ran.json] == ["g0", "g1"]
    assert "the list was cut at --top 2" in ran.err


@pytest.mark.parametrize(
    ("pages", "top", "found", "is_cut"),
    [
        ([5], 5, 5, False),
        ([5], 6, 5, False),
        ([3, 3], 3, 3, True),
        ([3, 3], 4, 4, True),
        ([3, 3], 6, 6, False),
        ([3, 0], 3, 3, True),
    ],
)
def test_list_is_cut_where_it_is_asked_to_be_whatever_a_page_holds(
    odd_service, run_offline, pages, top, found, is_cut
):
    for number, size in enumerate(pages):
        goes_on = {"x-ms-continuation": f"page-{number}"} if number + 1 < len(pages) else {}
        records = [{"enrollmentGroupId": f"g{number}-{one}"} for one in range(size)]
        odd_service.expect_ordered_request("/enrollmentGroups/query").respond_with_json(
            records, headers=goes_on
        )

    ran = run_offline(f"enrollment-group list --top {top} -o jsonl")

    assert len(ran.out.splitlines()) == found
    assert ("the list was cut" in ran.err) is is_cut

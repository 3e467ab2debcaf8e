"""The page and what it reads, over HTTP: who may read what, and events that end when they shall."""

import json
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from html.parser import HTMLParser
from importlib.resources import files

import pytest
import requests
from werkzeug.test import Client

from dpsctl.emulator.app import EmulatorApp

GROUPS = "records/enrollmentGroups"


@pytest.fixture
def get(emulator):
    """Read something below /_emulator/, with the control token if *proved*."""

    def read(path, *, proved=False, at=emulator, **given):
        token = {"Authorization": f"Bearer {at.control_token}"} if proved else {}
        url = f"{at.endpoint}/_emulator/{path}"
        headers = token | given.pop("headers", {})
        return requests.get(url, headers=headers, verify=at.ca_file, timeout=10, **given)

    return read


class Page(HTMLParser):
    """What a page loads, and what no page under its policy may have."""

    def __init__(self):
        super().__init__()
        self.loaded, self.inline = [], []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in ("script", "link", "img"):
            self.loaded.append(given.get("src") or given.get("href"))
        self.inline += [name for name in given if name.startswith("on") or name == "style"]


def test_page_loads_its_own_files_and_nothing_else(get):
    answer = get("")
    page = Page()
    page.feed(answer.text)

    policy = answer.headers["Content-Security-Policy"]
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= {
        *map(str.strip, policy.split(";"))
    }
    assert "unsafe" not in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert len(page.loaded) == 3
    assert page.inline == []
    for name in page.loaded:
        file = get(name)
        assert file.status_code == 200, name
        assert file.headers["X-Content-Type-Options"] == "nosniff"


def test_every_file_of_the_page_is_served_and_no_other(get):
    names = [file.name for file in files("dpsctl.emulator.page").joinpath("static").iterdir()]

    assert {name: get(f"page/{name}").status_code for name in names} == dict.fromkeys(names, 200)
    for name in ("../state.py", "..%2fstate.py", "state.py", "", "no.js"):
        assert get(f"page/{name}").status_code == 404


def test_page_without_its_slash_leads_to_the_page(emulator, get):
    answer = requests.get(f"{emulator.endpoint}/_emulator", verify=emulator.ca_file, timeout=10)

    assert (answer.url, answer.status_code) == (f"{emulator.endpoint}/_emulator/", 200)
    assert emulator.requests() == []
    assert get("", allow_redirects=False).status_code == 200


def test_keys_are_read_with_the_control_token_alone(get, create_group):
    made = create_group()["attestation"]["symmetricKey"]

    plain = [get(path).text for path in (GROUPS, f"{GROUPS}/g1", "state", "requests")]
    refused = get("keys/enrollmentGroups/g1")
    shown = get("keys/enrollmentGroups/g1", proved=True).json()

    assert not any(key in text for key in made.values() for text in plain)
    assert json.loads(plain[1])["attestation"]["symmetricKey"]["primaryKey"] == "***"
    assert (refused.status_code, get("environment").status_code) == (401, 401)
    assert shown["attestation"]["symmetricKey"] == made


def test_environment_holds_what_each_shell_needs(emulator, get):
    told = get("environment", proved=True).json()

    assert told["ready"] == emulator.ready() | {
        name: told["ready"][name] for name in ("centralToken", "accessToken")
    }
    assert f"export DPSCTL_EMULATOR_PAGE='{emulator.page}'" in told["lines"]["sh"]
    assert set(told["lines"]) == {"sh", "fish", "powershell", "cmd"}


def test_records_are_found_by_part_of_their_ids_newest_first(emulator, get):
    registrations = [
        {"registrationId": f"pump-{place}", "enrollmentGroupId": f"g{place % 2}"}
        for place in range(6)
    ]
    emulator.seed({"registrations": registrations})

    def found(query):
        told = get(f"records/registrations?{query}").json()
        return [row["record"]["registrationId"] for row in told["rows"]], told["total"]

    assert found("size=2&skip=1") == (["pump-4", "pump-3"], 6)
    assert found("text=MP-5") == (["pump-5"], 1)
    assert found("text=%25") == ([], 0)
    assert found("group=G1&size=1") == (["pump-5"], 3)
    assert get("records/registrations?size=-1").status_code == 400
    assert get("records/devices").status_code == 404


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["state", "events", "requests", ""])
def test_page_of_another_site_reads_nothing_by_pictures_and_scripts(get, site, path):
    assert get(path, headers={"Sec-Fetch-Site": site}, stream=True).status_code == 403


def test_address_in_a_terminal_or_on_another_page_leads_to_the_page(get):
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}

    assert get("", headers=headers).status_code == 200


def test_machine_may_control_it_by_the_address_that_it_has(start, get, monkeypatch):
    emulator = start(host="0.0.0.0", allow_remote=True, sans=("dps.example",), tls=False)
    own = own_address()
    monkeypatch.setenv("NO_PROXY", own)

    answer = requests.get(
        f"http://{own}:{emulator.port}/_emulator/state", headers={"Host": "dps.example"}, timeout=10
    )

    assert answer.status_code == 200
    assert emulator.page.startswith(f"http://localhost:{emulator.port}/_emulator/#token=")
    assert get("state", at=start(host="::1")).json()["endpoint"].startswith("https://[::1]:")


def own_address():
    """The address of this machine that others would use, found without asking anybody."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return probe.getsockname()[0]


@contextmanager
def listening(emulator, **headers):
    """Read events as a page does; yields a function that waits for the next one of a name."""
    url = f"{emulator.endpoint}/_emulator/events"
    with requests.get(
        url, headers=headers, stream=True, verify=emulator.ca_file, timeout=10
    ) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        lines = answer.iter_lines(chunk_size=1, decode_unicode=True)
        yield lambda name: next_event(lines, name)


def next_event(lines, name):
    event = {}
    for line in lines:
        field, _, value = line.partition(": ")
        if field:
            event[field] = value
        elif event.get("event") == name:
            return event.get("id"), json.loads(event["data"])
        else:
            event = {}
    return None


def test_events_tell_of_requests_as_they_come_and_why_they_were_refused(emulator, api):
    with listening(emulator) as event:
        _, before = event("state")
        api("GET", "/enrollmentGroups/nope")
        place, (asked,) = event("requests")

    assert before["records"] == {"enrollmentGroups": 0, "enrollments": 0, "registrations": 0}
    assert (asked["path"], asked["status"]) == ("/enrollmentGroups/nope", 404)
    assert asked["reason"] == "EnrollmentGroup not found."
    assert {"headers", "body"}.isdisjoint(asked)
    assert place == f"{before['run']}-{asked['number']}"


def test_events_tell_what_no_request_changed(emulator):
    with listening(emulator) as event:
        event("state")
        emulator.faults.replace(["503 once"])
        _, after = event("state")

    assert after["faults"] == [{"text": "503 once", "struck": 0, "isSpent": False}]


def test_events_go_on_where_a_page_left_off(emulator, api):
    for name in ("a", "b"):
        api("GET", f"/enrollmentGroups/{name}")
    seen = emulator.requests()[0]["number"]
    run = emulator.service.log.run

    def told(place):
        with listening(emulator, **{"Last-Event-ID": place}) as event:
            return [one["path"][-1] for one in event("requests")[1]]

    assert told(f"{run}-{seen}") == ["b"]
    assert told(f"00000000-{seen}") == told("nonsense") == ["a", "b"]


def test_reset_is_told(emulator, api):
    with listening(emulator) as event:
        event("state")
        api("GET", "/enrollmentGroups/nope")
        _, (asked,) = event("requests")
        emulator.reset()
        while (state := event("state")[1])["forgotten"] < asked["number"]:
            pass

    assert state["forgotten"] == asked["number"]


def test_pages_beyond_the_room_are_refused_and_those_that_leave_make_room(start):
    emulator = start()
    url = f"{emulator.endpoint}/_emulator/events"

    watching = [
        requests.get(url, stream=True, verify=emulator.ca_file, timeout=10) for _ in range(33)
    ]
    codes = [answer.status_code for answer in watching]
    for answer in watching:
        answer.close()

    assert codes == [200] * 32 + [503]
    for _ in range(33):  # one that does not even read makes room at once
        wait_for(lambda: head(url, emulator) == 200)


def head(url, emulator):
    return requests.head(url, verify=emulator.ca_file, timeout=10).status_code


def wait_for(is_so, seconds=10):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("tls", [True, False])
def test_emulator_stops_whoever_watches_and_whoever_does_not_read(start, tls):
    emulator = start(tls=tls)
    before = threading.active_count()
    app = Client(EmulatorApp(emulator.service))
    for _ in range(800):  # more than a connection holds of what nobody reads
        app.get(f"/{'x' * 8000}")
    silent = connected(emulator)
    silent.sendall(b"GET /_emulator/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    told = []

    def watch():
        place = f"{emulator.service.log.run}-799"
        with listening(emulator, **{"Last-Event-ID": place}) as event:
            told.append(event("requests") is not None)
            told.append(event("nothing"))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    wait_for(lambda: told)
    emulator.stop()
    watcher.join(10)

    assert told == [True, None]
    wait_for(lambda: threading.active_count() < before)
    silent.close()


def connected(emulator):
    plain = socket.create_connection((emulator.settings.host, emulator.port), 10)
    if not emulator.settings.tls:
        return plain
    context = ssl.create_default_context(cafile=emulator.ca_file)
    return context.wrap_socket(plain, server_hostname="localhost")

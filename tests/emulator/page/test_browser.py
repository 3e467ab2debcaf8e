"""The page in a real browser: what it shows, what it lets one do, and whom it asks."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings

HUB = "hub-1.azure-devices.net"
KEY = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="
KEYS = {"type": "symmetricKey", "symmetricKey": {"primaryKey": KEY, "secondaryKey": KEY}}
GROUP = {"enrollmentGroupId": "line-4", "attestation": KEYS}
HOSTILE = "<img src=x onerror=\"document.title='owned'\">"
VIEWS = ["requests", "groups", "enrollments", "registrations", "faults", "data", "connect"]
# Nothing but what the page does: no look for updates, no warming up of connections.
QUIET = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def running_emulator():
    settings = EmulatorSettings(hubs=((HUB, 1),), retry_after_seconds=0, mqtt_port=0)
    with Emulator(settings) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def browser(program):
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program("chromium"), args=QUIET)
        yield started
        started.close()


@pytest.fixture
def visit(browser, emulator):
    """Open the page in a profile of its own; whatever it asks, it asks of the emulator."""
    profiles, asked, errors = [], [], []

    def open_page(address=None, **profile):
        profile = {"ignore_https_errors": True, "locale": "en-GB", **profile}
        profiles.append(browser.new_context(**profile))
        profiles[-1].set_default_timeout(15_000)
        profiles[-1].on("request", lambda request: asked.append(request.url))
        page = profiles[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda told: told.type == "error" and errors.append(told.text))
        page.goto(address or emulator.page)
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        return page

    yield open_page
    for profile in profiles:
        profile.close()
    assert [url for url in asked if not url.startswith(f"{emulator.endpoint}/_emulator/")] == []
    refused = "Failed to load resource: the server responded with a status of 4"
    assert [error for error in errors if not error.startswith(refused)] == []


def go_to(page, view):
    link = page.get_by_role("navigation", name="Views").get_by_role("link", name=re.compile(view))
    link.click()
    expect(link).to_have_attribute("aria-current", "page")
    return page.get_by_role("main")


def test_device_that_registers_appears_and_one_that_is_refused_says_why(visit, emulator, inside):
    page = visit()
    expect(page.get_by_text("No requests yet")).to_be_visible()

    emulator.seed({"enrollmentGroups": [GROUP]})
    register = "device register --registration-id device-1 --query status"
    assert inside(f"{register} --group-key {KEY}").json == "assigned"
    inside(f"{register} --key YW5vdGhlciBrZXkgYWx0b2dldGhlcg==", expect=4)

    refused = page.get_by_role("row").filter(has_text="registrations/device-1/register").first
    expect(refused).to_contain_text("The token is not signed with a key derived from")
    expect(refused).to_contain_text("401")
    refused.get_by_role("button").click()
    details = page.get_by_role("dialog")
    expect(details).to_contain_text("SharedAccessSignature")
    expect(details).to_contain_text("sig=***")
    page.keyboard.press("Escape")
    expect(refused.get_by_role("button")).to_be_focused()

    registrations = go_to(page, "Registrations")
    expect(registrations.get_by_role("row").filter(has_text="device-1")).to_contain_text(HUB)
    go_to(page, "Groups").get_by_role("button", name="1 devices of line-4").click()
    expect(registrations.get_by_text("Group line-4")).to_be_visible()


def test_keys_are_shown_when_asked_for_and_gone_afterwards(visit, emulator):
    emulator.seed({"enrollmentGroups": [GROUP]})
    page = visit()

    go_to(page, "Groups").get_by_role("button", name="line-4", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text('"primaryKey": "***"')
    assert KEY not in page.content()
    page.get_by_role("button", name="Show keys").click()
    expect(page.get_by_role("dialog")).to_contain_text(KEY)
    expect(page.get_by_role("button", name="Hide keys")).to_be_focused()
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#details-body")).to_be_empty()
    assert KEY not in page.content()

    connect = go_to(page, "Connect")
    assert emulator.policy_key not in page.content()
    connect.get_by_role("button", name="Show").click()
    expect(connect).to_contain_text(emulator.connection_string)
    go_to(page, "Requests")
    assert emulator.policy_key not in page.content()
    assert emulator.control_token not in page.url


def test_fault_is_switched_on_and_off(visit, emulator, inside):
    page = visit()
    main = go_to(page, "Faults")

    main.get_by_role("switch", name="503 twice").click()
    expect(main.get_by_role("switch", name="503 twice")).to_be_checked()
    assert emulator.faults.texts() == ["503 twice"]
    inside("enrollment-group list --retries 0", expect=8)
    expect(main).to_contain_text("struck 1 time")
    main.get_by_role("button", name="Switch off 503 twice").click()
    expect(main.get_by_text("None: everything works.")).to_be_visible()
    assert emulator.faults.texts() == []

    fault = main.get_by_placeholder("429 after 3")
    fault.fill("boom")
    fault.press("Enter")
    expect(main.get_by_role("alert").first).to_contain_text("'boom' is no failure")
    main.get_by_role("switch", name="disableLocalAuth").click()
    expect(main.get_by_role("switch", name="disableLocalAuth")).to_be_checked()
    assert emulator.service.local_auth.is_disabled


def test_records_are_seeded_and_everything_reset(visit, emulator):
    page = visit()
    main = go_to(page, "Seed and reset")

    main.get_by_label("Records in JSON").fill("{")
    main.get_by_role("button", name="Seed", exact=True).click()
    expect(main.get_by_role("alert").first).to_contain_text("This is no JSON")
    main.get_by_label("Records in JSON").fill('{"enrollments": [{"registrationId": "x"}]}')
    main.get_by_role("button", name="Seed", exact=True).click()
    expect(main.get_by_role("alert").first).to_contain_text("enrollments[0]")
    main.get_by_role("button", name="Insert an example").click()
    main.get_by_role("button", name="Seed", exact=True).click()
    expect(page.get_by_text("Written: 1 enrollmentGroups, 1 enrollments")).to_be_visible()

    main.get_by_role("button", name="Reset the emulator").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 group, 1 enrollment and 1 registration")
    expect(page.get_by_role("button", name="Keep all")).to_be_focused()
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(page.get_by_text("as it was at the start")).to_be_visible()
    assert emulator.store.count("EnrollmentGroup") == 0


def test_log_is_found_in_held_and_cleared(visit, api):
    for name in ("one", "two"):
        api("GET", f"/enrollmentGroups/{name}")
    api("POST", "/enrollmentGroups/query", {"query": "*"})
    main = visit().get_by_role("main")
    rows = main.locator("#requests-rows tbody tr")

    expect(rows).to_have_count(3)
    main.get_by_role("searchbox").fill("404 groups/ONE")
    expect(rows).to_have_count(1)
    main.get_by_role("searchbox").fill("")
    main.get_by_label("Only refused").check()
    expect(main).to_contain_text("2 of 3 requests, 2 refused")
    main.get_by_role("button", name="Pause").click()
    api("GET", "/enrollmentGroups/three")
    expect(main).to_contain_text("2 of 3 requests, 2 refused (paused)")
    main.get_by_role("button", name="Go on").click()
    expect(rows).to_have_count(3)
    main.get_by_role("button", name="Pause").click()
    main.get_by_role("button", name="Clear").click()
    expect(main.get_by_text("No requests yet")).to_be_visible()


def test_page_without_the_token_changes_nothing_and_takes_one(visit, emulator):
    page = visit(f"{emulator.endpoint}/_emulator/#/data")

    expect(page.get_by_text("You can look, but change nothing")).to_be_visible()
    expect(page.get_by_role("button", name="Reset the emulator")).to_be_disabled()
    page.get_by_label("Control token").fill(emulator.page)
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("button", name="Reset the emulator")).to_be_enabled()
    page.reload()
    expect(page.get_by_role("button", name="Reset the emulator")).to_be_enabled()


def test_what_records_say_is_text_wherever_it_stands(visit, emulator, api):
    twin = {"tags": {HOSTILE: HOSTILE}}
    record = {"registrationId": HOSTILE, "status": HOSTILE, "assignedHub": HOSTILE}
    emulator.seed({"enrollmentGroups": [GROUP | {"initialTwin": twin, HOSTILE: HOSTILE}]})
    for name, label in ((HOSTILE, HOSTILE), ("\u202etxt.exe\x1b[31m", "line-4")):
        emulator.store.put("DeviceRegistration", name, record | {"registrationId": name}, label)
    api("GET", f"/enrollmentGroups/{HOSTILE}", headers={"If-Match": HOSTILE})
    page = visit()

    page.get_by_role("button", name=HOSTILE).click()
    expect(page.get_by_role("dialog")).to_contain_text(json.dumps(HOSTILE)[1:-1])
    page.keyboard.press("Escape")
    go_to(page, "Groups").get_by_role("button", name="line-4", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text(json.dumps(HOSTILE)[1:-1])
    page.keyboard.press("Escape")
    rows = go_to(page, "Registrations").get_by_role("row")
    expect(rows.filter(has_text=HOSTILE).first).to_be_visible()
    expect(rows.filter(has_text=r"\u{202e}txt.exe\x1b[31m")).to_have_count(1)

    assert page.locator("img").count() == 0
    assert page.title() == "Registrations · dpsctl emulator"


def test_ten_thousand_records_are_shown_some_at_a_time(visit, emulator):
    registrations = [
        {"registrationId": f"device-{number:05}", "status": "assigned"} for number in range(10_000)
    ]
    emulator.seed({"registrations": registrations})
    page = visit()
    main = go_to(page, "Registrations")

    expect(main).to_contain_text("100 of 10,000, newest first")
    expect(main.get_by_role("row")).to_have_count(101)
    main.get_by_role("button", name="Last").click()
    expect(main).to_contain_text("device-00000")
    expect(main.get_by_role("button", name="First")).to_be_focused()
    main.get_by_role("searchbox").fill("E-0123")
    expect(main.get_by_role("row")).to_have_count(11)
    main.get_by_role("searchbox").fill("nothing")
    expect(main).to_contain_text("Nothing matches")
    assert page.evaluate("document.getElementsByTagName('*').length") < 2000


def test_everything_is_reached_with_the_keyboard(visit, emulator):
    emulator.seed({"enrollmentGroups": [GROUP]})
    page = visit()

    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to content")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Enrollment groups")).to_be_focused()
    expect(page.get_by_role("button", name="line-4", exact=True)).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("line")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="line-4", exact=True)).to_be_focused()


def test_tabs_share_one_connection_and_all_hear_of_requests(visit, emulator, api):
    """A browser has six connections to a host: a seventh tab with one of its own would wait."""
    first = visit()
    tabs = [first.context.new_page() for _ in range(6)]
    for tab in tabs:
        tab.goto(emulator.page)
        expect(tab.get_by_text("Live", exact=True)).to_be_visible()

    api("GET", "/enrollmentGroups/one")
    for tab in (first, *tabs):
        expect(tab.get_by_role("row").filter(has_text="/enrollmentGroups/one")).to_be_visible()
    assert emulator.service.log._watchers == 1
    first.close()
    api("GET", "/enrollmentGroups/two")
    for tab in tabs:
        expect(tab.get_by_role("row").filter(has_text="/enrollmentGroups/two")).to_be_visible()


def test_page_says_that_the_emulator_stopped_and_goes_on_with_the_next(browser, tmp_path):
    settings = EmulatorSettings(tls=False, db=str(tmp_path / "dps.sqlite"))
    with Emulator(settings) as emulator:
        page = browser.new_page()
        page.goto(emulator.page)
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        port = emulator.port
    expect(page.get_by_text("Not reached, trying again")).to_be_visible()

    again = EmulatorSettings(tls=False, db=settings.db, port=port)
    with Emulator(again):
        expect(page.get_by_text("Live", exact=True)).to_be_visible(timeout=15_000)
        expect(page.get_by_text("You can look, but change nothing")).to_be_visible()
        page.close()


@pytest.fixture(scope="module")
def axe(program, tmp_path_factory):
    """Install axe-core, by its lock, and return its source."""
    folder = tmp_path_factory.mktemp("axe")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(Path(__file__).parent / "axe" / name, folder)
    command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    npm = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if npm.returncode:
        pytest.skip(f"npm cannot install axe-core: {npm.stderr[-500:]}")
    return (folder / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_shut_out(visit, emulator, api, axe, scheme):
    """axe-core finds nothing wrong, in either scheme, and no view is too wide for a telephone."""
    emulator.seed(
        {
            "enrollmentGroups": [GROUP, GROUP | {"enrollmentGroupId": "line-5"}],
            "registrations": [{"registrationId": "d1", "status": "failed", "errorMessage": "no"}],
        }
    )
    emulator.faults.replace(["503 once", "latency 1ms"])
    for _ in range(2):
        api("GET", "/enrollmentGroups/nope")
    page = visit(color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
    page.evaluate(axe)

    found = []
    for view in VIEWS:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.evaluate(f"location.hash = '#/{view}'")
        expect(page.locator(f"#{view}")).to_be_visible()
        found += [f"{view}: {one}" for one in wrong_in(page)]
        page.set_viewport_size({"width": 400, "height": 900})
        overhang = page.evaluate("document.body.scrollWidth - innerWidth")
        found += [f"{view}: {overhang} px too wide for a telephone"] if overhang > 0 else []
    page.get_by_role("link", name=re.compile("Groups")).click()
    page.get_by_role("button", name="line-4", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found += wrong_in(page)

    assert found == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground)[:3])) < 384) == (scheme == "dark")


def wrong_in(page):
    told = page.evaluate("axe.run()")
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:120] for node in one['nodes'][:3]]}"
        for one in told["violations"]
    ]

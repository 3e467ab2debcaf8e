"""The emulator answers as the scenarios expect, and a run tells where a service does not."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conformance.asking import Asking
from conformance.running import SETTINGS, ask_all, from_login, main, of_emulator, report
from conformance.scenarios import all_scenarios, chosen
from conformance.visit import MOST_CALLS, Visit

from dpsctl.emulator.server import Emulator

PAGE = Path(__file__).parents[2] / "docs" / "service.md"


@pytest.fixture(scope="module")
def service():
    with Emulator(SETTINGS) as emulator:
        yield emulator


@pytest.fixture
def visit(service):
    service.reset()
    return Visit(of_emulator(service))


@pytest.mark.parametrize("scenario", all_scenarios(), ids=str)
def test_emulator_answers_as_expected(scenario, visit):
    asking = Asking(visit, scenario.fact, "1")

    scenario.ask(asking)

    assert [str(one) for one in asking.findings if not one.is_as_expected] == []
    assert asking.findings


def test_run_is_within_its_calls_and_leaves_nothing(service, visit):
    findings, skipped = ask_all(visit, chosen(None))

    assert visit.calls <= MOST_CALLS
    assert (skipped, visit.left_behind) == ([], [])
    for kind in ("EnrollmentGroup", "Enrollment", "DeviceRegistration"):
        assert service.store.page(kind, 10) == ([], None)
    count, calls = len(findings), visit.calls
    assert list(report(visit, findings, skipped)) == [
        f"{count} questions, 0 answered otherwise than by the emulator, {calls} calls\n"
    ]


def test_differences_are_told_by_their_facts(service, visit):
    service.faults.replace(["503 on DELETE", "500 on GET /enrollmentGroups"])

    findings, skipped = ask_all(visit, chosen("b2") + chosen("defaults are not added"))

    told = list(report(visit, findings, skipped))
    assert "docs/service.md#b2: DELETE without If-Match: expected 204, got 503000\n" in told
    assert told[0].startswith("docs/service.md#b1: ") or len(told) > 2
    assert "answered otherwise" in told[-1]


def test_what_a_service_has_not_got_is_not_asked(service):
    target = of_emulator(service)
    bare = from_login(
        f"HostName={target.host};SharedAccessKeyName={target.policy};SharedAccessKey={target.key}",
        {},
    )
    _, skipped = ask_all(Visit(bare), [one for one in chosen(None) if one.needs])

    assert {why for _, why in skipped} == {"the service has no id scope, or it was not said"}


def test_calls_end_before_there_are_too_many(visit):
    findings, skipped = ask_all(visit, chosen("bulk counts") * 3)

    assert visit.calls <= MOST_CALLS
    assert [why for _, why in skipped] == [f"{MOST_CALLS} calls are enough"] * 2
    assert len(findings) == 1


def test_record_holds_no_secret(service, visit):
    ask_all(visit, chosen(None))
    text = json.dumps(visit.exchanges)

    assert len(visit.exchanges) == visit.calls
    assert '"primaryKey": "***"' in text
    for secret in (service.policy_key, service.host, service.id_scope, visit.prefix, "sig="):
        assert secret not in text
    assert re.findall(r'(?i)"(?:primary|secondary)key": "(?!\*\*\*)', text) == []


def test_list_of_scenarios_names_their_facts():
    ran = subprocess.run(
        [sys.executable, Path(__file__).parent, "--collect"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.splitlines() == [str(one) for one in all_scenarios()]
    page = PAGE.read_text()
    assert all(f'<a id="{one.fact}"></a>' in page for one in all_scenarios())


@pytest.mark.parametrize("login", ["", "HostName=h", "a=b;c"])
def test_login_that_is_none_is_refused(login):
    with pytest.raises(SystemExit, match="DPSCTL_CONFORMANCE_LOGIN lacks"):
        from_login(login, {})


def test_words_that_choose_nothing_are_refused(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["conformance", "--only", "nothing of the kind"])

    with pytest.raises(SystemExit, match="--collect lists what there is"):
        main()

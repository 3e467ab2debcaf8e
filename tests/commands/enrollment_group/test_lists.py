"""Lists of groups and of registrations: every page, in order, or nothing."""

import json

import pytest
from werkzeug.wrappers import Response


@pytest.mark.parametrize(("top", "found"), [("-1", 7), ("1", 1), ("3", 3), ("7", 7), ("99", 7)])
def test_list_returns_at_most_the_number_asked_for(run, top, found):
    for number in range(7):
        run(f"enrollment-group create --gid g{number}")

    assert len(run(f"enrollment-group list --top {top}").json) == found
    assert len(run("enrollment-group list").json) == 7


@pytest.mark.parametrize("flag", ["--rid", "--registration-id"])
def test_registrations_are_shown_listed_and_deleted(odd_service, run_offline, flag):
    state = {"registrationId": "d1", "status": "assigned", "etag": "e1"}
    path = "/registrations/d1"
    odd_service.expect_request(path, method="GET").respond_with_json(state)
    odd_service.expect_request(path, method="DELETE").respond_with_data(status=204)
    odd_service.expect_request("/registrations/g1/query", method="POST").respond_with_json([state])

    shown = run_offline(f"enrollment-group registration show {flag} d1")
    listed = run_offline("enrollment-group registration list --gid g1 --top 5")
    deleted = run_offline(f"enrollment-group registration delete {flag} d1 --etag e1")

    assert (shown.json, listed.json, deleted.out) == (state, [state], "")
    query, delete = odd_service.log[1][0], odd_service.log[2][0]
    assert query.headers["x-ms-max-item-count"] == "5"
    assert query.get_data() == b""
    assert delete.headers["If-Match"] == "e1"


def test_missing_registration_is_exit_3(run):
    for verb in ("show", "delete"):
        assert "not found" in run(f"enrollment-group registration {verb} --rid d1", expect=3).err


@pytest.mark.parametrize("line", ["list", "registration list --gid g1"])
def test_list_reads_every_page_and_streams(odd_service, run_offline, line):
    path = "/registrations/g1/query" if "registration" in line else "/enrollmentGroups/query"
    pages = {"": (["a", "b"], "2"), "2": ([], "3"), "3": (["c"], "")}

    def page(request):
        ids, token = pages[request.headers.get("x-ms-continuation", "")]
        body = json.dumps([{"id": name} for name in ids])
        headers = {"x-ms-continuation": token} if token else {}
        return Response(body, headers=headers, content_type="application/json")

    odd_service.expect_request(path, method="POST").respond_with_handler(page)

    assert run_offline(f"enrollment-group {line} --query [].id").json == ["a", "b", "c"]
    streamed = run_offline(f"enrollment-group {line} -o jsonl").out
    assert streamed == '{"id":"a"}\n{"id":"b"}\n{"id":"c"}\n'


def test_page_that_fails_leaves_nothing_half_said(odd_service, run_offline):
    path = "/enrollmentGroups/query"
    first = {"x-ms-continuation": "2"}
    odd_service.expect_ordered_request(path).respond_with_json([{"id": "a"}], headers=first)
    odd_service.expect_ordered_request(path).respond_with_json({}, status=400)

    assert run_offline("enrollment-group list", expect=1).out == ""


def test_page_that_comes_again_and_again_is_an_error(odd_service, run_offline):
    path = "/enrollmentGroups/query"
    same = {"x-ms-continuation": "2"}
    odd_service.expect_request(path).respond_with_json([], headers=same)

    assert "goes round in circles" in run_offline("enrollment-group list", expect=1).err
    assert len(odd_service.log) == 2


LISTS = pytest.mark.parametrize(
    "line",
    ["enrollment-group list", "enrollment list", "enrollment-group registration list --gid r0"],
)


@pytest.fixture
def full_service(run, emulator):
    """Fill the service with four groups, enrollments and registrations each."""
    ids = [f"r{number}" for number in range(4)]
    sent = {"attestation": {"type": "symmetricKey"}}
    emulator.seed(
        {
            "enrollmentGroups": [
                {"enrollmentGroupId": name, "attestation": {"type": "symmetricKey"}} for name in ids
            ],
            "enrollments": [{"registrationId": name, **sent} for name in ids],
            "registrations": [{"registrationId": name, "enrollmentGroupId": "r0"} for name in ids],
        }
    )
    return run


@LISTS
@pytest.mark.parametrize(
    ("options", "asked"),
    [("--page-size 3", ["3", "3"]), ("--page-size 3 --top 4", ["3", "1"]), ("--top 4", ["4"])],
)
def test_pages_have_the_size_asked_for(full_service, emulator, line, options, asked):
    emulator.service.log.clear()

    assert len(full_service(f"{line} {options}").json) == 4

    sent = [entry["headers"]["x-ms-max-item-count"] for entry in emulator.service.log.entries()]
    assert sent == asked


@pytest.mark.parametrize("options", ["--top 9999999999", "--page-size 9999999999"])
def test_page_is_asked_for_in_a_number_that_the_header_can_hold(run, emulator, options):
    emulator.service.log.clear()

    run(f"enrollment-group list {options}")

    (entry,) = emulator.service.log.entries()
    assert entry["headers"]["x-ms-max-item-count"] == "2147483647"


@LISTS
def test_list_that_is_cut_says_so(full_service, line):
    cut = full_service(f"{line} --top 3 -o jsonl")

    assert len(cut.out.splitlines()) == 3
    assert cut.err == "warning: the list was cut at --top 3: the service has more records\n"
    assert full_service(f"{line} --top 3 --only-show-errors").err == ""
    assert full_service(f"{line} --top 4").err == ""


def test_page_of_nothing_is_refused(run_offline):
    assert "--page-size" in run_offline("enrollment list --page-size 0", expect=2).err

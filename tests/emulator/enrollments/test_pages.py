"""Queries, page by page."""

import pytest

from dpsctl.emulator.answers import Refusal
from dpsctl.emulator.enrollments.pages import continuation, page_size, read_continuation

QUERY = {"query": "SELECT *"}


def pages(api, size):
    headers, found = {"x-ms-max-item-count": str(size)}, []
    while True:
        answer = api("POST", "/enrollmentGroups/query", QUERY, headers)
        found.append([item["enrollmentGroupId"] for item in answer.json()])
        if "x-ms-continuation" not in answer.headers:
            return found
        headers["x-ms-continuation"] = answer.headers["x-ms-continuation"]


@pytest.mark.parametrize(
    ("size", "expected"),
    [(2, [["a", "b"], ["c", "d"]]), (3, [["a", "b", "c"], ["d"]]), (9, [["a", "b", "c", "d"]])],
)
def test_every_record_is_on_one_page_and_no_page_is_empty(api, create_group, size, expected):
    for group_id in "abcd":
        create_group(group_id)

    assert pages(api, size) == expected


def test_page_headers_say_what_and_how_many(api, create_group):
    create_group()

    answer = api("POST", "/enrollmentGroups/query", QUERY, {"x-ms-max-item-count": "7"})

    assert answer.headers["x-ms-item-type"] == "EnrollmentGroup"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["x-ms-max-item-count"] == "7"
    assert "x-ms-continuation" not in answer.headers


def test_page_is_never_larger_than_the_settings_say(start, caller, group_body):
    send = caller(start(page_size=1))
    for group_id in "ab":
        send("PUT", f"/enrollmentGroups/{group_id}", group_body(group_id))

    answer = send("POST", "/enrollmentGroups/query", QUERY, {"x-ms-max-item-count": "50"})

    assert len(answer.json()) == 1


def test_records_made_and_deleted_between_pages_shift_nothing(api, create_group):
    for group_id in "abc":
        create_group(group_id)
    headers = {"x-ms-max-item-count": "2"}
    first = api("POST", "/enrollmentGroups/query", QUERY, headers)

    api("DELETE", "/enrollmentGroups/a")
    headers["x-ms-continuation"] = first.headers["x-ms-continuation"]
    second = api("POST", "/enrollmentGroups/query", QUERY, headers)

    assert [item["enrollmentGroupId"] for item in second.json()] == ["c"]


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        "AAAA",
        "W10=",
        "e30=",
        "MQ==",
        continuation(1, "Enrollment", None),
        continuation(10**20, "EnrollmentGroup", None),
        continuation(-1, "EnrollmentGroup", None),
        continuation(True, "EnrollmentGroup", None),
    ],
    ids=[
        "text",
        "bytes",
        "empty list",
        "object",
        "number",
        "of another query",
        "number of 21 digits",
        "number below zero",
        "truth",
    ],
)
def test_bad_continuation_is_a_bad_request(api, token):
    answer = api("POST", "/enrollmentGroups/query", QUERY, {"x-ms-continuation": token})

    assert (answer.status_code, answer.json()["errorCode"]) == (400, 400000)
    assert answer.json()["message"] == "Bad Request"


@pytest.mark.parametrize(
    "size", ["0", "-1", "many", "1.5", "2147483648", "9" * 5000, "0" * 11 + "1" * 5000, "²"]
)
def test_bad_page_size_is_refused(size):
    with pytest.raises(Refusal, match="x-ms-max-item-count"):
        page_size(size, 100)


def test_continuation_is_read_for_the_query_that_made_it():
    token = continuation(41, "DeviceRegistration", "g1")

    assert read_continuation(token, "DeviceRegistration", "g1") == 41


@pytest.mark.parametrize(
    "text",
    ["SELECT *", "select * from enrollmentGroups", "*", "", "SELECT * WHERE a = 1", "anything"],
)
def test_every_query_answers_all_records(api, create_group, text):
    create_group()

    answer = api("POST", "/enrollmentGroups/query", {"query": text})

    assert [item["enrollmentGroupId"] for item in answer.json()] == ["g1"]


@pytest.mark.parametrize("body", [None, {}, [], {"query": 1}])
def test_body_without_a_query_is_refused(api, body):
    assert api("POST", "/enrollmentGroups/query", body).status_code == 400

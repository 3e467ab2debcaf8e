"""Queries, pages, and many records in one call."""

from __future__ import annotations

from typing import Any

from conformance.asking import Asking
from conformance.scenarios import asks
from conformance.visit import BY_KEY, Answer


@asks("b4")
def queries_come_in_pages(ask: Asking) -> None:
    ask.put_group("a")
    ask.put_group("b")
    first = _query(ask, size="1")
    ask.expect("records on a page of one", 1, len(first.body))
    ask.expect("what the answer calls them", "EnrollmentGroup", first.headers.get("x-ms-item-type"))
    ask.expect("is there a continuation", True, bool(first.headers.get("x-ms-continuation")))
    following = {"x-ms-continuation": first.headers.get("x-ms-continuation", "")}
    second = _query(ask, size="1", **following)
    ask.expect("records on the next page", 1, len(second.body))
    ask.expect("is it another record", False, first.body == second.body)
    ask.expect("does a query show keys", BY_KEY, first.body[0]["attestation"])


@asks("b4")
def odd_queries_have_an_answer(ask: Asking) -> None:
    ask.put_group()
    nonsense = _query(ask, size="10", text="any words at all")
    ask.expect("a query that is no query", 200, nonsense.code)
    none = ask.call("POST", "/enrollmentGroups/query", {})
    ask.expect("a body without a query", 400004, none.code)
    empty = ask.call("POST", "/enrollmentGroups/query", {"query": ""})
    ask.expect("an empty query", 200, empty.code)
    ask.expect("a page of no records", 400004, _query(ask, size="0").code)
    ask.expect("a page size that is no number", 400004, _query(ask, size="ten").code)
    odd = _query(ask, size="10", **{"x-ms-continuation": "nobody-made-this"})
    ask.expect("a continuation that nobody made", 400000, odd.code)


@asks("b5")
def bulk_fails_item_by_item(ask: Asking) -> None:
    first = _bulk(ask, "create", "a", "b")
    ask.expect("status of a bulk that creates two", 200, first.code)
    ask.expect("what it answers", {"errors": [], "isSuccessful": True}, first.body)
    again = _bulk(ask, "create", "b", "c")
    ask.expect("status where one is there already", 200, again.code)
    ask.expect("is that a success", False, again.body.get("isSuccessful"))
    ask.expect("its errors", [409201], _codes(again))
    there = ask.call("GET", ask.individual("c"))
    ask.expect("was the other one created", 200, there.code)


@asks("b5")
def bulk_modes_want_etags_or_not(ask: Asking) -> None:
    _bulk(ask, "create", "a")
    ask.expect("update without an etag", [409201], _codes(_bulk(ask, "update", "a")))
    ask.expect(
        "updateIfMatchETag without an etag", [400004], _codes(_bulk(ask, "updateIfMatchETag", "a"))
    )
    ask.expect("delete without an etag", [], _codes(_bulk(ask, "delete", "a")))
    ask.expect("delete of what is not there", [404201], _codes(_bulk(ask, "delete", "a")))


@asks("b5")
def bulk_takes_ten(ask: Asking) -> None:
    ask.expect("ten items", 200, _bulk(ask, "create", *"abcdefghij").code)
    ask.expect("eleven items", 400004, _bulk(ask, "create", *"klmnopqrstu").code)
    ask.expect("no items", 200, _bulk(ask, "create").code)


@asks("b5", costly=True)
def bulk_counts_as_one_operation(ask: Asking) -> None:
    """Delete 1,010 records in 101 calls: only one operation a call is within the limit."""
    codes = {_bulk(ask, "delete", *"abcdefghij").code for _ in range(101)}

    ask.expect("codes of 101 calls of ten items, one after the other", {200}, codes)


def _query(ask: Asking, *, size: str, text: str = "SELECT *", **headers: str) -> Answer:
    headers |= {"x-ms-max-item-count": size}
    return ask.call("POST", "/enrollmentGroups/query", {"query": text}, headers)


def _bulk(ask: Asking, mode: str, *names: str) -> Answer:
    for name in names:
        ask.individual(name)
    items: list[dict[str, Any]] = [
        {"registrationId": ask.id(name), "attestation": BY_KEY} for name in names
    ]
    return ask.call("POST", "/enrollments", {"enrollments": items, "mode": mode})


def _codes(answer: Answer) -> list[int]:
    if answer.status != 200:
        return [answer.code]
    return [int(error["errorCode"]) for error in answer.body["errors"]]

"""Lists that come in pages: each page is read once, and a list that is cut is told of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from dpsctl.errors import BadAnswer
from dpsctl.service.calls import Request
from dpsctl.service.shape import Shape, as_list, as_object

if TYPE_CHECKING:
    from dpsctl.service.http import Http

Json = dict[str, Any]
_LARGEST_PAGE = 2**31 - 1  # the header is an int32 (docs/service.md#a2)


_PAGE = {"nextLink": str}


class Page(NamedTuple):
    """Some records of a list, and whether there is a page after them."""

    records: list[Json]
    goes_on: bool


class Trail:
    """What has led from page to page so far: a list that comes back to any of it never ends."""

    def __init__(self, start: str = "") -> None:
        self._seen = {start}

    def step(self, onward: str) -> None:
        """Go *onward*. Raises BadAnswer if that way has been taken before."""
        if onward in self._seen:
            raise BadAnswer(
                "The service's list goes round in circles: it leads back to a page read before",
                "What was read so far is not the whole list; --debug shows the answers.",
            )
        self._seen.add(onward)


def linked_pages(http: Http, request: Request, shape: Shape) -> Iterator[Page]:
    """Read the list of *shape* that *request* asks for, following `nextLink` to its end.

    Raises BadAnswer for a page or link that is none, leads elsewhere or was read before.
    """
    trail = Trail(http.url_of(request))
    while True:
        body = as_object(http.send(request).body, _PAGE)
        records = as_list(body.get("value"), shape, "value in the service's answer")
        link = body.get("nextLink")
        yield Page(records, bool(link))
        if not link:
            return
        request = Request(request.method, link, is_link=True, page=request.page + 1)
        trail.step(http.url_of(request))


def first_records(pages: Iterable[Page], top: int, http: Http) -> Iterator[Json]:
    """Yield every record of *pages*, or the first *top*; a list that this cuts is told of."""
    left = None if top < 0 else top
    for page in pages:
        yield from page.records[:left]
        if left is None:
            continue
        if len(page.records) >= left:
            if page.goes_on or len(page.records) > left:
                http.tell_of_more(top)
            return
        left -= len(page.records)


def listed(
    http: Http, request: Request, shape: Shape, top: int, page_size: int | None
) -> Iterator[Json]:
    """Read the list of *shape* that a header continues, to its end or its first *top* records."""
    return first_records(_continued(http, request, shape, top, page_size), top, http)


def _continued(
    http: Http, request: Request, shape: Shape, top: int, page_size: int | None
) -> Iterator[Page]:
    """Read page after page, none larger than what is still wanted."""
    trail = Trail()
    headers: dict[str, str] = {}
    read = 0
    for page in count(1):
        wanted = [top - read] if top >= 0 else []
        wanted += [page_size] if page_size is not None else []
        if wanted:
            headers["x-ms-max-item-count"] = str(min(*wanted, _LARGEST_PAGE))
        answer = http.send(replace(request, headers=headers, page=page))
        records = as_list(answer.body, shape)
        token = answer.headers.get("x-ms-continuation") or ""
        yield Page(records, bool(token))
        if not token:
            return
        trail.step(token)
        read += len(records)
        headers["x-ms-continuation"] = token

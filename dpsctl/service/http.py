"""Requests to a service: a session, retries, a trace, and what a status means."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from urllib3.exceptions import HTTPError

from dpsctl import __version__
from dpsctl.errors import BadAnswer, NotFound, Unauthorized, UsageError
from dpsctl.run import Run
from dpsctl.service.calls import Answer, Request, Target, header_problem
from dpsctl.service.exchange import Connections, Reply, TooLarge
from dpsctl.service.failures import failure
from dpsctl.service.links import own_link
from dpsctl.service.pace import Pace
from dpsctl.service.refusals import read_json, refusal
from dpsctl.service.trace import trace_answer, trace_request
from dpsctl.text.json_text import TOO_LONG, rounded_numbers

_LONGEST_WAIT = 60.0
_FIRST_WAIT = 0.5
_THROTTLED = 429
_ALWAYS = {"Accept": "application/json", "User-Agent": f"dpsctl/{__version__}"}
_PASSING = frozenset({408, 500, 502, 503, 504})


class Http:
    """A session with one service."""

    def __init__(self, target: Target, authorization: Callable[[], str], run: Run) -> None:
        self.target = target
        self._authorization = authorization
        self._run = run
        self._pace: Pace | None = None
        self._opened: Connections | None = None
        self._lock = Lock()

    @property
    def dry_run(self) -> bool:
        """Whether writes are shown instead of sent."""
        return self.target.dry_run

    def planned(self, request: Request) -> dict[str, Any]:
        """Describe the write that `--dry-run` keeps from being sent, secrets masked.

        Raises UsageError for a body that could not be sent.
        """
        _as_json(request.body)
        base = self.target.planned_url
        url = self.url_of(request) if base is None else self._spelled(base, request)
        shown = {"method": request.method, "url": url, **_given(request)}
        masked: dict[str, Any] = self._run.masker.mask_fields(shown)
        return masked

    def send(self, request: Request) -> Answer:
        """Send *request*, again where that is safe, and return the answer of a 2xx status.

        Raises the ServiceError of any other status, Unreachable if no answer came and BadAnswer
        for one that is no JSON.
        """
        try:
            return self._sent(request)
        except Unauthorized as refused:
            if not self.target.signs_anew(refused):
                raise
        return self._sent(request)

    def _sent(self, request: Request) -> Answer:
        may_have_happened = False
        for attempt in range(self.target.retries + 1):
            last = attempt == self.target.retries
            try:
                reply = self._paced(request, attempt)
            except (HTTPError, TooLarge) as error:
                why = failure(error, self.url_of(request), self._connections, self.target.timeout)
                self._run.say(str(error))
                is_safe = request.repeatable or not why.may_have_happened
                if last or not is_safe or not why.may_pass:
                    raise why.error from None
                may_have_happened |= why.may_have_happened
                self.pause(attempt, why="no answer")
                continue
            if last or not _asks_again(reply.status, request):
                break
            may_have_happened |= reply.status != _THROTTLED
            self.pause(attempt, reply.headers.get("Retry-After"), why=str(reply.status))
        return self._judge(reply, request, may_have_happened=may_have_happened)

    def delete(self, path: str, headers: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        """Delete what is at *path*, or describe that; one that a lost try has deleted counts."""
        request = Request("DELETE", path, headers=headers or {})
        if self.dry_run:
            return self.planned(request)
        try:
            self.send(request)
        except NotFound as missing:
            if not missing.may_have_happened:
                raise
        return None

    def keep_pace(self) -> None:
        """Take 429 as a matter of pace from now on: it never counts as a try."""
        self._pace = self._pace or Pace()

    def _paced(self, request: Request, attempt: int) -> Reply:
        """Send a request once, or at the pace of the service until that lets it through."""
        pace = self._pace
        if pace is None:
            return self._once(request, attempt)
        while True:
            pace.wait(self._tell_of_pace)
            try:
                reply = self._once(request, attempt)
            except BaseException:
                pace.answered(time.monotonic(), is_success=False)
                raise
            if reply.status != _THROTTLED:
                pace.answered(time.monotonic())
                return reply
            asked = _seconds_asked(reply.headers.get("Retry-After") or "")
            if not pace.refused(time.monotonic(), asked):
                return reply

    def _once(self, request: Request, attempt: int) -> Reply:
        url = self.url_of(request)
        data = None if request.body is None else _as_json(request.body)
        headers = _headers(request)
        connections = self._connections
        trace_request(self._run, request.method, url, headers, request.body, attempt)
        token = self._authorization()  # none where a certificate says who is asking
        self._run.masker.add(token)
        signed = {"Authorization": token} if token else {}
        self._run.requests += 1
        self._run.waiting.say(f"waiting for {urlsplit(url).netloc}{_page_of(request)}")
        started = time.monotonic()
        reply = connections.exchange(
            request.method, url, data, _ALWAYS | headers | signed, self.target.timeout
        )
        trace_answer(self._run, reply, time.monotonic() - started)
        return reply

    @property
    def _connections(self) -> Connections:
        with self._lock:  # threads share them
            if self._opened is None:
                self._opened = Connections(self._base, self.target, self._run)
            return self._opened

    @property
    def _base(self) -> str:
        url = self.target.url
        return url if isinstance(url, str) else url()

    def url_of(self, request: Request) -> str:
        """Spell the URL of *request* out. Raises BadAnswer for a link to anywhere else."""
        if request.is_link:
            return own_link(request.path, self._base)
        return self._spelled(self._base, request)

    def _spelled(self, base: str, request: Request) -> str:
        query = request.query or f"api-version={self.target.api_version}"
        return f"{base}{request.path}?{query}"

    def _tell_of_pace(self, seconds: float) -> None:
        if seconds >= 1:
            self._run.waiting.say(f"{_THROTTLED}, again in", seconds)

    def wait(self, seconds: float, why: str) -> None:
        """Wait before something is asked again, and say *why* if that takes long."""
        self._run.waiting.say(f"{why}, again in", seconds)
        time.sleep(seconds)

    def pause(
        self,
        attempt: int,
        retry_after: str | None = None,
        longest: float = _LONGEST_WAIT,
        *,
        why: str,
    ) -> None:
        """Wait as long as the service asks, else a random while that doubles with each try."""
        most = min(longest, _FIRST_WAIT * 2 ** min(attempt, 10))
        seconds = random.uniform(0, most)  # noqa: S311 - spreads load, guards nothing
        asked = _seconds_asked(retry_after or "")
        if asked is not None:
            seconds = min(_LONGEST_WAIT, asked)
        self._run.say(f"trying again in {seconds:.1f} s")
        tries = f" ({attempt + 2} of {self.target.retries + 1})"
        self._run.waiting.say(f"{why}, again in", seconds, tries)
        time.sleep(seconds)

    def tell_of_more(self, top: int) -> None:
        """Warn that `--top` has cut a list, which else looks as if it were whole."""
        self._run.warn(f"the list was cut at --top {top}: the service has more records")

    def tell_of_newer(self, fields: list[str], version: str) -> None:
        """Warn of *fields* of a record that the api-version in use does not have."""
        self._run.warn(
            f"the record holds {', '.join(fields)}, which api-version {version} does not have: "
            "what becomes of it there is not known (--service-api-version chooses another)"
        )

    def _judge(self, reply: Reply, request: Request, *, may_have_happened: bool) -> Answer:
        """Return a good answer, raise what any other one means."""
        status = reply.status
        if not 200 <= status < 300:
            error = refusal(reply, f"{request.method} {request.path}", self.target.hint)
            error.may_have_happened = may_have_happened
            raise error
        body = None
        is_empty = status == 204 or (request.method == "DELETE" and not reply.content)
        if not is_empty:
            body = read_json(reply, self.url_of(request))
        return Answer(status, reply.headers, body, may_have_happened)


def _page_of(request: Request) -> str:
    return f", page {request.page}" if request.page > 1 else ""


def _headers(request: Request) -> dict[str, str]:
    """Return the headers of *request* alone. Raises BadAnswer for one that no request can have."""
    headers = dict(request.headers)
    for name, value in headers.items():
        if problem := header_problem(value):
            raise BadAnswer(f"What the service wants sent as {name} cannot be: {problem}")
    if request.body is not None:
        headers["Content-Type"] = f"{request.media_type}; charset=utf-8"
    return headers


def _given(request: Request) -> dict[str, Any]:
    shown: dict[str, Any] = {"headers": dict(request.headers)} if request.headers else {}
    return shown if request.body is None else {**shown, "body": request.body}


def _as_json(body: Any) -> bytes:
    for number in rounded_numbers(body):
        raise UsageError(
            f"The record holds {number.text}, which {TOO_LONG}",
            "Nothing was written: it would lose digits. --set PATH:=NUMBER puts another there.",
        )
    try:
        return json.dumps(body, allow_nan=False).encode()
    except ValueError:
        raise UsageError(
            "The record holds a number that JSON cannot carry (infinite or not a number)",
            "Nothing was sent: writing it would lose the number.",
        ) from None


def _asks_again(status: int, request: Request) -> bool:
    return status == _THROTTLED or (request.repeatable and status in _PASSING)


def _seconds_asked(retry_after: str) -> float | None:
    """Read a Retry-After header: seconds or a date (RFC 9110); None if it is neither."""
    from email.utils import parsedate_to_datetime

    if retry_after.isascii() and retry_after.isdecimal():
        return float(retry_after[:10])
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None

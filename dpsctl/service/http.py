"""Requests to a service: a session, retries, a trace, and what a status means."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import NewConnectionError

from dpsctl import __version__
from dpsctl.errors import BadAnswer, UsageError
from dpsctl.run import Run
from dpsctl.service.calls import Answer, Request, Target, header_problem
from dpsctl.service.links import own_link
from dpsctl.service.pace import Pace
from dpsctl.service.refusals import no_answer, read_json, refusal
from dpsctl.service.trace import trace_answer, trace_request
from dpsctl.text.json_text import TOO_LONG, rounded_numbers

_CONNECT_TIMEOUT = 10.0
_LONGEST_WAIT = 60.0
_FIRST_WAIT = 0.5
_THROTTLED = 429
_PASSING = frozenset({408, 500, 502, 503, 504})


class Http:
    """A session with one service."""

    def __init__(self, target: Target, authorization: Callable[[], str], run: Run) -> None:
        self.target = target
        self._authorization = authorization
        self._run = run
        self._pace: Pace | None = None
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"dpsctl/{__version__}"
        self._session.headers["Accept"] = "application/json"

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
        may_have_happened = False
        for attempt in range(self.target.retries + 1):
            last = attempt == self.target.retries
            try:
                response = self._paced(request, attempt)
            except requests.RequestException as error:
                if last or not request.repeatable or not _may_pass(error):
                    raise no_answer(error, self.url_of(request), self._run) from None
                may_have_happened = True
                self.pause(attempt, None)
                continue
            if last or not _asks_again(response.status_code, request):
                break
            may_have_happened |= response.status_code != _THROTTLED
            self.pause(attempt, response.headers.get("Retry-After"))
        return self._judge(response, request, may_have_happened=may_have_happened)

    def keep_pace(self) -> None:
        """Take 429 as a matter of pace from now on: it never counts as a try."""
        self._pace = Pace()

    def _paced(self, request: Request, attempt: int) -> requests.Response:
        """Send a request once, or at the pace of the service until that lets it through."""
        pace = self._pace
        if pace is None:
            return self._once(request, attempt)
        while True:
            pace.wait()
            try:
                response = self._once(request, attempt)
            except BaseException:
                pace.answered(time.monotonic(), is_success=False)
                raise
            if response.status_code != _THROTTLED:
                pace.answered(time.monotonic())
                return response
            asked = _seconds_asked(response.headers.get("Retry-After") or "")
            if not pace.refused(time.monotonic(), asked):
                return response

    def _once(self, request: Request, attempt: int) -> requests.Response:
        headers = dict(request.headers)
        data = b""
        if request.body is not None:
            data = _as_json(request.body)
            headers["Content-Type"] = f"{request.media_type}; charset=utf-8"
        for name, value in headers.items():
            if problem := header_problem(value):
                raise BadAnswer(f"What the service wants sent as {name} cannot be: {problem}")
        url = self.url_of(request)
        trace_request(self._run, request.method, url, headers, request.body, attempt)
        started = time.monotonic()
        response = self._session.request(
            request.method,
            url,
            data=data,
            headers=headers,
            auth=self._signed,
            timeout=(min(_CONNECT_TIMEOUT, self.target.timeout), self.target.timeout),
            verify=self.target.verify,
            cert=self.target.certificate,
            allow_redirects=False,
        )
        trace_answer(self._run, response, time.monotonic() - started)
        return response

    def _signed(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign the request, unless a certificate says who is asking."""
        token = self._authorization()
        if token:
            self._run.masker.add(token)
            prepared.headers["Authorization"] = token
        return prepared

    def url_of(self, request: Request) -> str:
        """Spell the URL of *request* out. Raises BadAnswer for a link to anywhere else."""
        url = self.target.url
        base = url if isinstance(url, str) else url()
        return own_link(request.path, base) if request.is_link else self._spelled(base, request)

    def _spelled(self, base: str, request: Request) -> str:
        query = request.query or f"api-version={self.target.api_version}"
        return f"{base}{request.path}?{query}"

    def pause(self, attempt: int, retry_after: str | None = None) -> None:
        """Wait as long as the service asks, else a random while that doubles with each try."""
        longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(attempt, 10))
        seconds = random.uniform(0, longest)  # noqa: S311 - spreads load, guards nothing
        asked = _seconds_asked(retry_after or "")
        if asked is not None:
            seconds = min(_LONGEST_WAIT, asked)
        self._run.say(f"trying again in {seconds:.1f} s")
        time.sleep(seconds)

    def tell_of_more(self, top: int) -> None:
        """Warn that `--top` has cut a list, which else looks as if it were whole."""
        self._run.warn(f"the list was cut at --top {top}: the service has more records")

    def _judge(
        self, response: requests.Response, request: Request, *, may_have_happened: bool
    ) -> Answer:
        """Return a good answer, raise what any other one means."""
        status = response.status_code
        if not 200 <= status < 300:
            error = refusal(response, f"{request.method} {request.path}", self.target.hint)
            error.may_have_happened = may_have_happened
            raise error
        body = None
        if status != 204:
            body = read_json(response, self.url_of(request))
        headers = CaseInsensitiveDict(response.headers)
        return Answer(status, headers, body, may_have_happened)


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


def _may_pass(error: requests.RequestException) -> bool:
    """Tell whether another try could help: not for a wrong name, a closed port or bad TLS."""
    if isinstance(error, requests.exceptions.SSLError):
        return False
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return not isinstance(reason, NewConnectionError) and isinstance(
        error,
        requests.ConnectionError | requests.Timeout | requests.exceptions.ChunkedEncodingError,
    )


def _seconds_asked(retry_after: str) -> float | None:
    """Read a Retry-After header: seconds or a date (RFC 9110); None if it is neither."""
    from email.utils import parsedate_to_datetime

    if retry_after.isascii() and retry_after.isdecimal():
        return float(retry_after[:10])
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None

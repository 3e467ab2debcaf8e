"""Requests to a service: a session, retries, a trace, and what a status means."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import NewConnectionError

from dpsctl import __version__
from dpsctl.errors import (
    BadAnswer,
    Conflict,
    NotFound,
    ServiceError,
    ServiceFailed,
    Throttled,
    Unauthorized,
    Unreachable,
    UsageError,
)
from dpsctl.run import Run
from dpsctl.service.hints import Hint, hint_for
from dpsctl.service.trace import trace_answer, trace_request

_CONNECT_TIMEOUT = 10.0
_LONGEST_WAIT = 60.0
_FIRST_WAIT = 0.5
_THROTTLED = 429
_PASSING = frozenset({408, 500, 502, 503, 504})
_ERRORS: dict[int, type[ServiceError]] = {
    401: Unauthorized,
    403: Unauthorized,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    _THROTTLED: Throttled,
}


@dataclass(frozen=True)
class Target:
    """Where requests go and how long they may take.

    *timeout* is in seconds; *verify* is a CA file or True for the default ones; *certificate* is
    the caller's own and its private key, two files; *hint* says what to do about a refusal.
    """

    url: str
    api_version: str
    verify: str | bool = True
    timeout: float = 30.0
    retries: int = 4
    dry_run: bool = False
    certificate: tuple[str, str] | None = None
    hint: Hint = hint_for


@dataclass(frozen=True)
class Request:
    """One REST call; *repeatable* ones may be sent again after an answer was lost."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True


@dataclass(frozen=True)
class Answer:
    """What came back; *may_have_happened* if an earlier try failed after it was sent."""

    status: int
    headers: Mapping[str, str]
    body: Any
    may_have_happened: bool


class Http:
    """A session with one service."""

    def __init__(self, target: Target, authorization: Callable[[], str], run: Run) -> None:
        self.target = target
        self._authorization = authorization
        self._run = run
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"dpsctl/{__version__}"
        self._session.headers["Accept"] = "application/json"

    @property
    def dry_run(self) -> bool:
        """Whether writes are shown instead of sent."""
        return self.target.dry_run

    def planned(self, request: Request) -> dict[str, Any]:
        """Describe the write that `--dry-run` keeps from being sent, secrets masked."""
        shown = {"method": request.method, "url": self._url(request), **_given(request)}
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
                response = self._once(request, attempt)
            except requests.RequestException as error:
                if last or not request.repeatable or not _may_pass(error):
                    raise _unreachable(error, self._url(request), self._run) from None
                may_have_happened = True
                self._wait(attempt, None)
                continue
            if last or not _asks_again(response.status_code, request):
                break
            may_have_happened |= response.status_code != _THROTTLED
            self._wait(attempt, response.headers.get("Retry-After"))
        return self._judge(response, request, may_have_happened=may_have_happened)

    def _once(self, request: Request, attempt: int) -> requests.Response:
        headers = dict(request.headers)
        data = b""
        if request.body is not None:
            data = _as_json(request.body)
            headers["Content-Type"] = "application/json; charset=utf-8"
        url = self._url(request)
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

    def _url(self, request: Request) -> str:
        return f"{self.target.url}{request.path}?api-version={self.target.api_version}"

    def _wait(self, attempt: int, retry_after: str | None) -> None:
        """Wait as long as the service asks, else a random while that doubles with each try."""
        longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt)
        seconds = random.uniform(0, longest)  # noqa: S311 - spreads load, guards nothing
        if retry_after and retry_after.isdigit():
            seconds = min(_LONGEST_WAIT, float(retry_after))
        self._run.say(f"trying again in {seconds:.1f} s")
        time.sleep(seconds)

    def _judge(
        self, response: requests.Response, request: Request, *, may_have_happened: bool
    ) -> Answer:
        """Return a good answer, raise what any other one means."""
        status = response.status_code
        if not 200 <= status < 300:  # noqa: PLR2004 - the class of success
            hint = self.target.hint
            raise _refusal(response, request, hint, may_have_happened=may_have_happened)
        body = None
        if status != 204:  # noqa: PLR2004 - no content
            body = _json_of(response, self._url(request))
        headers = CaseInsensitiveDict(response.headers)
        return Answer(status, headers, body, may_have_happened)


def _given(request: Request) -> dict[str, Any]:
    shown: dict[str, Any] = {"headers": dict(request.headers)} if request.headers else {}
    return shown if request.body is None else {**shown, "body": request.body}


def _as_json(body: Any) -> bytes:
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


def _unreachable(error: requests.RequestException, url: str, run: Run) -> Exception:
    place = url.partition("?")[0]
    if isinstance(error, requests.exceptions.SSLError):
        return Unreachable(
            f"{place}: the server's certificate is not trusted: {_innermost(error)}",
            "Name the CA that signed it with --ca-bundle FILE or REQUESTS_CA_BUNDLE.",
        )
    if isinstance(error, requests.Timeout):
        return Unreachable(f"{place}: no answer in time", "--timeout SECONDS waits longer.")
    if isinstance(error, OSError) and "CA certificate bundle" in str(error):
        return UsageError(f"--ca-bundle: {error}", "Give a file of PEM certificates.")
    run.say(str(error))
    return Unreachable(
        f"{place}: no answer: {_innermost(error)}", "Check the name, the network and the proxy."
    )


def _innermost(error: BaseException) -> str:
    """Find the sentence that says what happened, under the libraries' wrappings."""
    reason = getattr(error, "reason", None)
    inner = reason or next((arg for arg in error.args if isinstance(arg, BaseException)), None)
    return _innermost(inner) if isinstance(inner, BaseException) else str(error)


def _refusal(
    response: requests.Response,
    request: Request,
    hint: Hint,
    *,
    may_have_happened: bool,
) -> ServiceError:
    status = response.status_code
    details = _details_of(response)
    code = details.get("errorCode")
    said = str(details.get("message") or response.reason or "no message").rstrip(".")
    numbers = f"HTTP {status}" + (f", {code}" if code else "")
    tracking = f", tracking id {details['trackingId']}" if details.get("trackingId") else ""
    kind = _ERRORS.get(status, ServiceFailed if status >= 500 else ServiceError)  # noqa: PLR2004
    error = kind(
        f"{request.method} {request.path}: {said} ({numbers}{tracking})",
        status,
        details,
        hint(status, code, response.headers),
    )
    error.may_have_happened = may_have_happened
    return error


def _details_of(response: requests.Response) -> dict[str, Any]:
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _json_of(response: requests.Response, url: str) -> Any:
    place = url.partition("?")[0]
    hint = "A proxy may have answered in the service's place; --debug shows what came."
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        kind = response.headers.get("Content-Type", "no content type")
        raise BadAnswer(
            f"{place}: the answer is not JSON ({kind}, {len(response.content)} bytes)", hint
        ) from None

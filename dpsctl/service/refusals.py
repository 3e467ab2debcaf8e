"""What went wrong with a request, as the error a user sees: no answer, a refusal, no JSON."""

from __future__ import annotations

import json
from typing import Any

import requests
from urllib3.exceptions import ReadTimeoutError

from dpsctl.errors import (
    BadAnswer,
    Conflict,
    DpsctlError,
    NotFound,
    ServiceError,
    ServiceFailed,
    Throttled,
    Unauthorized,
    Unreachable,
    UsageError,
)
from dpsctl.run import Run
from dpsctl.service.hints import Hint
from dpsctl.text.json_text import read_decimal

_ERRORS: dict[int, type[ServiceError]] = {
    401: Unauthorized,
    403: Unauthorized,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    429: Throttled,
}
_PROXY = "A proxy may have answered in the service's place; --debug shows what came."
_HUB = "This is how an IoT hub answers: is HostName the provisioning service's?"


def no_answer(error: requests.RequestException, url: str, run: Run) -> DpsctlError:
    """Say why no answer came from *url*, and what to look at."""
    place, reason = url.partition("?")[0], _innermost(error)
    if isinstance(error, requests.exceptions.SSLError):
        if "NO_CERTIFICATE_OR_CRL_FOUND" in reason:
            return UsageError(
                f"--ca-bundle or REQUESTS_CA_BUNDLE names a file without certificates: {reason}",
                "Give a file of PEM certificates.",
            )
        return Unreachable(
            f"{place}: the server's certificate is not trusted: {reason}",
            "Name the CA that signed it with --ca-bundle FILE or REQUESTS_CA_BUNDLE.",
        )
    if isinstance(error, requests.exceptions.InvalidURL):  # the reason may hold a password
        return UsageError(
            f"{place}: the host or the proxy is no place to connect to",
            "Is HTTPS_PROXY a URL, with every / : @ of its password percent-encoded?",
        )
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return BadAnswer(f"{place}: the answer cannot be unpacked: {reason}", _PROXY)
    if isinstance(error, requests.Timeout) or _timed_out(error):
        return Unreachable(f"{place}: no answer in time", "--timeout SECONDS waits longer.")
    run.say(str(error))
    if isinstance(error, requests.exceptions.ProxyError):
        reason = f"the proxy: {reason}"
    return Unreachable(
        f"{place}: no answer: {reason}", "Check the name, the network and the proxy."
    )


def refusal(response: requests.Response, what: str, hint: Hint) -> ServiceError:
    """Say in the service's words why it refused *what* (a method and a path)."""
    status = response.status_code
    details = _details_of(response)
    code = details.get("errorCode") or details.get("code")
    is_hub = "message" not in details and "ExceptionMessage" in details
    said = details.get("message") or details.get("Message") or response.reason or "no message"
    numbers = f"HTTP {status}" + (f", {code}" if code else "")
    tracking = f", tracking id {details['trackingId']}" if details.get("trackingId") else ""
    kind = _ERRORS.get(status, ServiceFailed if status >= 500 else ServiceError)
    return kind(
        f"{what}: {str(said).rstrip('.')} ({numbers}{tracking})",
        status,
        details,
        _HUB if is_hub else hint(status, code, response.headers),
    )


def read_json(response: requests.Response, url: str) -> Any:
    """Return the JSON of a good answer. Raises BadAnswer if it is none."""
    try:
        return json.loads(response.content, parse_float=read_decimal)
    except (ValueError, RecursionError):
        kind = response.headers.get("Content-Type", "no content type")
        size = len(response.content)
        raise BadAnswer(
            f"{url.partition('?')[0]}: the answer is not JSON ({kind}, {size} bytes)", _PROXY
        ) from None


def _timed_out(error: requests.RequestException) -> bool:
    """Tell a body that stopped arriving, which requests calls a lost connection."""
    return bool(error.args) and isinstance(error.args[0], ReadTimeoutError)


def _innermost(error: BaseException) -> str:
    """Find the sentence that says what happened, under the libraries' wrappings."""
    reason = getattr(error, "reason", None)
    inner = reason or next((arg for arg in error.args if isinstance(arg, BaseException)), None)
    if isinstance(inner, BaseException):
        return _innermost(inner)
    cause = error.__cause__
    return (isinstance(cause, OSError) and cause.strerror) or str(error)


def _details_of(response: requests.Response) -> dict[str, Any]:
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(body, dict):
        return {}
    inner = body.get("error")  # ARM and IoT Central wrap theirs (docs/service.md#f4)
    return _renamed(inner) if isinstance(inner, dict) else body


def _renamed(wrapped: dict[str, Any]) -> dict[str, Any]:
    """Return the details of ARM and IoT Central under the names that DPS gives them."""
    names = {"code": "errorCode", "requestId": "trackingId", "time": "timestampUtc"}
    renamed = {names.get(name, name): value for name, value in wrapped.items()}
    # IoT Central repeats what stands beside the message, and how to reach support.
    said = str(renamed.get("message", "")).partition(" You can contact support at ")[0]
    return {**renamed, "message": said}

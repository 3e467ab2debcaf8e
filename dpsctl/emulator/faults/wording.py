"""Failures that a tester asks for in words: `429 after 3, Retry-After 1`, `reset once on PUT`."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from dpsctl.errors import UsageError

_DURATION = re.compile(r"(-?\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
_ALONE: dict[str, dict[str, Any]] = {
    "once": {"times": 1},
    "twice": {"times": 2},
    "silent": {"is_silent": True},
}
_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "HEAD")
_SERVER_ERRORS = (500, 502, 503, 504)
_LONGEST_LATENCY = 600
_LARGEST_SKEW = 87600 * 3600


@dataclass(frozen=True)
class Fault:
    """Describe a failure: what happens, from which request on, how often, and to which requests."""

    text: str
    what: str
    statuses: tuple[int, ...] = ()
    seconds: float = 0.0
    per_minute: int = 0
    burst: int | None = None
    is_silent: bool = False
    after: int = 0
    times: int | None = None
    retry_after: int | None = None
    method: str | None = None
    path: str = ""

    def concerns(self, method: str, path: str) -> bool:
        """Say whether a request is one of those that may fail."""
        is_method = self.method in (None, method)
        return is_method and path.lower().startswith(self.path.lower())


def parse_fault(text: str) -> Fault:
    """Read a fault as `--fault` takes it; raises UsageError, which names what was wrong.

    WHAT is one of
      429, 503, ...    answer with this status and do nothing; 5xx takes 500, 502, 503, 504 in turn
      reset            do what is asked, then reset the connection in the middle of the answer
      cut              do what is asked, then send half of the JSON as if it were all
      latency 200ms    wait before answering (ms, s, m, h)
      skew -1h         set the service's clock wrong
      throttle 1000    answer 429 to more than so many operations a minute
    and may be followed by
      after 3          leave the first 3 requests alone
      once, twice, 5 times
      Retry-After 1    say so with the status (seconds)
      burst 100        with throttle: what is not used is saved up, so many at most
      silent           with throttle: say no Retry-After
      on PUT /enrollments    only requests with this method, or whose path begins like this, or both
    """
    words = deque(text.replace(",", " ").split())
    fields = _what(words, text)
    while words:
        fields |= _condition(words, text)
    _check(fields, text)
    return Fault(text, **fields)


def _what(words: deque[str], text: str) -> dict[str, Any]:
    word = _word(words, text, "what shall fail").lower()
    if word == "clock" and words and words[0].lower() == "skew":
        word = words.popleft().lower()
    match word:
        case "reset" | "cut":
            return {"what": word}
        case "latency" | "skew":
            return {"what": word, "seconds": _duration(words, text)}
        case "throttle":
            return {"what": word, "per_minute": _number(words, text, "operations a minute")}
        case "5xx":
            return {"what": "status", "statuses": _SERVER_ERRORS}
    if word in {str(status.value) for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST}:
        return {"what": "status", "statuses": (int(word),)}
    raise _wrong(text, f"{word!r} is no failure and no status from 400 to 599")


def _condition(words: deque[str], text: str) -> dict[str, Any]:
    word = words.popleft()
    match word.lower():
        case "after":
            return {"after": _number(words, text, "requests")}
        case "once" | "twice" | "silent" as alone:
            return dict(_ALONE[alone])
        case "retry-after":
            return {"retry_after": _number(words, text, "seconds")}
        case "burst":
            return {"burst": _number(words, text, "operations")}
        case "on":
            return _scope(words, text)
    if words and words[0].lower() == "times":
        words.appendleft(word)
        times = _number(words, text, "times")
        words.popleft()
        return {"times": times}
    raise _wrong(text, f"{word!r} is not understood")


def _scope(words: deque[str], text: str) -> dict[str, Any]:
    word = _word(words, text, "a method or a path after 'on'")
    if word.startswith("/"):
        return {"path": word}
    if word.upper() not in _METHODS:
        raise _wrong(text, f"{word!r} is neither a method nor a path")
    scope = {"method": word.upper()}
    return scope | ({"path": words.popleft()} if words and words[0].startswith("/") else {})


def _check(fields: dict[str, Any], text: str) -> None:
    if "retry_after" in fields and fields["what"] != "status":
        raise _wrong(text, "Retry-After goes with a status only")
    own = {"burst", "is_silent"} & set(fields)
    if own and fields["what"] != "throttle":
        raise _wrong(text, "burst and silent go with throttle only")
    if fields["what"] in ("skew", "throttle") and len(fields) - len(own) > 2:
        raise _wrong(text, f"{fields['what']} takes no conditions of these")
    if fields["what"] == "latency" and not 0 <= fields["seconds"] <= _LONGEST_LATENCY:
        raise _wrong(text, "latency is from 0 to 10 minutes")
    if fields["what"] == "skew" and abs(fields["seconds"]) > _LARGEST_SKEW:
        raise _wrong(text, "skew is at most ten years, which are 87600h")


def _word(words: deque[str], text: str, wanted: str) -> str:
    if not words:
        raise _wrong(text, f"{wanted} is missing")
    return words.popleft()


def _number(words: deque[str], text: str, unit: str) -> int:
    word = _word(words, text, f"a number of {unit}")
    if not (word.isascii() and word.isdigit() and len(word) <= 9):
        raise _wrong(text, f"{word!r} is no number of {unit}")
    return int(word)


def _duration(words: deque[str], text: str) -> float:
    word = _word(words, text, "a duration such as 200ms")
    found = _DURATION.fullmatch(word.lower())
    if not found:
        raise _wrong(text, f"{word!r} is no duration such as 200ms, 1.5s, 10m or 1h")
    return float(found[1]) * _SECONDS[found[2]]


def _wrong(text: str, problem: str) -> UsageError:
    return UsageError(
        f"--fault {text!r}: {problem}",
        "Write WHAT, then conditions: '429 after 3, Retry-After 1', '503 twice', 'latency 200ms', "
        "'reset once on PUT /enrollments', 'cut', 'skew -1h', 'throttle 1000'.",
    )

"""The words in which testers ask for failures."""

import pytest

from dpsctl.emulator.faults.wording import Fault, parse_fault
from dpsctl.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("429", {"what": "status", "statuses": (429,)}),
        (
            "429 after 3, Retry-After 1",
            {"what": "status", "statuses": (429,), "after": 3, "retry_after": 1},
        ),
        ("503 twice", {"what": "status", "statuses": (503,), "times": 2}),
        ("5xx 7 times", {"what": "status", "statuses": (500, 502, 503, 504), "times": 7}),
        ("latency 200ms", {"what": "latency", "seconds": 0.2}),
        ("Latency 1.5s once", {"what": "latency", "seconds": 1.5, "times": 1}),
        (
            "RESET ON put /enrollments",
            {"what": "reset", "method": "PUT", "path": "/enrollments"},
        ),
        ("cut on /registrations", {"what": "cut", "path": "/registrations"}),
        ("clock skew -10m", {"what": "skew", "seconds": -600}),
        ("skew 1h", {"what": "skew", "seconds": 3600}),
        ("throttle 1000", {"what": "throttle", "per_minute": 1000}),
        (
            "throttle 9, burst 5, silent",
            {"what": "throttle", "per_minute": 9, "burst": 5, "is_silent": True},
        ),
    ],
)
def test_fault_is_read(text, expected):
    assert parse_fault(text) == Fault(text=text, **expected)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "what shall fail is missing"),
        ("boom", "'boom' is no failure"),
        ("200", "'200' is no failure and no status from 400 to 599"),
        ("499", "'499' is no failure"),
        ("429 after", "a number of requests is missing"),
        ("429 after x", "'x' is no number of requests"),
        ("429 after -1", "'-1' is no number of requests"),
        ("429 after ²", "'²' is no number of requests"),
        ("429 thrice", "'thrice' is not understood"),
        ("429 x times", "'x' is no number of times"),
        ("429 Retry-After soon", "'soon' is no number of seconds"),
        ("latency", "a duration such as 200ms is missing"),
        ("latency 200", "'200' is no duration"),
        ("latency -1s", "latency is from 0 to 10 minutes"),
        ("latency 1h", "latency is from 0 to 10 minutes"),
        ("skew 1h once", "skew takes no conditions"),
        ("skew 87601h", "skew is at most ten years"),
        ("skew -999999999h", "skew is at most ten years"),
        ("throttle 5 on PUT", "throttle takes no conditions"),
        ("429 silent", "burst and silent go with throttle only"),
        ("throttle many", "'many' is no number of operations a minute"),
        ("reset on", "a method or a path after 'on' is missing"),
        ("reset on FETCH", "'FETCH' is neither a method nor a path"),
        ("cut Retry-After 1", "Retry-After goes with a status only"),
    ],
)
def test_fault_that_is_wrong_says_what_is(text, named):
    with pytest.raises(UsageError) as refused:
        parse_fault(text)

    assert refused.value.message.startswith(f"--fault {text!r}: {named}")
    assert "503 twice" in refused.value.hint

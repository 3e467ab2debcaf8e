"""Which request a fault strikes, without a server."""

import pytest

from dpsctl.emulator.clock import Clock
from dpsctl.emulator.faults.in_force import ActiveFaults
from dpsctl.errors import UsageError


def statuses(faults, count, method="GET", path="/x"):
    troubles = [faults.trouble_for(method, path) for _ in range(count)]
    return [one.refusal and one.refusal.code // 1000 for one in troubles]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("503", [503, 503, 503, 503]),
        ("503 once", [503, None, None, None]),
        ("503 after 1 twice", [None, 503, 503, None]),
        ("5xx", [500, 502, 503, 504]),
        ("5xx after 3", [None, None, None, 500]),
        ("503 0 times", [None, None, None, None]),
    ],
)
def test_fault_strikes_when_it_shall(text, expected):
    assert statuses(ActiveFaults(Clock(), [text]), 4) == expected


def test_fault_strikes_and_counts_only_what_it_concerns():
    faults = ActiveFaults(Clock(), ["503 after 1 on PUT /Enrollments"])

    assert statuses(faults, 3, "GET", "/enrollments/a") == [None, None, None]
    assert statuses(faults, 2, "PUT", "/registrations/a") == [None, None]
    assert statuses(faults, 2, "PUT", "/enrollments/a") == [None, 503]


def test_waits_add_up_and_the_first_other_fault_wins():
    faults = ActiveFaults(Clock(), ["latency 1s", "latency 500ms", "cut", "503"])

    trouble = faults.trouble_for("GET", "/x")

    assert (trouble.seconds, trouble.breakage, trouble.refusal) == (1.5, "cut", None)


def test_retry_after_is_said():
    trouble = ActiveFaults(Clock(), ["429 Retry-After 7"]).trouble_for("GET", "/x")

    assert trouble.refusal.headers == {"Retry-After": "7"}


def test_throttle_counts_the_operations_of_a_minute():
    now = [0.0]
    faults = ActiveFaults(Clock(), ["throttle 2"], monotonic=lambda: now[0])

    first = statuses(faults, 3)
    now[0] = 50.0
    refusal = faults.trouble_for("GET", "/x").refusal
    now[0] = 60.0

    assert first == [None, None, 429]
    assert refusal.headers == {"Retry-After": "10"}
    assert statuses(faults, 3) == [None, None, 429]


def test_throttle_with_a_burst_drips():
    now = [0.0]
    faults = ActiveFaults(Clock(), ["throttle 60, burst 2"], monotonic=lambda: now[0])

    first = statuses(faults, 3)
    now[0] = 1.0
    second = statuses(faults, 2)
    now[0] = 100.0

    assert first == [None, None, 429]
    assert second == [None, 429]
    assert statuses(faults, 3) == [None, None, 429]
    assert faults.trouble_for("GET", "/x").refusal.headers == {"Retry-After": "1"}


def test_silent_throttle_says_no_retry_after():
    faults = ActiveFaults(Clock(), ["throttle 0, silent"])

    assert faults.trouble_for("GET", "/x").refusal.headers == {}


def test_throttle_does_not_count_how_often_a_device_asks():
    faults = ActiveFaults(Clock(), ["throttle 1"])
    operation = "/0ne00000000/registrations/d/operations/5.1"

    asked = [faults.trouble_for("GET", operation).refusal for _ in range(3)]

    assert asked == [None] * 3
    assert statuses(faults, 2) == [None, 429]


def test_skew_moves_the_clock_until_it_is_replaced():
    clock = Clock()

    faults = ActiveFaults(clock, ["skew -1h"])
    skewed = clock.now()
    faults.replace([])

    assert clock.now() - skewed == pytest.approx(3600, abs=5)


def test_faults_that_cannot_be_read_change_nothing():
    faults = ActiveFaults(Clock(), ["503"])

    with pytest.raises(UsageError):
        faults.replace(["429", "boom"])

    assert faults.texts() == ["503"]
    assert statuses(faults, 1) == [503]


def test_reset_brings_the_first_faults_back_and_counts_anew():
    faults = ActiveFaults(Clock(), ["503 once"])
    statuses(faults, 1)
    faults.replace(["429"])

    faults.reset()

    assert statuses(faults, 2) == [503, None]

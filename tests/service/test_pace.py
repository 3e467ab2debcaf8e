"""The pace against models of a service that counts: simulated, so that minutes take no time."""

import heapq
import random
import time

import pytest

from dpsctl.service.pace import Pace

LATENCY = 0.03
CALLS = 5000
A_MINUTE = 1000


class MinuteWindow:
    """So many calls in each minute, which begins with the first call after the last one."""

    def __init__(self, *, tells):
        self._tells = tells
        self._began = None
        self._count = 0

    def refusal(self, now):
        """None for a call that is taken; else the seconds of Retry-After, or "" without."""
        if self._began is None or now - self._began >= 60:
            self._began, self._count = now, 0
        self._count += 1
        if self._count <= A_MINUTE:
            return None
        return max(1, round(60 - (now - self._began))) if self._tells else ""


class SlidingMinute:
    def __init__(self):
        self._taken = []

    def refusal(self, now):
        self._taken = [then for then in self._taken if then > now - 60]
        if len(self._taken) >= A_MINUTE:
            return ""
        self._taken.append(now)
        return None


class Bucket:
    """Tokens that come evenly, 100 of them saved up; *costs* if a refusal takes one too."""

    def __init__(self, *, costs):
        self._costs = costs
        self._tokens = self._most = 100.0
        self._last = 0.0

    def refusal(self, now):
        self._tokens = min(self._most, self._tokens + (now - self._last) * A_MINUTE / 60)
        self._last = now
        if self._tokens >= 1:
            self._tokens -= 1
            return None
        if self._costs:
            self._tokens = max(-self._most, self._tokens - 1)
        return ""


MODELS = {
    "minute that tells when it ends": lambda: MinuteWindow(tells=True),
    "minute": lambda: MinuteWindow(tells=False),
    "sliding minute": SlidingMinute,
    "bucket": lambda: Bucket(costs=False),
    "bucket that refusals drain": lambda: Bucket(costs=True),
}


def simulate(service, workers, seed):
    """Make CALLS calls; return how many a minute were taken, and how many refusals there were."""
    pace, dice = Pace(), random.Random(seed)
    events = [(dice.random() / 100, worker, None) for worker in range(workers)]
    heapq.heapify(events)
    left, done, refused, now = CALLS, 0, 0, 0.0
    while done < CALLS:
        now, worker, ended = heapq.heappop(events)
        if ended == "taken":
            pace.answered(now)
            done += 1
        elif ended is not None:
            assert pace.refused(now, ended or None)
            refused += 1
            left += 1
        if not left:
            continue
        if wait := pace.seconds_to_wait(now):
            heapq.heappush(events, (now + wait, worker, None))
            continue
        left -= 1
        refusal = service.refusal(now + LATENCY / 2)
        answered = now + LATENCY * dice.uniform(0.7, 1.3)
        heapq.heappush(events, (answered, worker, "taken" if refusal is None else refusal))
    return done / now * 60, refused


@pytest.mark.parametrize("workers", [1, 4, 8, 16])
@pytest.mark.parametrize("model", MODELS)
def test_nearly_all_that_the_service_allows_is_used_and_nothing_is_lost(model, workers):
    for seed in range(3):
        rate, refused = simulate(MODELS[model](), workers, seed)

        assert rate >= 0.95 * A_MINUTE
        assert refused <= 0.05 * CALLS


def test_pace_is_inert_until_the_first_refusal():
    pace = Pace()

    for step in range(1000):
        assert pace.seconds_to_wait(step / 1e6) == 0
        pace.answered(step / 1e6)


def test_requests_need_not_wait_for_each_other_until_the_first_refusal():
    pace = Pace()

    assert [pace.seconds_to_wait(0.0) for _ in range(3)] == [0, 0, 0]


def test_requests_are_spaced_as_the_answers_came_before_the_refusal():
    pace = Pace()
    for second in range(1000, 1010):
        pace.seconds_to_wait(second)
        pace.answered(second + 0.5)
    pace.refused(1010.0, None)
    pace.seconds_to_wait(1010.5)
    pace.answered(1010.6)

    assert pace.seconds_to_wait(1010.6) == 0
    assert pace.seconds_to_wait(1010.6) == pytest.approx(1 / 1.05 - 0.1)


def refused_again(pace, now):
    """Refuse a probe, and return how long the next one has to wait."""
    pace.refused(now, None)
    return pace.seconds_to_wait(now)


def test_each_refusal_of_a_probe_makes_the_wait_longer_until_one_is_let_through():
    pace = Pace()
    pace.seconds_to_wait(0.0)

    assert [refused_again(pace, now) for now in (0.0, 10.0, 20.0, 30.0, 40.0)] == [0.5, 1, 2, 4, 4]
    pace.answered(45.0)
    assert refused_again(pace, 50.0) == 0.5


def test_wait_tells_how_long_it_is():
    pace, told = Pace(), []
    pace.wait(told.append)
    assert told == []

    pace.refused(time.monotonic(), 0.02)
    pace.wait(told.append)

    assert 0 < told[0] <= 0.02
    assert pace.seconds_to_wait(time.monotonic()) == 0


def test_retry_after_holds_everybody_back_a_minute_at_most():
    pace = Pace()
    pace.seconds_to_wait(0.0)
    pace.refused(0.0, 3600)

    assert pace.seconds_to_wait(1.0) == 59.0


def test_one_request_alone_finds_out_whether_all_are_let_through_again():
    pace = Pace()
    pace.seconds_to_wait(0.0)
    pace.refused(0.0, None)

    assert pace.seconds_to_wait(0.1) == pytest.approx(0.4)
    assert pace.seconds_to_wait(0.5) == 0  # the probe
    assert pace.seconds_to_wait(0.5) > 0
    pace.answered(0.6)
    assert [pace.seconds_to_wait(0.7) for _ in range(2)] == [0, 0]


def test_probe_that_is_lost_lets_another_one_probe():
    pace = Pace()
    pace.seconds_to_wait(0.0)
    pace.refused(0.0, None)
    pace.seconds_to_wait(0.5)
    pace.answered(0.6, is_success=False)

    assert pace.seconds_to_wait(0.6) == 0


def test_after_ten_minutes_without_a_success_asking_again_makes_no_sense():
    pace = Pace()
    pace.seconds_to_wait(1000.0)

    assert pace.refused(1599.0, None)
    assert not pace.refused(1600.0, None)

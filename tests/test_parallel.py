import threading
import time

import pytest

from dpsctl.parallel import in_parallel


def test_results_come_in_order_whoever_is_done_first():
    def slow(number):
        time.sleep(0.02 * (number % 3 == 0))
        return number * 2

    assert list(in_parallel(slow, range(20), 4)) == [number * 2 for number in range(20)]


def test_so_many_run_at_a_time_and_no_more():
    barrier = threading.Barrier(4, timeout=5)

    def meet(_):
        barrier.wait()  # breaks unless four are there
        return threading.active_count()

    before = threading.active_count()
    assert max(in_parallel(meet, range(8), 4)) == before + 4
    assert threading.active_count() == before


def test_items_are_taken_as_they_are_needed():
    taken = []

    def items():
        for number in range(10_000):
            taken.append(number)
            yield number

    results = in_parallel(lambda number: number, items(), 2)
    next(results)
    results.close()

    assert len(taken) < 100


def test_failure_is_raised_in_its_turn_and_nothing_new_is_begun():
    done = []

    def work(number):
        if number == 3:
            raise ValueError("three")
        done.append(number)
        return number

    results = []
    with pytest.raises(ValueError, match="three"):
        results.extend(in_parallel(work, range(1000), 2))

    assert results == [0, 1, 2]
    assert len(done) < 50

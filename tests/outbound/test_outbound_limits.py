"""The pace of a connection: so many calls at once, so many a second."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from bridge.outbound import CONCURRENCY, Pace


def test_slots_are_taken_and_given_back():
    """Each running call takes a slot of its own connection, four by default."""
    pace = Pace()
    assert pace.slots("a") == CONCURRENCY == 4
    pace.acquire("a", None, 0.0)
    pace.acquire("a", None, 0.0)
    assert (pace.slots("a", 3), pace.slots("a", 1), pace.slots("b", 3)) == (1, 0, 3)
    pace.release("a")
    pace.release("a")
    assert pace.slots("a", 3) == 3


def test_rate_spaces_calls_evenly():
    """At five a second a call may start 0.2 s after the one before it, however long nothing was sent."""
    pace = Pace()
    assert pace.wait("a", 5, 100.0) == 0
    pace.acquire("a", 5, 100.0)
    assert abs(pace.wait("a", 5, 100.0) - 0.2) < 1e-9
    assert pace.wait("b", 5, 100.0) == 0
    assert pace.wait("a", 5, 900.0) == 0
    pace.acquire("a", 5, 900.0)
    assert pace.wait("a", 5, 900.0) > 0.19


def test_no_rate_never_waits():
    """A connection without a rate is bounded by its slots alone."""
    pace = Pace()
    pace.acquire("a", None, 0.0)
    assert pace.wait("a", None, 0.0) == 0


@given(st.floats(0.1, 1000), st.lists(st.floats(0, 1), max_size=50))
def test_rate_is_kept(rate, pauses):
    """A caller that waits as told never starts more calls than the rate allows."""
    pace, now, starts = Pace(), 0.0, []
    for pause in pauses:
        now += pause
        now += pace.wait("a", rate, now)
        pace.acquire("a", rate, now)
        starts.append(now)
    gaps = [after - before for before, after in zip(starts, starts[1:])]
    assert all(gap > 1 / rate - 1e-6 for gap in gaps)


def test_threads_lose_no_slot():
    """Calls that start and end in many threads leave the count at nothing."""
    pace = Pace()

    def work():
        for _ in range(500):
            pace.acquire("a", None, 0.0)
            pace.release("a")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pace.slots("a") == CONCURRENCY

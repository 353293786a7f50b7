"""What waits for a commit: how much may, who is taken next, and what becomes of a job whose caller gave up."""

import gc
import threading
import weakref
from contextlib import contextmanager

import gevent
import pytest

from bridge.errors import StoreUnavailable
from bridge.store import Together
from bridge.store.database import jobs as waiting
from bridge.store.database.writer import GroupWriter


class Gate:
    """A writer whose transactions begin when they are let: till then the store stalls. `commits` is what was done."""

    def __init__(self, database):
        self.commits, self.refused = [], []
        self._let = threading.Semaphore(0)
        self._open = threading.Event()
        self._begin = database.transaction
        self.writer = GroupWriter(self._transaction)

    @contextmanager
    def _transaction(self):
        while not self._open.is_set() and not self._let.acquire(timeout=0.01):
            pass
        with self._begin() as connection:
            self.commits.append([])
            yield connection

    def let(self, count=1):
        """Lets so many transactions begin."""
        self._let.release(count)

    def open(self):
        """Lets all."""
        self._open.set()

    def note(self, _, items):
        """The work of jobs: writes down that it was done."""
        self.commits[-1] += items
        return items

    def put(self, item, timeout=60.0, **about):
        """A greenlet that waits for a job; its value is the error where it got one."""
        job = Together(self.note, item, **about)

        def write():
            try:
                return self.writer.write(job, timeout)
            except StoreUnavailable as error:
                return error

        greenlet = gevent.spawn(write)
        gevent.sleep(0)  # it stands in its line
        return greenlet


@pytest.fixture
def gate(database):
    made = Gate(database)
    yield made
    made.open()
    made.writer.close()


def done(gate, greenlets):
    gate.open()
    gevent.joinall(greenlets, timeout=120)
    return [greenlet.value for greenlet in greenlets]


def test_a_job_that_was_given_up_is_never_done(gate):
    """Its caller was told that nothing is stored: when the store is back, only those are served who still wait."""
    gate.put("first")  # the thread waits for the store with it
    late = [gate.put(number, timeout=0.05) for number in range(20)]
    gevent.joinall(late)
    patient = gate.put("patient")
    assert done(gate, [patient]) == ["patient"]
    assert all(isinstance(greenlet.value, StoreUnavailable) for greenlet in late)
    assert sum(gate.commits, []) == ["first", "patient"]


def test_a_job_given_up_before_its_second_try_is_not_done(gate):
    """A commit that failed is done again in savepoints, without those who were told meanwhile that it failed."""
    second = threading.Event()

    def failing(connection, items):
        second.set()
        raise ValueError("its own fault")

    gate.put("first", timeout=0.05)
    given_up = gate.put("given up", timeout=1.5)
    patient = gate.put("patient")
    bad = gevent.spawn(gate.writer.write, Together(failing, "bad"), 60.0)
    gevent.sleep(0)
    gate.let()
    while not second.is_set():
        gevent.sleep(0.01)
    given_up.join()
    assert isinstance(given_up.value, StoreUnavailable)
    assert done(gate, [patient]) == ["patient"]
    with pytest.raises(ValueError):
        bad.get()
    assert gate.commits[1:] == [["patient"]]


def test_what_was_given_up_is_let_go_while_the_store_stalls(gate):
    """Memory comes back when the caller is answered, not when the store is back."""

    class Body(bytearray):
        """A value that can be watched."""

    gate.put("first")
    bodies = [Body(1_000) for _ in range(50)]
    watched = [weakref.ref(body) for body in bodies]
    late = [gate.put(body, timeout=0.05, size=1_000) for body in bodies]
    gevent.joinall(late)
    del bodies, late
    gc.collect()
    # The interpreter keeps the frame of the last greenlet that ended.
    assert sum(ref() is not None for ref in watched) <= 1


@pytest.mark.parametrize(
    ("size", "fit"), [(0, waiting.MAX_WAITING), (1024 * 1024, 64), (10**9, 1)]
)
def test_more_than_may_wait_is_refused_at_once(sqlite, size, fit):
    """There is a limit in jobs and in bytes: who comes too late is answered 503 now, not after two seconds."""
    gate = Gate(sqlite)
    greenlets = []
    for number in range(fit + 10):  # each from somebody else: no line is too long
        greenlets.append(gate.put(number, who=str(number), size=size))
    refused = [greenlet.value for greenlet in greenlets if greenlet.ready()]
    assert len(refused) == 10
    assert all(isinstance(value, StoreUnavailable) for value in refused)
    values = done(gate, greenlets)
    assert values[:fit] == [*range(fit)]
    gate.writer.close()


@pytest.mark.parametrize("about", [{}, {"size": 1024 * 1024}])
def test_one_source_leaves_room_for_others(sqlite, about):
    """Whoever floods fills half of what may wait, so that others are not refused."""
    gate = Gate(sqlite)
    flood = [gate.put(n, who="loud", **about) for n in range(waiting.MAX_WAITING)]
    others = [gate.put("quiet", who=f"quiet {n}", **about) for n in range(20)]
    assert any(greenlet.ready() for greenlet in flood)
    assert not any(greenlet.ready() for greenlet in others)
    gevent.killall(flood)
    assert done(gate, others) == ["quiet"] * 20
    gate.writer.close()


def test_our_own_work_is_never_refused(sqlite):
    """A worker has no sender who would try again: it waits however much waits before it."""
    gate = Gate(sqlite)
    jobs = [gate.put(n, timeout=None) for n in range(waiting.MAX_WAITING + 100)]
    assert len(done(gate, jobs)) == len(jobs)
    assert sum(map(len, gate.commits)) == len(jobs)
    gate.writer.close()


@pytest.mark.parametrize(
    "flood",
    [
        {"who": "loud"},
        {"who": "loud", "weight": 1_000},
        {"who": "loud", "size": 1024 * 1024},
    ],
)
def test_nobody_waits_for_more_than_two_commits_of_others(gate, flood):
    """However many jobs of a source wait, or however heavy ones, another source's job is in one of the next two."""
    loud = [gate.put("loud", **flood) for _ in range(30)]
    gate.let()
    gevent.sleep(0.2)
    before = len(gate.commits)
    quiet = gate.put("quiet", who="quiet")
    done(gate, [*loud, quiet])
    own = next(n for n, commit in enumerate(gate.commits) if "quiet" in commit)
    assert own - before < 2


def test_nobody_waits_long_among_many_sources(gate):
    """Three hundred sources, each with work for many commits: whoever comes last waits for two of them."""
    sources = [f"s{n}" for n in range(300)]
    jobs = [gate.put(who, who=who) for who in sources for _ in range(3)]
    jobs.append(gate.put("last", who="last"))
    done(gate, jobs)
    own = next(n for n, commit in enumerate(gate.commits) if "last" in commit)
    assert own <= 2
    assert all(len(commit) <= waiting.MAX_JOBS for commit in gate.commits)


def test_a_commit_takes_a_bounded_number_of_events(gate):
    """Batches are weighed: a commit has one job of each source, and more only as far as they are light."""
    jobs = [gate.put(("a", 600), who="a", weight=600) for _ in range(6)]
    jobs += [gate.put(("b", 1), who="b") for _ in range(150)]
    done(gate, jobs)
    weights = [sum(weight for _, weight in commit) for commit in gate.commits]
    assert max(weights) <= waiting.MAX_WEIGHT
    assert sum(weights) == 6 * 600 + 150


def test_a_commit_keeps_the_order_of_arrival(gate):
    """Sources take turns, but what shares a commit is stored as it came."""
    jobs = [gate.put(n, who=f"s{n % 7}") for n in range(100)]
    done(gate, jobs)
    assert gate.commits[0] == [*range(100)]


def test_what_nobody_waits_for_rides_with_nobody(gate):
    """It has a commit of its own, after all that somebody waits for."""
    gate.put("first")
    gate.writer.write_soon(lambda connection: gate.note(connection, ["soon"]) and None)
    others = [gate.put(number) for number in range(waiting.MAX_JOBS + 1)]
    done(gate, others)
    gate.writer.close()
    assert gate.commits[-1] == ["soon"]
    assert sum(map(len, gate.commits[:-1])) == len(others) + 1


def test_what_nobody_waits_for_has_its_turn_on_a_busy_store(gate, monkeypatch):
    """A store that is never idle does it all the same, once it is overdue."""
    monkeypatch.setattr(waiting, "OVERDUE", 0.0)
    gate.put("first")
    gevent.sleep(0.1)
    gate.writer.write_soon(lambda connection: gate.note(connection, ["soon"]) and None)
    gevent.sleep(0.01)
    others = [gate.put(number) for number in range(waiting.MAX_JOBS + 1)]
    done(gate, others)
    assert gate.commits[0] == ["soon"]


def test_many_that_nobody_waits_for_are_dropped(gate):
    """They are not worth memory."""
    gate.put("first")
    for number in range(1_000):
        gate.writer.write_soon(lambda connection: gate.note(connection, ["soon"]))
    done(gate, [gate.put("last")])
    gate.writer.close()
    assert sum(gate.commits, []).count("soon") <= waiting.MAX_SOON

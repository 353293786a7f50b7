"""One writing thread per process: the jobs that queued while a commit ran share the next commit.

A job is a function of a transaction, and may be run again. All are committed together, and only then does any caller
continue; where one fails, all run once more in savepoints, so that it takes nothing else with it. Under gevent the
transaction runs in a native thread (a pool of one), because a greenlet that yields between BEGIN and COMMIT would
deadlock, and a blocking fsync on the loop would stop every socket. Without gevent (command line, tests) the caller's
thread commits. Which jobs a commit takes, and how many may wait, is waiting.py's affair.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from bridge import log
from bridge.errors import StoreRefused, StoreUnavailable
from bridge.greenlets import patched
from bridge.store.database import faults
from bridge.store.database.jobs import Entry, Waiting
from bridge.store.database.transaction import Transaction

T = TypeVar("T")
Job = Callable[[Transaction], T]
Take = Callable[[], Sequence[Entry]]

LATE = 2.0  # seconds until a commit is said to take long
_AWAY = 2  # losses in a row that no job can be blamed for

_log = log.get("store")


@dataclass(frozen=True, slots=True)
class Together(Generic[T]):
    """A job that is done for all that wait for the same: `work` gets the items that share a commit, oldest first.

    It returns a value for each. Where one of them fails, each is done alone. Commits are shared out among all that
    have a `who`, by what their jobs weigh.
    """

    work: Callable[[Transaction, Sequence[Any]], Sequence[T]]
    item: Any
    who: str = ""  # on whose behalf: a source
    weight: int = 1  # events
    size: int = 0  # bytes

    def __call__(self, tx: Transaction) -> T:
        """The job by itself."""
        (value,) = self.work(tx, [self.item])
        return value


@dataclass(frozen=True, slots=True)
class _Done:
    value: Any


@dataclass(frozen=True, slots=True)
class _Failed:
    error: Exception


class Writer:
    """Runs jobs in shared transactions. `begin` opens one exclusive transaction and commits it on leaving."""

    def __init__(
        self, begin: Callable[[], AbstractContextManager[Transaction]]
    ) -> None:
        self._begin = begin
        self._mutex = threading.RLock()

    def write(self, job: Job[T], timeout: float | None = None) -> T:
        """The job's value, after its commit. Raises StoreUnavailable, or what the job raised."""
        entry = Entry(job)
        with self._mutex:
            ((_, done),) = self._commit(lambda: [entry])
        value: T = _value(done)
        return value

    def write_soon(self, job: Job[None]) -> None:
        """Runs a job that nobody waits for and that may be lost."""
        with suppress(StoreUnavailable):
            self.write(job)

    def close(self) -> None:
        """Nothing to stop: the caller's thread did the work."""

    def _commit(self, take: Take) -> list[tuple[Entry, _Done | _Failed]]:
        """What became of each job that `take` gives once the transaction is begun; never raises."""
        taken: Sequence[Entry] | None = None
        try:
            with self._begin() as tx:
                taken = take()
                values = _all_done(tx, [entry.job for entry in taken])
        except Exception as error:
            if taken is None:  # it did not begin: no job is to blame
                return _all_failed(take(), error)
            if faults.is_lost(error) and len(taken) > 1:
                return self._commit_each(taken, error)
            if not faults.database_is_well(error):
                return _all_failed(taken, error)
        else:
            return [(entry, _Done(value)) for entry, value in zip(taken, values)]
        return self._commit_apart(taken)

    def _commit_apart(
        self, taken: Sequence[Entry]
    ) -> list[tuple[Entry, _Done | _Failed]]:
        """As _commit, each job in a savepoint of its own: slower, and one that fails takes nothing else with it.

        What stops the transaction fails every one of them. A full disk makes SQLite roll back everything and go on
        without a transaction: no job of such a batch may count as done, and none may run after it. Who crossed another
        process may do so once more, where the machine stalls between the two.
        """
        for last in (False, False, True):
            try:
                with self._begin() as tx:
                    return [
                        (entry, _attempt(tx, entry.job))
                        for entry in taken
                        if not entry.gone  # its caller was told that it is not stored
                    ]
            except Exception as error:
                if last or not faults.crossed(error):
                    return _all_failed(taken, error)
        raise AssertionError("the last try returns")

    def _commit_each(
        self, taken: Sequence[Entry], error: Exception
    ) -> list[tuple[Entry, _Done | _Failed]]:
        """As _commit, each job in a transaction of its own: the database broke off, perhaps at one of them.

        Where it does so twice in a row it is away, and nobody waits for it once more.
        """
        done: list[tuple[Entry, _Done | _Failed]] = []
        in_a_row = 0
        for place, entry in enumerate(taken):
            if in_a_row == _AWAY:
                return done + _all_failed(taken[place:], error)
            if not entry.gone:
                done += self._commit(lambda: [entry])
                in_a_row = in_a_row + 1 if _tells_of_loss(done[-1][1]) else 0
        return done


class GroupWriter(Writer):
    """The writer of a gevent process."""

    def __init__(
        self,
        begin: Callable[[], AbstractContextManager[Transaction]],
        why_late: Callable[[], str] = str,
    ) -> None:
        super().__init__(begin)
        self._why_late = why_late
        from gevent.monkey import get_original
        from gevent.threadpool import ThreadPool

        self._pool = ThreadPool(1)
        self._waiting = Waiting(get_original("_thread", "allocate_lock")())
        self._draining = False

    def write(self, job: Job[T], timeout: float | None = None) -> T:
        """As Writer.write; StoreUnavailable after `timeout` seconds, or at once where too much waits already.

        A job that was given up is never done, unless a transaction was at it: then it may still be committed.
        """
        import gevent
        from gevent.event import AsyncResult

        entry = Entry(job, AsyncResult())
        self._waiting.put(entry, limited=timeout is not None)
        self._start()
        try:
            value: T = _value(entry.result.get(timeout=timeout))
            return value
        except gevent.Timeout:
            raise StoreUnavailable(faults.BUSY) from None
        finally:
            if timeout is not None and not entry.result.ready():
                self._waiting.give_up(entry)

    def write_soon(self, job: Job[None]) -> None:
        """As Writer.write_soon, in a commit of its own when nothing else waits; dropped when many such jobs wait."""
        from gevent.event import AsyncResult

        self._waiting.put_soon(Entry(job, AsyncResult()))
        self._start()

    def close(self) -> None:
        """Waits until what was asked for is done."""
        import gevent

        while self._draining:
            gevent.sleep(0.01)
        self._pool.join()
        self._pool.kill()

    def _start(self) -> None:
        import gevent

        if not self._draining:
            self._draining = True
            gevent.spawn(self._drain)

    def _drain(self) -> None:
        """Commits until nothing waits. The thread takes its jobs once it has the lock: late ones ride along."""
        from bridge import metrics

        try:
            while self._waiting:
                with metrics.COMMIT_SECONDS.time():  # here: its lock is the loop's
                    done = self._committed()
                for entry, value in done:
                    entry.result.set(value)
        finally:
            self._draining = False

    def _committed(self) -> list[tuple[Entry, _Done | _Failed]]:
        """One commit; says in the log what it waits for where it takes long."""
        import gevent

        doing = self._pool.spawn(self._commit, self._waiting.take)
        done: list[tuple[Entry, _Done | _Failed]]
        try:
            done = doing.get(timeout=LATE)
        except gevent.Timeout:
            _log.warning("a commit takes long", reason=self._why_late())
            done = doing.get()
        return done


def writer_for_this_process(
    begin: Callable[[], AbstractContextManager[Transaction]],
    why_late: Callable[[], str],
) -> Writer:
    """A GroupWriter where gevent has patched the process, a plain Writer otherwise."""
    return GroupWriter(begin, why_late) if patched("threading") else Writer(begin)


def _all_done(tx: Transaction, jobs: Sequence[Job[Any]]) -> list[Any]:
    """The jobs' values, in their order; what can be done together is."""
    values: dict[int, Any] = {}
    shared: dict[Any, dict[int, Any]] = defaultdict(dict)
    for place, job in enumerate(jobs):
        if isinstance(job, Together):
            shared[job.work][place] = job.item
        else:
            values[place] = job(tx)
    for work, items in shared.items():
        done = work(tx, [*items.values()])
        values |= zip(items, done, strict=True)
    return [values[place] for place in range(len(jobs))]


def _attempt(tx: Transaction, job: Job[Any]) -> _Done | _Failed:
    """One job in a savepoint. Raises what concerns the whole transaction."""
    try:
        with tx.begin_nested():
            return _Done(job(tx))
    except SQLAlchemyError as error:
        if not faults.its_own_fault(error):
            raise
        return _Failed(faults.refused(error))
    except (
        Exception
    ) as error:  # the job's own error, handed to whoever asked for the job
        return _Failed(error)


def _all_failed(
    taken: Sequence[Entry], error: Exception
) -> list[tuple[Entry, _Done | _Failed]]:
    """Nothing was committed, whatever it was: every caller is told."""
    return [(entry, _Failed(faults.unavailable(error))) for entry in taken]


def _tells_of_loss(done: _Done | _Failed) -> bool:
    """Whether the database was not there for a job."""
    error = done.error if isinstance(done, _Failed) else None
    return isinstance(error, StoreUnavailable) and not isinstance(error, StoreRefused)


def _value(done: _Done | _Failed) -> Any:
    if isinstance(done, _Failed):
        raise done.error
    return done.value

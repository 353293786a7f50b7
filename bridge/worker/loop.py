"""The loop: routes what waits, sends what is due, keeps its leases, takes over lost ones, and drains when told to stop.

Every call runs in a greenlet of its own; this process's budget per connection (concurrency, rate) bounds them. The
store decides what is due and in which order; a crash at any point loses nothing but time.
"""

import itertools
import secrets
import time
from collections.abc import Callable
from datetime import timedelta

import gevent
from gevent.event import Event as Signal
from gevent.pool import Pool

from bridge import log
from bridge.errors import StoreUnavailable
from bridge.mapping import Ruleset
from bridge.model import Connection
from bridge.outbound import CONCURRENCY, Outbound, Pace
from bridge.store import Database, Session, attempts, clock, queue
from bridge.store.attempts import After, Attempt
from bridge.store.queue import Claimed
from bridge.worker.routing import Router
from bridge.worker.sending import attempt, taken_over

LEASE = timedelta(seconds=15)
RENEW = 5.0  # seconds between renewals, and between looks for leases that ran out
TICK = 0.02  # seconds between looks at whether the store changed
RECHECK = 0.5  # seconds after which the store is asked anyway: retries come due without a change
CALLS = 64  # at once in this process
DRAIN = 25.0  # seconds that calls under way get when the worker stops

_log = log.get("worker")


class Worker:
    """One worker. `run` returns after `stop`, when what was under way is finished or DRAIN is over."""

    def __init__(
        self,
        database: Database,
        ruleset: Callable[[], Ruleset],
        outbound: Outbound,
        *,
        environment: str = "",
    ) -> None:
        self._database = database
        self._ruleset = ruleset
        self._outbound = outbound
        self._name = secrets.token_hex(
            8
        )  # never reused, as host names and process ids are
        self._claims = itertools.count(1)
        self._router = Router(database, environment)
        self._pace = Pace()
        self._calls = Pool(CALLS)
        self._sending: dict[int, Claimed] = {}
        self._wake = Signal()
        self._rest_for = RECHECK
        self._stopping = False

    def run(self) -> None:
        """Works until stopped. A store that is away for a while is waited for."""
        keeper = gevent.spawn(self._keep_leases)
        _log.info(
            "worker started", worker=self._name, ruleset=self._ruleset().hash[:12]
        )
        while not self._stopping:
            try:
                if not self.work_once():
                    self._rest()
            except StoreUnavailable as error:
                _log.error("store unavailable", error=str(error))
                gevent.sleep(1)
            except (
                Exception
            ) as error:  # a worker that ends would end again at the same event
                _log.error("round failed", error=type(error).__name__, exc_info=True)
                gevent.sleep(1)
        self._calls.join(timeout=DRAIN)
        keeper.kill()
        _log.info("worker stopped", worker=self._name, unfinished=len(self._sending))

    def stop(self) -> None:
        """Takes nothing new from now on. Safe in a signal handler."""
        self._stopping = True
        self._wake.set()

    def work_once(self) -> bool:
        """Routes and starts what is due now; whether there was anything to do."""
        self._wake.clear()  # before looking: what ends meanwhile is looked at in the next round
        self._rest_for = RECHECK
        ruleset = self._ruleset()  # a reload meanwhile concerns the next round
        routed = self._router.route_waiting(ruleset)
        return self._start_due(ruleset) + routed > 0

    def join(self) -> None:
        """Waits for the calls under way."""
        self._calls.join()

    def _rest(self) -> None:
        """Sleeps until a call ended, the store changed, a rate allows the next call, or it is time to look anyway."""
        until = time.monotonic() + self._rest_for
        while time.monotonic() < until and not self._wake.wait(TICK):
            if self._database.changed():
                return

    def _start_due(self, ruleset: Ruleset) -> int:
        room = self._calls.free_count()
        off = [rule.id for rule in ruleset.rules if rule.mode == "off"]
        with self._database.read() as connection:
            if room == 0 or not queue.any_due(connection, clock(connection), off):
                return 0
        taken = self._database.write(
            lambda connection: self._claim(connection, room, off)
        )
        for item in taken:
            self._sending[item.id] = item
            rate = _rate(item.connection)
            self._pace.acquire(item.connection.name, rate, time.monotonic())
            self._calls.spawn(self._deliver, item)
        return len(taken)

    def _claim(self, connection: Session, room: int, off: list[str]) -> list[Claimed]:
        now = clock(connection)
        return queue.claim(connection, self._owner(), now, LEASE, self._free, room, off)

    def _owner(self) -> str:
        return f"{self._name}-{next(self._claims)}"

    def _free(self, connection: Connection) -> int:
        """How many calls of a connection may start now: its free slots, or one at a time under a rate."""
        slots = self._pace.slots(connection.name, _concurrency(connection))
        rate = _rate(connection)
        if rate is None:
            return slots
        waits = self._pace.wait(connection.name, rate, time.monotonic())
        if waits > 0:
            self._rest_for = min(self._rest_for, waits)
            return 0
        return min(slots, 1)

    def _deliver(self, item: Claimed) -> None:
        try:
            made, after = attempt(item, self._outbound)
            self._finish(item, made, after)
        except Exception as error:
            # The lease runs out, and whoever takes over records an unknown outcome: the truth as far as the store goes.
            _log.error(
                "attempt not recorded", delivery_id=item.id, error=type(error).__name__
            )
        finally:
            self._pace.release(item.connection.name)
            self._sending.pop(item.id, None)
            self._wake.set()

    def _finish(self, item: Claimed, made: Attempt, after: After) -> None:
        mine = self._database.write(
            lambda connection: attempts.finish(
                connection, item, made, after, clock(connection)
            )
        )
        if after.parks and mine:
            _log.error(
                "connection parked",
                connection=item.connection.name,
                reason=after.reason,
            )
        _log.info(
            "attempt recorded" if mine else "attempt not recorded: the lease was lost",
            delivery_id=item.id,
            event_id=item.event,
            rule=item.rule,
            connection=item.connection.name,
            status=made.status,
            verdict=made.verdict,
            code=made.code,
            state=after.state,
        )

    def _keep_leases(self) -> None:
        """Renews what is being sent, and takes over what nobody renews."""
        while True:
            try:
                self.keep_leases_once()
            except (
                Exception
            ) as error:  # whatever it is, live calls must keep their leases
                _log.error("leases not renewed", error=type(error).__name__)
            gevent.sleep(RENEW)

    def keep_leases_once(self) -> int:
        """One round of _keep_leases; how many deliveries were taken over."""
        sending = list(self._sending.values())
        if sending:
            self._database.write(
                lambda connection: queue.renew(
                    connection, sending, clock(connection) + LEASE
                )
            )
        with self._database.read() as connection:
            if not queue.any_lost(connection, clock(connection)):
                return 0
        lost = self._database.write(self._take_over)
        for item in lost:
            _log.warning("lease taken over", delivery_id=item.id, event_id=item.event)
            self._finish(item, *taken_over(item))
        self._wake.set()
        return len(lost)

    def _take_over(self, connection: Session) -> list[Claimed]:
        now = clock(connection)
        return queue.take_over(connection, self._owner(), now, now + LEASE)


def _rate(connection: Connection) -> float | None:
    rate = connection.options.get("rate")
    return None if rate is None else float(str(rate))


def _concurrency(connection: Connection) -> int:
    return int(str(connection.options.get("concurrency", CONCURRENCY)))

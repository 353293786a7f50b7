"""The loop: routes what waits, sends what is due, keeps its leases, takes over lost ones, and drains when told to stop.

Every call runs in a greenlet of its own. The store decides what is due, in which order and within which budgets, for
all workers together; a crash at any point loses nothing but time.
"""

import itertools
import secrets
import time
from collections.abc import Callable

import gevent
from gevent.event import Event as Signal
from gevent.pool import Pool
from gevent.select import select

from bridge import log
from bridge.errors import StoreUnavailable
from bridge.mapping import Ruleset
from bridge.model import Attempt
from bridge.outbound import Outbound
from bridge.settings import MAX_RENDERED
from bridge.store import Clock, Database, Transaction, clock, queue
from bridge.store.queue import Claim, Claimed
from bridge.worker.asking import Asker
from bridge.worker.fetching import Answers
from bridge.worker.keeping import LEASE, Keeper
from bridge.worker.recording import Recorder
from bridge.worker.refused_credentials import RefusedCredentials
from bridge.worker.routing import Router
from bridge.worker.second_look import SecondLook
from bridge.worker.sending import attempt

RENEW = 5.0  # seconds between renewals, and between looks for leases that ran out
TICK = 0.02  # seconds between looks at whether the store changed, where nothing tells
RECHECK = 1.0  # seconds after which the store is asked anyway
# Seconds between claims for each call that is under way, and at most: calls that end together are followed by one
# claim, and a worker that has little to do does not wait for more.
BREATH, LONGEST_BREATH = 0.001, 0.01
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
        max_rendered: int = MAX_RENDERED,
        clock: Clock = clock,
    ) -> None:
        self._database, self._clock = database, clock
        self._ruleset = ruleset
        self._outbound = outbound
        # Never used again, as the names of hosts and the numbers of processes are.
        self._name = secrets.token_hex(8)
        self._claims = itertools.count(1)
        asker = Asker(environment, max_rendered)
        self._router = Router(database, asker, clock)
        self._recorder = Recorder(database, clock)
        self._keeper = Keeper(database, self._owner, self._recorder, clock)
        self._refused = RefusedCredentials()
        self._answers = Answers()
        self._second_look = SecondLook(
            database,
            outbound,
            self._refused,
            self._answers,
            asker,
        )
        self._probes: set[str] = set()  # parked accounts to try
        self._calls = Pool(CALLS)
        self._wake = Signal()
        self._drained = Signal()  # no call is left that needs its lease kept
        self._rest_for = RECHECK
        self._claimed_at = 0.0
        self._stopping = False

    def run(self) -> None:
        """Works until stopped. A store that is away for a while is waited for."""
        keeper = gevent.spawn(self._keep_leases)
        listener = gevent.spawn(self._listen)
        _log.info(
            "worker started", worker=self._name, ruleset=self._ruleset().hash[:12]
        )
        in_lanes = False
        while not self._stopping:
            try:
                if not in_lanes:
                    in_lanes = self._keep_lanes()
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
        listener.kill(block=False)
        self._drained.set()
        keeper.join(timeout=2)  # longer only where the store hangs
        _log.info(
            "worker stopped", worker=self._name, unfinished=len(self._keeper.sending)
        )

    def _keep_lanes(self) -> bool:
        """Once, as this process is the first to know where the references of now lead."""
        if moved := self._database.write(queue.relane):
            _log.info("lanes renamed", deliveries=moved)
        return True

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
        return self._start_due(ruleset, look=not routed) or routed > 0

    def join(self) -> None:
        """Waits for the calls under way."""
        self._calls.join()

    def keep_leases_once(self) -> int:
        """One round of keeping leases and looking for changed credentials; how many deliveries were taken over."""
        taken = self._keeper.once()
        with self._database.read() as tx:
            parked = queue.parked(tx)
        self._probes = {
            name for name, own in parked.items() if self._refused.changed(name, own)
        }
        if taken or self._probes:
            self._wake.set()
        return taken

    def _rest(self) -> None:
        """Sleeps until a call ended, the store changed, time makes something due, or it is time to look anyway."""
        self._wake.wait(self._rest_for)

    def _listen(self) -> None:
        """Wakes the loop when the store changed."""
        while not self._stopping:
            try:
                if self._database.changed():
                    self._wake.set()
                bell = self._database.bell()
                if bell is None:
                    gevent.sleep(TICK)
                else:
                    select([bell], [], [], RECHECK)
            except (
                Exception
            ) as error:  # whatever it is: the loop looks without it, only later
                _log.error("not listening to the store", error=type(error).__name__)
                gevent.sleep(RECHECK)

    def _start_due(self, ruleset: Ruleset, *, look: bool) -> bool:
        """Claims what is due and starts its calls; looks before, unless something was routed just now."""
        breath = min(BREATH * len(self._keeper.sending), LONGEST_BREATH)
        gevent.sleep(max(self._claimed_at + breath - time.monotonic(), 0.0))
        room = self._calls.free_count()
        off = [rule.id for rule in ruleset.rules if rule.mode == "off"]
        if room == 0 or (look and not self._anything_due(off)):
            return False
        begun = time.monotonic()
        claim = self._database.write(lambda tx: self._claim(tx, room, off))
        self._claimed_at = time.monotonic()
        for item in claim.items:
            self._keeper.sending[item.id] = item
            self._probes.discard(item.connection.account)  # tried, whatever comes of it
            self._calls.spawn(self._deliver, item, ruleset, begun)
        return bool(claim.items) or claim.moved

    def _anything_due(self, off: list[str]) -> bool:
        with self._database.read() as tx:
            now = self._clock(tx)
            outlook = queue.look(tx, now, off, self._probes)
        if outlook.next_at is not None:
            wait = (outlook.next_at - now).total_seconds()
            self._rest_for = min(self._rest_for, max(wait, 0.0))
        return outlook.due

    def _claim(self, tx: Transaction, room: int, off: list[str]) -> Claim:
        now = self._clock(tx)
        owner = self._owner()
        return queue.claim(tx, owner, now, LEASE, room, off, self._probes)

    def _owner(self) -> str:
        return f"{self._name}-{next(self._claims)}"

    def _deliver(self, item: Claimed, ruleset: Ruleset, claimed: float) -> None:
        start_by = claimed + LEASE.total_seconds() / 2
        try:
            gevent.sleep(item.wait)
            if item.second_look:
                item, made = self._second_look.make(item, ruleset, start_by)
            else:
                made = self._made(item, start_by)
            self._recorder.record(item, made)
        except Exception as error:
            # The lease runs out, and whoever takes over records an unknown outcome: the truth as far as the store goes.
            _log.error(
                "attempt not recorded", delivery_id=item.id, error=type(error).__name__
            )
        finally:
            self._keeper.sending.pop(item.id, None)
            self._wake.set()

    def _made(self, item: Claimed, start_by: float) -> Attempt:
        asked_at = time.monotonic()
        made = self._answers.reuse(item) or attempt(
            item, self._outbound, self._refused, start_by
        )
        self._answers.keep(item, made, asked_at)
        return made

    def _keep_leases(self) -> None:
        """Renews what is being sent, and takes over what nobody renews; until `_drained`.

        It is asked to end, never killed: an error of cleaning up, on a connection cut in between, would hide the kill.
        """
        while not self._drained.is_set():
            try:
                self.keep_leases_once()
            except (
                Exception
            ) as error:  # whatever it is, live calls must keep their leases
                _log.error("leases not renewed", error=type(error).__name__)
            self._drained.wait(RENEW)

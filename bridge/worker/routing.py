"""Routing: what every rule says to a stored event, recorded together with the calls that follow.

A payload that cannot be read again, or a rule that fails, becomes a visible dead letter and stops nothing else. So does
an event at which routing itself fails: a batch that failed twice, whatever the reason, is routed event by event, and
what then fails alone is buried; so is one at which workers die (deaths.py). A store that is away is waited for: it says
nothing about an event.

An event that must be looked up first is only queued for that, and comes back when it is answered: then it is routed in
the order of its own object alone, since the next look-up of that object begins after this one's answer was stored.

Why deliveries come into being in order of receipt, whatever other workers do:

- If A was answered before B came, A was committed before B was inserted: A has the lower id (SQLite numbers under the
  write lock, PostgreSQL's sequence only goes up), and whoever sees B waiting sees A waiting or routed.
- A batch is read in one statement and is the *beginning* of what waits, so with B it holds every such A.
- It is recorded in one transaction, from its first event to its last. The conditional update of store.routed waits
  for another worker's uncommitted one, so B's deliveries are made after A's were committed or right behind them here:
  all events of a batch are taken, in their order, before the first delivery is made.

So it would break with a cursor (a low id may be committed late), with SKIP LOCKED in the read, with events recorded in
another order than read, or with one transaction for each of several sources. Two workers that route the same batch
are harmless and a waste: the turn lets one at it, and whoever was denied for PATIENCE does not wait for a stopped one.
"""

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import accumulate

import gevent

from bridge import log, metrics, providers
from bridge.errors import StoreUnavailable
from bridge.greenlets import LARGE, beside
from bridge.mapping import Ruleset, TooLong, while_others_wait
from bridge.model import Decided, Said
from bridge.store import Clock, Database, Transaction, announce, clock, events, routed
from bridge.store.events import StoredEvent
from bridge.worker.asking import Asker, unasked
from bridge.worker.deaths import TOLD, Notes, new_name
from bridge.worker.insisting import insist, is_away

BATCH = 50  # events per transaction: bounds how long intake waits for the writer
READ = 8 * 1024 * 1024  # bytes of requests that are read at once
RENDERED = (
    8 * 1024 * 1024
)  # bytes of calls after which a transaction takes no further event
PATIENCE = 5.0  # seconds

_log = log.get("worker")


class Router:
    """Routes what waits: has the rules asked, and stores what they say."""

    def __init__(self, database: Database, asker: Asker, clock: Clock = clock) -> None:
        self._database, self._asker, self._clock = database, asker, clock
        self._had_turn = time.monotonic()
        self._me = new_name()

    def route_waiting(self, ruleset: Ruleset) -> int:
        """Routes up to BATCH events in order of receipt unless another worker is at it; how many it looked at."""
        with self._database.read() as tx:
            sizes = events.waiting_sizes(tx, ruleset.sources.keys(), BATCH)
        if not sizes:
            return 0
        with self._database.turn("routing") as turn:
            now = time.monotonic()
            if turn.mine:
                self._had_turn = now
            elif now - self._had_turn < PATIENCE:
                return 0
            return self._route_batch(
                ruleset, _within(sizes, READ), Notes(turn, self._me)
            )

    def _route_batch(self, ruleset: Ruleset, count: int, notes: Notes) -> int:
        if notes.careful:
            _log.warning("a worker died while routing: events are routed one by one")
            return self._route_singly(ruleset, notes)
        notes.together()
        for _ in range(2):
            try:
                return self._route_together(ruleset, count)
            except Exception as error:
                if is_away(error):
                    raise
                _log.error("batch not routed", error=_told(error))
        return self._route_singly(ruleset, notes)

    def _route_together(self, ruleset: Ruleset, count: int) -> int:
        """Routes the first of what waits; fewer than `count` where their calls are large."""
        with self._database.read() as tx:
            waiting = events.waiting(tx, ruleset.sources.keys(), count)
        decided: list[Decided] = []
        room = RENDERED
        for stored in waiting:
            if room <= 0:
                break
            decided.append(self._ask_aside(ruleset, stored))
            room -= decided[-1].size
            gevent.sleep(0)  # calls under way go on between two events
        if decided:
            self._store(ruleset, decided)
        return len(decided)

    def _route_singly(self, ruleset: Ruleset, notes: Notes) -> int:
        """Routes the same events one by one. Each is read by itself, too: reading may be what fails."""
        with self._database.read() as tx:
            waiting = events.waiting_ids(tx, ruleset.sources.keys(), BATCH)
        for id, source in waiting:
            if notes.deadly(id):
                self._bury(ruleset, id, source, TOLD)
                continue
            notes.alone(id)
            try:
                self._route_alone(ruleset, id)
            except Exception as error:
                if is_away(error):
                    raise
                self._bury(ruleset, id, source, _told(error))
            gevent.sleep(0)
        return len(waiting)

    def _route_alone(self, ruleset: Ruleset, id: int) -> None:
        def route() -> None:
            with self._database.read() as tx:
                stored = events.load(tx, id)
            if stored:
                self._store(ruleset, [self._ask_aside(ruleset, stored)])

        insist(self._database, route)

    def _ask_aside(self, ruleset: Ruleset, stored: StoredEvent) -> Decided:
        """As `ask`; beside the loop where the event is large or takes long, so that calls under way go on."""
        size = providers.most_bytes(stored.request) + len(stored.fetched or b"")
        if size < LARGE:
            with suppress(TooLong), while_others_wait():
                return self._asker.ask(ruleset, stored)
        return beside(lambda: self._asker.ask(ruleset, stored))

    def _bury(self, ruleset: Ruleset, id: int, source: str, reason: str) -> None:
        """Makes a dead letter of an event; where not even that can be stored, the next round tries again."""
        said = unasked(ruleset.sources[source], Said.ERROR, reason)
        try:
            self._store(ruleset, [Decided(event=id, source=source, decisions=(said,))])
        except Exception as error:
            if is_away(error):
                raise
            _log.error("event not buried", event_id=id, error=_told(error))

    def _store(self, ruleset: Ruleset, items: Sequence[Decided]) -> None:
        """Records a batch, and tells of it."""

        def job(tx: Transaction) -> list[Decided]:
            now = self._clock(tx)
            mine = routed.record(tx, items, ruleset.hash, now)
            announce(tx)  # other workers may have room for what is due now
            return mine

        for item in self._database.write(job):
            counts = Counter(decision.said.value for decision in item.decisions)
            for said, count in counts.items():
                metrics.DECISIONS.labels(item.source, said).inc(count)
            done_so_far = "look-up queued" if item.look_up else "event routed"
            _log.info(done_so_far, event_id=item.event, source=item.source, **counts)


def _within(sizes: Sequence[int], most: int) -> int:
    """How many of the first come to at most so many bytes; always one."""
    sums = accumulate(sizes)
    return max(sum(1 for total in sums if total <= most), 1)


def _told(error: Exception) -> str:
    """Why an event could not be routed, without a value of it."""
    if isinstance(error, StoreUnavailable):
        return str(error)
    return f"the bridge failed on this event ({type(error).__name__}): please report it"

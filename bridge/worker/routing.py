"""Routing: what every rule says to a stored event, recorded together with the calls that follow.

A payload that cannot be read again, or a rule that fails, becomes a visible dead letter and stops nothing else. An
event that must be looked up first is only queued for that, and comes back when it is answered: then it is routed in the
order of its own object alone, since the next look-up of that object begins after this one's answer was stored.

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
from dataclasses import dataclass, replace

import gevent

from bridge import log, metrics, providers
from bridge.errors import Malformed, Refused, StoreRefused
from bridge.mapping import Ruleset, Source, look_up, passed_over, route
from bridge.model import Decision, Event, Rendered, Said
from bridge.store import Database, Session, announce, clock, events, routed
from bridge.store.events import StoredEvent
from bridge.store.routed import Verdict
from bridge.worker import fetching

BATCH = 50  # events per transaction: bounds how long intake waits for the writer
PATIENCE = 5.0  # seconds

_log = log.get("worker")


@dataclass(frozen=True, kw_only=True, slots=True)
class Routed:
    """A stored event with what the rules say to it."""

    event: StoredEvent
    decisions: tuple[Decision, ...]
    look_up: Rendered | None = None  # to be made first; then nothing was decided yet


class Router:
    """Routes what waits. Keeps the last body it read: a batch of a thousand events is parsed once, not each time."""

    def __init__(self, database: Database, environment: str) -> None:
        self._database = database
        self._environment = environment
        self._read: tuple[object, dict[int | None, Event]] = (None, {})
        self._had_turn = time.monotonic()

    def route_waiting(self, ruleset: Ruleset) -> int:
        """Routes up to BATCH events in order of receipt unless another worker is at it; how many it looked at."""
        with self._database.read() as connection:
            if not events.any_waiting(connection, ruleset.sources.keys()):
                return 0
        with self._database.turn("routing") as mine:
            now = time.monotonic()
            if mine:
                self._had_turn = now
            elif now - self._had_turn < PATIENCE:
                return 0
            return self._route_batch(ruleset)

    def _route_batch(self, ruleset: Ruleset) -> int:
        with self._database.read() as connection:
            waiting = events.waiting(connection, ruleset.sources.keys(), BATCH)
        asked = []
        for stored in waiting:
            asked.append(self._ask(ruleset, stored))
            gevent.sleep(0)  # calls under way go on between two events
        if asked:
            self._store(ruleset, asked)
        return len(asked)

    def decide(self, ruleset: Ruleset, stored: StoredEvent) -> tuple[Decision, ...]:
        """What the rules say; an event that they cannot be asked about gets one decision that says why."""
        asked = self._ask(ruleset, stored)
        if asked.look_up is None:
            return asked.decisions
        source = ruleset.sources[stored.source]
        return (_unasked(source, Said.ERROR, "it was never looked up: retry it"),)

    def unfetched(self, ruleset: Ruleset, stored: StoredEvent) -> bool:
        """Whether the rules can be asked about an event only when it was looked up."""
        return self._ask(ruleset, stored).look_up is not None

    def _ask(self, ruleset: Ruleset, stored: StoredEvent) -> Routed:
        """What the rules say, or what must be looked up before; nothing an event holds makes this raise."""
        source = ruleset.sources[stored.source]
        said = Said.ERROR
        try:
            event = self.event(source, stored)
            if not (reason := passed_over(event, self._environment)):
                return self._asked(ruleset, stored, event)
            said = Said.SKIPPED
        except Refused as error:
            reason = f"the stored request can no longer be read: {error}"
        except (
            Exception
        ) as error:  # one event must not stop the others, whatever it does to us
            reason = (
                f"the bridge failed at this event ({type(error).__name__}): report it"
            )
        return Routed(event=stored, decisions=(_unasked(source, said, reason),))

    def _asked(self, ruleset: Ruleset, stored: StoredEvent, event: Event) -> Routed:
        if event.fetched is None:
            trial = look_up(event, ruleset, environment=self._environment)
            said = trial.decision.said if trial else None
            if trial and said is Said.MATCHED:
                (call,) = trial.decision.rendered
                return Routed(event=stored, decisions=(), look_up=call)
            if trial and said is Said.ERROR:
                return Routed(event=stored, decisions=(trial.decision,))
        decisions = route(event, ruleset, environment=self._environment)
        return Routed(event=stored, decisions=decisions)

    def event(self, source: Source, stored: StoredEvent) -> Event:
        """The event as it was received. Raises Refused when it cannot be read any more."""
        if stored.pruned:
            raise Malformed("it was kept long enough and is gone")
        key = (stored.payload_id, source)
        if self._read[0] != key:
            self._read = (None, {})
            found = providers.read(
                source.provider, source.name, providers.trust(stored.request)
            )
            self._read = (key, {event.item: event for event in found})
        event = self._read[1].get(stored.item)
        if event is None:
            raise Malformed("the body holds no such event any more")
        return replace(
            event,
            id=stored.id,
            event_id=stored.event_id,
            type=stored.type,
            occurred_at=stored.occurred_at,
            received_at=stored.received_at,
            fetched=fetching.read(stored.fetched),
        )

    def _store(self, ruleset: Ruleset, items: Sequence[Routed]) -> None:
        """Records a batch; where the store does not take it, one by one, so that only one event is concerned."""
        try:
            done = self._database.write(lambda c: _record(c, ruleset, items))
        except StoreRefused as error:
            for item in items:
                self._store_alone(ruleset, item, str(error))
            return
        for item in done:
            counts = Counter(decision.said.value for decision in item.decisions)
            for said, count in counts.items():
                metrics.DECISIONS.labels(item.event.source, said).inc(count)
            id, source_name = item.event.id, item.event.source
            done_so_far = "look-up queued" if item.look_up else "event routed"
            _log.info(done_so_far, event_id=id, source=source_name, **counts)

    def _store_alone(self, ruleset: Ruleset, item: Routed, refusal: str) -> None:
        """Records one event of a batch that the store refused: as it is, or as a dead letter with the refusal."""
        try:
            self._database.write(lambda c: _record(c, ruleset, [item]))
        except StoreRefused:
            source = ruleset.sources[item.event.source]
            unasked = _unasked(source, Said.ERROR, refusal)
            failed = Routed(event=item.event, decisions=(unasked,))
            self._database.write(lambda c: _record(c, ruleset, [failed]))


def _record(
    connection: Session, ruleset: Ruleset, items: Sequence[Routed]
) -> list[Routed]:
    """Stores decisions and deliveries; those that another worker did not record before."""
    verdicts = [
        Verdict(event=item.event.id, decisions=item.decisions, look_up=item.look_up)
        for item in items
    ]
    mine = routed.record(connection, verdicts, ruleset.hash, clock(connection))
    announce(connection)  # other workers may have room for what is due now
    return [item for item, is_mine in zip(items, mine) if is_mine]


def _unasked(source: Source, said: Said, reason: str) -> Decision:
    """A decision about the event as a whole; it names no rule."""
    return Decision(rule="", said=said, reason=reason, place=str(source.place))

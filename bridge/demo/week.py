"""The week before a demo: recorded events with other ids, tickets and amounts, routed and sent by the real parts.

Only the time is invented: every part is told what time it is. The pretend vendors fail in ways that people know: an
outage, tickets that do not exist, a lost answer, a credential that expired.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

from bridge import mapping, providers
from bridge.errors import BridgeError, Malformed, Refused
from bridge.mapping import Case, Ruleset, Source
from bridge.model import Attempt, Json, NoReply, Reply, Request, Said
from bridge.outbound import Outbound
from bridge.sandbox.server import SandboxServer
from bridge.services import filters, pausing, steer
from bridge.services.altering import renewed
from bridge.store import Database, Transaction, events, queue
from bridge.store import rulesets as store_rulesets
from bridge.store import views
from bridge.store.audit import By
from bridge.store.pauses import Scope
from bridge.store.queue import Claimed
from bridge.strict import json
from bridge.worker.asking import Asker
from bridge.worker.keeping import LEASE
from bridge.worker.recording import Recorder
from bridge.worker.refused_credentials import RefusedCredentials
from bridge.worker.routing import Router
from bridge.worker.sending import attempt

DAYS = 7
_PER_SOURCE = 90  # events
_TICKETS = 12  # made of each ticket that a recording names
_BUSY = (
    1,
    1,
    1,
    1,
    1,
    2,
    3,
    5,
    8,
    9,
    9,
    8,
    6,
    8,
    9,
    9,
    8,
    6,
    5,
    4,
    3,
    2,
    2,
    1,
)  # by hour

# What the mapping files said until the middle of the week: new text → old text, where a file has the new one.
_EARLIER = {
    "qualifiedtobuy: Em Progresso }": "qualifiedtobuy: Em Progresso, contractsent: Concluído }",
    "rate: 5 ": "rate: 2 ",
}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A recorded request with the changes of one test, and the tickets that it names."""

    source: Source
    request: Request
    occurred_at: datetime
    tickets: tuple[str, ...]
    # How often it happens, beside the others.
    weight: int

    def again(self, number: int, at: datetime, chance: Random) -> Request:
        """The request as a new event of `at`, of another ticket and another amount."""
        body = self.request.body
        for scale in (1, 1000):
            old, new = (
                int(when.timestamp() * scale) for when in (self.occurred_at, at)
            )
            body = body.replace(b"%d" % old, b"%d" % new)
        for ticket in self.tickets:
            other = _another(ticket, chance.randrange(_TICKETS))
            body = body.replace(ticket.encode(), other.encode())
        body = _other_amounts(body, chance.choice((0.25, 0.5, 1, 1.5, 2, 4)))
        request = replace(self.request, body=body, received_at=at)
        return renewed(self.source.provider, request, number)


class Week:
    """Lives through the days before `now`, which it is given a store, rules and pretend vendors for."""

    def __init__(
        self,
        *,
        database: Database,
        folder: Path,
        ruleset: Ruleset,
        sandbox: SandboxServer,
        outbound: Outbound,
        now: datetime,
    ) -> None:
        self._database, self._folder, self._sandbox = database, folder, sandbox
        self._outbound, self._now = outbound, now
        self._chance = Random(7)
        self._time = now - timedelta(days=DAYS)
        self._new = ruleset
        self._rules = earlier(ruleset)
        self._router = Router(database, Asker("demo"), self._clock)
        self._recorder = Recorder(database, self._clock)
        self._refusals = RefusedCredentials()

    def live(self) -> None:
        """All that happens, in the order of time."""
        self._activate(self._rules)
        happenings = [*self._events(), *self._troubles()]
        for at, happen in sorted(happenings, key=lambda item: item[0]):
            self._wait_until(at)
            happen()
            self._work()
        self._wait_until(self._now)
        self._people()

    def _people(self) -> None:
        """What people did about it: one retried a dead letter, one paused a ticket."""
        ana, bruno = By(person="ana", reason="the ticket is back"), By(
            person="bruno", reason="a refund is being checked"
        )
        with self._database.read() as tx:
            where = filters.parse("state:dead code:http_404", "deliveries", self._now)
            dead = views.list_deliveries(tx, where, limit=2)
        steer.retry(
            self._database, [row["id"] for row in dead], self._rules, "demo", ana
        )
        self._work()
        pausing.pause(self._database, Scope(ticket=dead[0]["ticket"]), bruno)

    def _clock(self, _: Transaction) -> datetime:
        return self._time

    def _events(self) -> Iterator[tuple[datetime, Callable[[], None]]]:
        number = 0
        silent = min(self._new.sources, key=lambda name: len(self._new.by_source[name]))
        for name, samples in _samples(self._new, self._folder).items():
            for at in _times(self._chance, self._now):
                if name == silent and at > self._now - timedelta(days=3):
                    continue
                number += 1
                (sample,) = self._chance.choices(
                    samples, [one.weight for one in samples]
                )
                request = sample.again(number, at, self._chance)
                yield at, partial(self._take, sample, request)

    def _take(self, sample: Sample, request: Request) -> None:
        source = sample.source
        read = providers.read(source.provider, source.name, providers.trust(request))
        kept = providers.masked(source.provider, request)
        self._database.write(lambda tx: events.accept(tx, kept, read))

    def _troubles(self) -> Iterator[tuple[datetime, Callable[[], None]]]:
        """What goes wrong, and the change of the rules."""
        rules = self._new.rules
        names = sorted({rule.connection.vendor for rule in rules})
        expired, strict = names[0], names[-1]
        adding = [rule for rule in rules if rule.operation.appends]
        doubtful = adding[-1].connection.vendor if adding else strict

        def fault(
            days: float, vendor: str, **how: object
        ) -> tuple[datetime, Callable[[], None]]:
            at = self._now - timedelta(days=days)
            return at, lambda: self._sandbox.fault(vendor, **how)

        yield fault(5.6, strict, status=503, count=6)
        yield fault(
            2.1, strict, status=404, body='{"message": "Ticket not found"}', count=7
        )
        yield fault(
            1.4, doubtful, status=400, body='{"message": "ReqFieldMissing"}', count=3
        )
        yield fault(0.4, doubtful, drop="after", count=2)
        yield fault(
            0.9, expired, status=401, body='{"message": "token expired"}', count=None
        )
        yield self._now - timedelta(days=3.3), lambda: self._activate(self._new)

    def _activate(self, ruleset: Ruleset) -> None:
        self._rules = ruleset
        at = self._time
        self._database.write(
            lambda tx: store_rulesets.activate(tx, ruleset.hash, ruleset.texts, at)
        )

    def _wait_until(self, at: datetime) -> None:
        """Lets time pass, and does what becomes due meanwhile."""
        while (due := self._next_due()) is not None and due < at:
            self._time = max(due, self._time + timedelta(seconds=1))
            self._work()
        self._time = max(at, self._time)

    def _next_due(self) -> datetime | None:
        with self._database.read() as tx:
            return queue.look(tx, self._time).next_at

    def _work(self) -> None:
        """What a worker would do now."""
        while self._router.route_waiting(self._rules):
            pass
        while items := self._claimed():
            for item in items:
                self._recorder.record(item, self._attempt(item))

    def _claimed(self) -> Sequence[Claimed]:
        owner = f"week-{self._chance.randrange(10**12)}"
        return self._database.write(
            lambda tx: queue.claim(tx, owner, self._time, LEASE, 50)
        ).items

    def _attempt(self, item: Claimed) -> Attempt:
        made = attempt(item, self._outbound, self._refusals, time.monotonic() + 20)
        took = self._chance.uniform(0.06, 0.7)
        answer = made.answer
        if isinstance(answer, Reply | NoReply):
            answer = replace(answer, elapsed=took)
        return replace(made, started_at=self._time, answer=answer)


def _times(chance: Random, now: datetime) -> list[datetime]:
    """When events of one source came: more by day than by night."""
    hours = [now - timedelta(hours=hour + 1) for hour in range(DAYS * 24)]
    chosen = chance.choices(hours, [_BUSY[hour.hour] for hour in hours], k=_PER_SOURCE)
    return [hour + timedelta(seconds=chance.uniform(0, 3_590)) for hour in chosen]


def _another(ticket: str, number: int) -> str:
    """Another ticket of the same form."""
    digits = str(int(hashlib.sha256(f"{ticket} {number}".encode()).hexdigest(), 16))
    tail = ticket[-6:]
    made = "".join(digits[i] if char.isalnum() else char for i, char in enumerate(tail))
    return ticket[:-6] + made


def _other_amounts(body: bytes, factor: float) -> bytes:
    """The body with its amounts changed; a body that is not JSON stays."""

    def changed(value: Json, key: str = "") -> Json:
        match value:
            case dict():
                return {name: changed(item, name) for name, item in value.items()}
            case list():
                return [changed(item, key) for item in value]
            case bool():
                return value
            case int() if "amount" in key and value > 0:
                return max(int(value * factor), 1)
        return value

    try:
        return json.dumps(changed(json.loads(body)))
    except Malformed:
        return body


def _samples(ruleset: Ruleset, folder: Path) -> Mapping[str, Sequence[Sample]]:
    """What the tests of each source send; a test whose events have no id of their own is left out."""
    found: dict[str, list[Sample]] = {}
    for case in ruleset.cases:
        with suppress(BridgeError, Refused):
            found.setdefault(case.source, []).append(_sample(ruleset, folder, case))
    return found


def _sample(ruleset: Ruleset, folder: Path, case: Case) -> Sample:
    source = ruleset.sources[case.source]
    path = folder / Path(case.place.file).parent / case.given
    recorded = mapping.read_recording(path, source.name)
    request = mapping.patched(recorded, source.provider, case.patch)
    renewed(source.provider, request, 1)  # raises if it cannot be sent as a new event
    read = providers.read(source.provider, source.name, providers.trust(request))
    decisions = [one for event in read for one in mapping.route(event, ruleset)]
    tickets = {call.ticket for one in decisions for call in one.rendered}
    return Sample(
        source=source,
        request=request,
        occurred_at=read[0].occurred_at or request.received_at,
        tickets=tuple(sorted(one for one in tickets if one.encode() in request.body)),
        weight=1 if any(one.said is Said.ERROR for one in decisions) else 8,
    )


def earlier(ruleset: Ruleset) -> Ruleset:
    """The rules of the week's first half: the sample files with a few other values; other files are the same."""
    texts = {}
    for name, text in ruleset.texts.items():
        for new, old in _EARLIER.items():
            text = text.replace(new, old)
        texts[name] = text
    return mapping.build(texts).ruleset or ruleset
